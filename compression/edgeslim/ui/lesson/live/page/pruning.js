// Pruning: all layers, the weights of one, one weight against the threshold.

const ORDERS = ["smallest", "largest", "random"];
const BINS = 101;

class PruningPicture extends Picture {
  build() {
    const { network, thresholds, layers } = this.view;
    this.layers = this.read(layers);
    this.places = layers.map(({ name }) => network.findIndex((one) => one.name === name));
    this.total = network.reduce((sum, one) => sum + one.weights, 0);
    this.zeros = Object.fromEntries(ORDERS.map((order) => [order, network.map((one, k) => zerosByPosition(order, one.below, one.weights, k))]));
    Object.assign(this, { position: 50, order: "smallest", last: thresholds.length - 1 });
    this.share = slider(this.text("share"), { min: 0, max: this.last, value: this.position, play: this.text("play") }, (k) => shareText(k / this.last), (k) => { this.position = k; this.draw(); });
    const order = choice(this.text("order"), ORDERS.map((one) => [one, this.text(one)]), this.order, (one) => { this.order = one; this.draw(); });
    this.told = figures({ zeros: this.text("zeros"), threshold: this.text("threshold"), bits: this.text("bits_each"), bytes: this.text("compressed") });
    this.rows = bars(network.map(({ name, weights }, k) => {
      const opened = this.places.indexOf(k);
      return { name: this.word(name), note: `${this.word(name)}: ${countText(weights)}`, open: opened < 0 ? null : () => this.open(opened) };
    }), this.text("whole_network"));
    this.hist = this.plot((pen) => this.paintHistogram(pen), () => 11, { className: "drags" });
    this.hist.onPoint((x, y) => this.drag(x), (x) => this.order !== "random" && this.lines().some((line) => Math.abs(this.x(line) - x) < 24));
    this.kernels = new Kernels(this, () => this.layer, () => this.chosen, (k) => this.choose(k));
    this.kernels.value = (k) => (this.gone[k] ? 0 : this.layer.values[k]);
    this.kernel = element("div", { className: "kernel" });
    this.steps = steps(4);
    const wide = element("p", { className: "hint", textContent: this.text("hint_threshold") });
    this.estimates = Object.fromEntries(ORDERS.map((order) => [order, thresholds.map((_, k) =>
      network.reduce((bits, one, layer) => bits + sparseBits(one.weights, this.zeros[order][layer][k]), 0) / 8)]));
    this.sizes = this.plot((pen) => this.paintSizes(pen), () => 8, { className: "picks" });
    this.sizes.onPoint((x) => this.go(Math.round((x / this.sizes.size[0]) * this.last)));
    const dots = element("p", { className: "hint", hidden: !this.view.downloads.length, textContent: this.text("downloads") });
    this.network = level(1, this.text("whole_network"), this.sizes.root, dots, this.rows.root);
    this.one = level(2, this.text("one_layer"), this.hist.root, this.kernels.plot.root, wide);
    this.weight = level(3, this.text("one_weight"), this.walker(() => this.layer.values.length, () => this.chosen, (k) => this.choose(k), () => this.layer.values.length / this.layer.out), this.kernel, this.steps.root);
    this.bar = budgetBar(this.budget, this.text);
    this.root.replaceChildren(element("div", { className: "controls" }, this.share.root, order.root), this.told.root, this.bar.root,
      element("div", { className: "levels" }, this.network.root, this.one.root, this.weight.root));
    this.open(0, false);
  }

  open(k, draw = true) {
    this.layer = this.layers[k];
    this.place = this.places[k];
    this.most = Math.max(...extremes(this.layer.values).map(Math.abs));
    this.kernels.most = this.most;
    this.chosen = nearest(this.layer.values, this.most / 3);
    this.rows.press(this.place);
    this.one.detail.textContent = `${this.layer.name} · ${this.shapeText(this.layer)}`;
    if (draw) this.draw();
  }

  go(position) {
    this.position = Math.min(Math.max(position, 0), this.last);
    this.share.set(this.position);
    this.draw();
  }

  choose(k) {
    this.chosen = k;
    this.draw();
  }

  /** Where weights change their fate: at plus and minus the threshold. */
  lines() {
    const { thresholds } = this.view;
    const t = thresholds[this.order === "largest" ? this.last - this.position : this.position];
    return [-t, t];
  }

  drag(x) {
    if (this.order === "random" || !this.lines().some((one) => Math.abs(this.x(one) - x) < 60)) return this.pick(x);
    const wanted = Math.abs((x / this.hist.size[0] - 0.5) * 2 * this.most * 1.05);
    const found = nearest(this.view.thresholds.slice(0, -1), wanted);
    this.go(this.order === "largest" ? this.last - found : found);
  }

  pick(x) {
    this.choose(nearest(this.layer.values, (x / this.hist.size[0] - 0.5) * 2 * this.most * 1.05));
  }

  x(value) {
    const [width] = this.hist.size ?? [0];
    return width * (0.5 + Math.min(Math.max(value / (2 * this.most * 1.05), -0.5), 0.5));
  }

  work() {
    const { values } = this.layer;
    const { network, thresholds } = this.view;
    this.gone = Uint8Array.from(values, (value, k) => goes(this.order, value, k, this.position, thresholds, this.place));
    let zeros = 0;
    network.forEach(({ weights }, k) => {
      const here = this.zeros[this.order][k][this.position];
      zeros += here;
      this.rows.set(k, (weights - here) / this.widest, here / this.widest, shareText(here / weights));
    });
    const [, t] = this.lines();
    const bytes = this.estimates[this.order][this.position];
    this.told.set({
      zeros: [shareText(zeros / this.total), this.text("of_count", { count: countText(this.total) })],
      threshold: this.order === "random" ? ["–", this.text("by_chance")] : [numberText(Math.min(t, thresholds[this.last] - 1)), this.order === "smallest" ? "|w| < t → 0" : "|w| ≥ t → 0"],
      bits: [((8 * bytes) / this.total).toFixed(1), this.text("of_bits", { bits: 32 })],
      bytes: [sizeText(bytes), this.text("stored", { size: sizeText(4 * this.total) })],
    });
    this.bar.set(4 * this.total); // zeros take room in a file as any number does
    this.tellWeight(t);
  }

  get widest() {
    return (this.mostWeights ??= Math.max(...this.view.network.map((one) => one.weights)));
  }

  tellWeight(t) {
    const { layer, chosen } = this;
    const value = layer.values[chosen];
    const gone = this.gone[chosen];
    this.weight.detail.textContent = this.placeText(layer, chosen);
    const chanceOf = Math.floor(chance(chosen, this.place) * this.last) / this.last;
    const size = numberText(Math.abs(value));
    const rule = {
      smallest: gone ? ["|w| < t", `${size} < ${numberText(t)}`] : ["|w| ≥ t", `${size} ≥ ${numberText(t)}`],
      largest: gone ? ["|w| ≥ t", `${size} ≥ ${numberText(t)}`] : ["|w| < t", `${size} < ${numberText(t)}`],
      random: [this.text("drawn"), `${shareText(chanceOf)} ${gone ? "<" : "≥"} ${shareText(this.position / this.last)}`],
    }[this.order];
    this.steps.set([
      [this.text("weight"), `w = ${numberText(value)}`],
      rule,
      [this.text("after_pruning"), gone ? "0" : numberText(value), gone ? "zero" : ""],
      [this.text("in_layer"), shareText(this.gone.reduce((sum, one) => sum + one, 0) / layer.values.length)],
    ]);
    const kernel = layer.high * layer.wide;
    const first = Math.floor(chosen / kernel) * kernel;
    this.kernel.hidden = kernel === 1;
    if (kernel === 1) return;
    this.kernel.style.setProperty("--columns", layer.wide);
    if (this.kernel.childElementCount !== kernel) {
      this.kernel.replaceChildren(...Array.from({ length: kernel }, (_, k) =>
        element("button", { type: "button", onclick: () => this.choose(Math.floor(this.chosen / kernel) * kernel + k) })));
    }
    [...this.kernel.children].forEach((cell, k) => {
      cell.textContent = numberText(layer.values[first + k], 2);
      cell.className = this.gone[first + k] ? "gone" : "";
      cell.ariaPressed = String(first + k === chosen);
    });
  }

  /** Bytes over the share of zeros: the estimate as a line, real files as dots. */
  paintSizes(pen) {
    const { context, colour, rem, width } = pen;
    const [base, most] = [pen.height - 0.4 * rem, 4 * this.total];
    const x = (share) => 6 + share * (width - 12);
    const y = (bytes) => base - (bytes / most) * (base - 0.6 * rem);
    const estimates = this.estimates[this.order];
    line(pen, [[x(0), base], [x(1), base]], colour.border, 1);
    line(pen, estimates.map((bytes, k) => [x(k / this.last), y(bytes)]), colour.primary, 3);
    context.fillStyle = colour.orange;
    for (const [share, bytes] of this.order === "smallest" ? this.view.downloads : []) {
      context.beginPath();
      context.arc(x(share), y(bytes), 4.5, 0, 7);
      context.fill();
    }
    const [now, here] = [x(this.position / this.last), y(estimates[this.position])];
    line(pen, [[now, here], [now, base]], colour.text, 1.5, [4, 4]);
    context.fillStyle = colour.text;
    context.beginPath();
    context.arc(now, here, 6, 0, 7);
    context.fill();
    words(pen, sizeText(estimates[this.position]), now + (now > width / 2 ? -10 : 10), here - 0.5 * rem, { align: now > width / 2 ? "right" : "left", weight: 600 });
    this.sizes.describe(this.text("sizes_of", { share: shareText(this.position / this.last), size: sizeText(estimates[this.position]) }));
  }

  paintHistogram(pen) {
    const { context, colour, rem } = pen;
    const { values } = this.layer;
    const base = pen.height - 1.5 * rem;
    const reach = 1.05 * this.most;
    const [kept, lost] = [new Array(BINS).fill(0), new Array(BINS).fill(0)];
    values.forEach((value, k) => (this.gone[k] ? lost : kept)[Math.min(Math.floor(((value / reach + 1) / 2) * BINS), BINS - 1)]++);
    const top = Math.max(...kept.map((count, k) => count + lost[k]));
    const [wide, unit] = [pen.width / BINS, (base - 1.6 * rem) / top];
    for (let k = 0; k < BINS; k++) {
      context.fillStyle = colour.primary;
      context.fillRect(k * wide + 0.5, base - kept[k] * unit, wide - 1, kept[k] * unit);
      context.fillStyle = faint(colour.text, 0.22);
      context.fillRect(k * wide + 0.5, base - (kept[k] + lost[k]) * unit, wide - 1, lost[k] * unit);
    }
    axis(pen, -reach, reach, (value) => this.x(value), base);
    if (this.order !== "random") {
      const [low, high] = this.lines();
      for (const [value, name] of [[low, "−t"], [high, "t"]]) {
        const x = Math.min(Math.max(this.x(value), 1), pen.width - 1);
        line(pen, [[x, 1.2 * rem], [x, base]], colour.text, 2);
        context.fillStyle = colour.text;
        context.beginPath();
        context.arc(x, 1.2 * rem, 0.42 * rem, 0, 7);
        context.fill();
        words(pen, name, x, 0.6 * rem, { weight: 600 });
      }
    }
    const x = this.x(values[this.chosen]);
    context.fillStyle = colour.text;
    context.beginPath();
    context.moveTo(x, base - 1);
    context.lineTo(x - 5, base + 7);
    context.lineTo(x + 5, base + 7);
    context.fill();
    const share = this.gone.reduce((sum, one) => sum + one, 0) / values.length;
    this.hist.describe(this.text("histogram_of", { layer: this.layer.name, share: shareText(share) }));
    this.kernels.plot.describe(this.text("kernels_of", { layer: this.layer.name, share: shareText(share) }));
  }
}
