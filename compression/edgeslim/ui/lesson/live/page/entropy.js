// Redundancy: how much each layer says, the histogram of one, how long one symbol's code has to be.

class EntropyPicture extends Picture {
  build() {
    this.layers = this.read(this.view.layers);
    this.bits = 6;
    const { bits } = this.view;
    const control = slider(this.text("bits"), { min: Math.min(...bits), max: Math.max(...bits), value: this.bits, play: this.text("play") }, String, (value) => { this.bits = value; this.draw(); });
    this.told = figures({ entropy: this.text("entropy"), redundancy: this.text("redundancy"), bound: this.text("bound"), coded: this.text("coded", { coder: this.word(this.view.coder) }) });
    this.rows = bars(this.layers.map((layer, k) => ({ name: layer.name, note: `${layer.name}: ${this.shapeText(layer)}`, open: () => this.open(k) })), this.text("entropy_by_layer"));
    this.hist = this.plot((pen) => this.paint(pen), () => 13, { className: "picks" });
    this.hist.onPoint((x) => this.choose(Math.floor((x / this.hist.size[0]) * 2 ** this.bits)));
    this.sizes = bars(["plain", "coder", "limit"].map((name) => ({ name: name === "coder" ? this.word(this.view.coder) : this.text(name) })), this.text("bytes"));
    this.steps = steps(5);
    this.network = level(1, this.text("sent_layers"), this.rows.root, element("p", { className: "hint", textContent: this.text("entropy_rows") }));
    this.one = level(2, this.text("one_layer"), this.hist.root, this.sizes.root);
    this.symbol = level(3, this.text("one_symbol"), this.walker(() => 2 ** this.bits, () => this.chosen(), (k) => this.choose(k)), this.steps.root, element("p", { className: "hint", textContent: this.text("sum_of_symbols") }));
    this.root.replaceChildren(element("div", { className: "controls" }, control.root), this.told.root,
      element("div", { className: "levels" }, this.network.root, this.one.root, this.symbol.root));
    this.value = 0;
    this.open(0);
  }

  open(k) {
    this.place = k;
    this.layer = this.layers[k];
    this.rows.press(k);
    this.one.detail.textContent = `${this.layer.name} · ${this.shapeText(this.layer)}`;
    this.draw();
  }

  /** A bin is remembered by a value in it, so that other bits show the one that holds it. */
  choose(bin) {
    const [low, high] = extremes(this.layer.values);
    const bins = 2 ** this.bits;
    this.value = low + ((Math.min(Math.max(bin, 0), bins - 1) + 0.5) / bins) * (high - low);
    this.draw();
  }

  chosen() {
    return binOf(this.value, ...extremes(this.layer.values), 2 ** this.bits);
  }

  work() {
    const bins = 2 ** this.bits;
    this.layers.forEach((layer, k) => {
      const found = histogram(layer.values, bins);
      const bits = entropy(found.counts);
      if (k === this.place) [this.found, this.entropy] = [found, bits];
      const longest = Math.max(...this.view.bits);
      this.rows.set(k, bits / longest, (this.bits - bits) / longest, bits.toFixed(2));
    });
    const count = this.layer.values.length;
    const sizes = { plain: (count * this.bits) / 8, coder: this.view.coded[this.place][this.view.bits.indexOf(this.bits)], limit: (count * this.entropy) / 8 };
    const over = sizes.coder / sizes.limit - 1;
    const difference = minus(`${over < 0 ? "" : "+"}${(100 * over).toFixed(1)} %`);
    this.told.set({
      entropy: [this.text("bits_long", { bits: this.entropy.toFixed(2) }), this.text("of_bits", { bits: this.bits })],
      redundancy: [shareText(1 - this.entropy / this.bits), "1 − H / b"],
      bound: [sizeText(sizes.limit), `H · n / 8,  n = ${countText(count)}`],
      coded: [sizeText(sizes.coder), this.text("over_bound", { difference })],
    });
    const most = (count * Math.max(...this.view.bits)) / 8;
    ["plain", "coder", "limit"].forEach((name, k) => this.sizes.set(k, Math.min(sizes[name] / most, 1), 0, sizeText(sizes[name])));
    const bin = this.chosen();
    const share = this.found.counts[bin] / count;
    const step = (this.found.high - this.found.low) / bins;
    this.symbol.detail.textContent = this.text("bin", { bin: bin + 1, bins });
    this.steps.set([
      [this.text("weights_between"), `${numberText(this.found.low + bin * step)} … ${numberText(this.found.low + (bin + 1) * step)}`],
      [this.text("how_many"), `${countText(this.found.counts[bin])} / ${countText(count)}`],
      [this.text("share_of"), `p = ${numberText(share)}`],
      ["−log2 p", share ? this.text("bits_long", { bits: (-Math.log2(share)).toFixed(2) }) : "–", share ? "" : "zero"],
      [this.text("adds"), share ? (-share * Math.log2(share)).toFixed(3) : "0"],
    ]);
  }

  paint(pen) {
    const { context, colour, rem, width } = pen;
    const { counts, low, high } = this.found;
    const base = pen.height - 1.5 * rem;
    const most = Math.max(...counts);
    const wide = width / counts.length;
    const chosen = this.chosen();
    const gap = Math.min(wide * 0.12, 2);
    counts.forEach((count, k) => {
      const tall = (count / most) * (base - 1.6 * rem);
      context.fillStyle = k === chosen ? colour.orange : colour.primary;
      context.fillRect(k * wide + gap / 2, base - tall, wide - gap, tall);
    });
    const even = (this.layer.values.length / counts.length / most) * (base - 1.6 * rem);
    line(pen, [[0, base - even], [width, base - even]], colour.text, 1.5, [6, 5]);
    words(pen, this.text("even", { bits: this.bits }), width, base - even - 0.4 * rem, { align: "right", size: 0.75 });
    axis(pen, low, high, (value) => ((value - low) / (high - low)) * width, base);
    this.hist.describe(this.text("bins_of", { layer: this.layer.name, bins: counts.length, entropy: this.entropy.toFixed(2) }));
  }
}
