// Quantization: how well each layer survives, the number line of one, the arithmetic of one weight.

class QuantizePicture extends Picture {
  build() {
    this.layers = this.read(this.view.layers);
    this.settings = { bits: 4, symmetric: true, shrink: 1, fixed: false };
    this.perChannel = false;
    const change = (name) => (value) => { this.settings[name] = value; this.draw(); };
    this.bits = slider(this.text("bits"), { min: 1, max: 8, value: 4, play: this.text("play") }, String, change("bits"));
    this.shrink = slider(this.text("range_kept"), { min: 20, max: 100, step: 1, value: 100 }, (value) => shareText(value / 100), (value) => change("shrink")(value / 100));
    this.symmetry = choice(this.text("zero_point"), [[true, this.text("symmetric")], [false, this.text("asymmetric")]], true, change("symmetric"));
    const granularity = choice(this.text("scales"), [[false, this.text("per_layer")], [true, this.text("per_channel")]], false, (value) => { this.perChannel = value; this.draw(); });
    const fixed = choice(this.text("scale"), [[false, this.text("any_scale")], [true, this.text("fixed_point")]], false, change("fixed"));
    this.told = figures({ sqnr: this.text("sqnr"), error: this.text("rms_error"), clipped: this.text("clipped"), bytes: this.text("file_estimate") });
    this.rows = bars(this.layers.map((layer, k) => ({ name: layer.name, note: `${layer.name}: ${this.shapeText(layer)}`, open: () => this.open(k) })), this.text("sqnr_by_layer"));
    this.line = new NumberLine(this);
    this.ranges = this.plot((pen) => this.paintRanges(pen), () => 6.5, { className: "picks" });
    this.ranges.onPoint((x) => this.chooseRow(Math.floor((x / this.ranges.size[0]) * this.layer.out)));
    this.steps = steps(7);
    this.codes = element("div", { className: "code", "aria-hidden": "true" });
    this.network = level(1, this.text("sent_layers"), this.rows.root);
    this.rangesNote = element("p", { className: "hint", textContent: this.text("ranges") });
    this.one = level(2, this.text("one_layer"), this.line.plot.root, this.rangesNote, this.ranges.root);
    this.weight = level(3, this.text("one_weight"), this.walker(() => this.layer.values.length, () => this.chosen, (k) => this.choose(k), () => this.layer.values.length / this.layer.out), this.steps.root, this.codes);
    this.bar = budgetBar(this.budget, this.text);
    this.root.replaceChildren(
      element("div", { className: "controls" }, this.bits.root, this.shrink.root, this.symmetry.root, granularity.root, fixed.root),
      this.told.root, this.bar.root, element("div", { className: "levels" }, this.network.root, this.one.root, this.weight.root));
    this.open(0);
  }

  open(k) {
    this.layer = this.layers[k];
    const [low, high] = extremes(this.layer.values);
    this.chosen = nearest(this.layer.values, high > -low ? high * 0.4 : low * 0.4);
    this.rows.press(k);
    this.one.detail.textContent = `${this.layer.name} · ${this.shapeText(this.layer)}`;
    this.draw();
  }

  choose(k) {
    this.chosen = k;
    this.draw();
  }

  /** The weight in another channel that sits where the chosen one does. */
  chooseRow(row) {
    const size = this.layer.values.length / this.layer.out;
    this.choose(Math.min(Math.max(row, 0), this.layer.out - 1) * size + (this.chosen % size));
  }

  /** The chosen weight's row of the grid, and the values that share it: a channel's, or the layer's. */
  get row() {
    return Math.floor(this.chosen / this.grid.size);
  }

  get sharing() {
    const { size } = this.grid;
    return [this.row * size, (this.row + 1) * size];
  }

  gridOf(layer) {
    const symmetric = this.settings.symmetric || this.settings.fixed;
    return grid(layer.values, this.perChannel ? layer.out : 1, { ...this.settings, symmetric });
  }

  work() {
    const { bits, fixed } = this.settings;
    this.symmetry.buttons[1].disabled = fixed || bits === 1;
    this.shrink.input.disabled = bits === 1;
    this.layers.forEach((layer, k) => {
      const made = this.gridOf(layer);
      const done = quantized(layer.values, made);
      if (layer === this.layer) [this.grid, this.done] = [made, done];
      this.rows.set(k, Math.min(Math.max(done.sqnr / 50, 0), 1), 0, decibels(done.sqnr), done.sqnr < 10 ? "bad" : "");
    });
    const { values } = this.layer;
    const { levels, size, scale, zero } = this.grid;
    let clipped = 0;
    values.forEach((value, k) => {
      const row = Math.floor(k / size);
      const wanted = rint(value / scale[row] + zero[row]);
      clipped += Number(wanted < 0 || wanted > levels - 1);
    });
    const bytes = this.view.file - (this.view.weights * (32 - bits)) / 8;
    this.told.set({
      sqnr: [decibels(this.done.sqnr), this.layer.name, this.done.sqnr < 10 ? "bad" : ""],
      error: [numberText(this.done.error), this.text("step_is", { step: numberText(scale[this.row]) })],
      clipped: bits === 1 ? ["–", this.text("sign_alone")] : [shareText(clipped / values.length), this.text("of_count", { count: countText(values.length) })],
      bytes: [sizeText(bytes), this.text("float_file", { size: sizeText(this.view.file) })],
    });
    this.bar.set(bytes);
    this.tellWeight();
  }

  /** q counts from zero where a level lies there; else the code itself. */
  tellWeight() {
    const { layer, chosen, grid: made, row } = this;
    const { bits, symmetric, fixed } = this.settings;
    const [value, scale, zero] = [layer.values[chosen], made.scale[row], made.zero[row]];
    const code = this.done.codes[chosen];
    const after = this.done.after[chosen];
    const whole = rint(value / scale + zero);
    const around = bits > 2 && (symmetric || fixed) ? zero : 0;
    const shift = around ? 0 : zero;
    const signedText = (one) => numberText(one, 4);
    const ends = [-around, made.levels - 1 - around];
    const scaleText = fixed ? `2^${Math.log2(scale)}` : numberText(scale);
    this.weight.detail.textContent = this.placeText(layer, chosen);
    this.steps.set([
      [this.text("weight"), `w = ${signedText(value)}`],
      [this.text(this.perChannel ? "scale_channel" : "scale_layer"), minus(`s = ${scaleText}`)],
      [shift ? `w / s + z,  z = ${numberText(zero)}` : "w / s", numberText(value / scale + shift, 4)],
      [this.text("round"), minus(String(whole - around))],
      [this.text("clip", { low: minus(String(ends[0])), high: minus(String(ends[1])) }), minus(`q = ${code - around}`), whole === code ? "" : "bad"],
      [shift ? "ŵ = (q − z) · s" : "ŵ = q · s", signedText(after)],
      [this.text("error"), numberText(after - value), Math.abs(after - value) > scale / 2 + 1e-12 && bits > 1 ? "bad" : ""],
    ]);
    const text = (((code - around) % 2 ** bits) + 2 ** bits).toString(2).slice(-bits).padStart(bits, "0");
    this.codes.replaceChildren(element("span", { textContent: this.text("stored_bits") }), ...[...text].map((digit) => element("b", { textContent: digit })),
      ...Array.from({ length: 8 - bits }, () => element("b", { className: "spare" })));
  }

  /** Each channel from its least to its largest weight, and what the levels of the layer span. */
  paintRanges(pen) {
    const { layer, grid: made } = this;
    const { rem, colour, context } = pen;
    const [low, high] = extremes(layer.values);
    const y = (value) => 0.4 * rem + ((high - value) / (high - low)) * (pen.height - 0.8 * rem);
    const wide = pen.width / layer.out;
    const size = layer.values.length / layer.out;
    const own = Math.floor(this.chosen / size);
    for (let row = 0; row < layer.out; row++) {
      const shared = made.rows === 1 ? 0 : row;
      const [bottom, top] = [-made.zero[shared], made.levels - 1 - made.zero[shared]].map((code) => Math.min(Math.max(y(code * made.scale[shared]), 0), pen.height));
      context.fillStyle = faint(colour.primary, row === own ? 0.4 : 0.16);
      context.fillRect(row * wide + 1, top, Math.max(wide - 2, 1), bottom - top);
      const [least, most] = extremes(layer.values, row * size, (row + 1) * size);
      context.fillStyle = row === own ? colour.text : faint(colour.text, 0.55);
      const bar = Math.max(Math.min(wide * 0.4, 8), 1);
      context.fillRect((row + 0.5) * wide - bar / 2, y(most), bar, Math.max(y(least) - y(most), 1));
    }
    line(pen, [[0, y(0)], [pen.width, y(0)]], faint(colour.text, 0.4), 1);
    this.ranges.describe(this.text("ranges_of", { count: layer.out }));
  }
}
