// Distillation: real logits, divided by a temperature, become a soft label.

class SofteningPicture extends Picture {
  build() {
    const { labels, examples } = this.view;
    this.examples = examples;
    this.labels = labels.map((label) => this.word(label));
    this.place = 0;
    this.temperature = 1;
    const value = (k) => Number((2 ** (k / 8)).toPrecision(2)); // from 0.5 to 32, evenly by factors
    this.slider = slider(this.text("temperature"), { min: -8, max: 40, value: 0, play: this.text("play") }, (k) => `T = ${value(k)}`, (k) => { this.temperature = value(k); this.draw(); });
    this.told = figures({ top: this.text("top"), others: this.text("others"), entropy: this.text("says"), second: this.text("second") });
    this.thumbs = element("div", { className: "thumbs", role: "group", "aria-label": this.text("images") }, ...examples.map((example, k) => this.thumb(example, k)));
    this.rows = bars(labels.map((_, k) => ({ name: this.labels[k], open: () => this.choose(k) })), this.text("soft_label"));
    this.hard = bars(labels.map((_, k) => ({ name: this.labels[k] })), this.text("hard_label"));
    this.curve = this.plot((pen) => this.paint(pen), () => 10);
    this.steps = steps(5);
    const captioned = (name, bars) => element("div", {}, element("p", { className: "caption", textContent: this.text(name) }), bars.root);
    this.one = level(2, this.text("its_labels"), element("div", { className: "beside" }, captioned("soft_label", this.rows), captioned("hard_label", this.hard)));
    this.cell = level(3, this.text("one_class"), this.steps.root, element("p", { className: "caption", textContent: this.text("over_temperature") }), this.curve.root);
    this.root.replaceChildren(element("div", { className: "controls" }, this.slider.root), this.told.root,
      element("div", { className: "levels" }, level(1, this.text("images"), this.thumbs).root, this.one.root, this.cell.root));
    this.open(0);
  }

  thumb({ picture, label }, k) {
    const [rows, columns] = picture.shape;
    const values = unpack(picture.values);
    const canvas = element("canvas", { width: columns, height: rows, "aria-hidden": "true" });
    const image = new ImageData(columns, rows);
    values.forEach((value, place) => image.data.set([255 * value, 255 * value, 255 * value, 255], 4 * place));
    canvas.getContext("2d").putImageData(image, 0, 0);
    return element("button", { type: "button", className: "thumb", "aria-label": this.text("image_of", { label: this.labels[label] }), onclick: () => this.open(k) }, canvas, element("span", { textContent: this.labels[label] }));
  }

  open(k) {
    this.place = k;
    this.example = this.examples[k];
    this.thumbs.childNodes.forEach((thumb, each) => { thumb.ariaPressed = String(each === k); });
    const { logits, label } = this.example;
    this.chosen = logits.map((_, each) => each).filter((each) => each !== label).sort((one, other) => logits[other] - logits[one])[0];
    this.draw();
  }

  choose(k) {
    this.chosen = k;
    this.draw();
  }

  work() {
    const { logits, label } = this.example;
    const [T, k] = [this.temperature, this.chosen];
    this.soft = softmax(logits, T);
    const order = this.soft.map((_, each) => each).sort((one, other) => this.soft[other] - this.soft[one]);
    const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 2 : 1)} %`;
    this.soft.forEach((share, each) => {
      this.rows.set(each, share, 0, percent(share), each === label ? "" : "other");
      this.hard.set(each, Number(each === label), 0, each === label ? "1" : "0");
    });
    this.rows.press(k);
    this.told.set({
      top: [percent(this.soft[order[0]]), this.labels[order[0]], order[0] === label ? "" : "bad"],
      second: [percent(this.soft[order[1]]), this.labels[order[1]]],
      others: [percent(1 - this.soft[label]), this.text("not_right", { label: this.labels[label] })],
      entropy: [this.text("bits_long", { bits: entropy(this.soft).toFixed(2) }), this.text("of_at_most", { bits: Math.log2(logits.length).toFixed(2) })],
    });
    this.one.detail.textContent = this.text("image_of", { label: this.labels[label] });
    this.cell.detail.textContent = this.labels[k];
    const top = Math.max(...logits);
    const total = logits.reduce((sum, one) => sum + Math.exp((one - top) / T), 0);
    this.steps.set([
      [this.text("logit"), `z = ${numberText(logits[k])}`],
      [this.text("divided", { temperature: numberText(T) }), numberText(logits[k] / T)],
      [`exp((z − ${numberText(top)}) / T)`, numberText(Math.exp((logits[k] - top) / T))],
      [this.text("divided_by_sum", { sum: numberText(total) }), `p = ${numberText(this.soft[k])}`],
      [this.text("hard_label"), k === label ? "1" : "0"],
    ]);
  }

  /** The share of every class over the temperature; the chosen one is drawn strong. */
  paint(pen) {
    const { colour, rem, width } = pen;
    const { logits, label } = this.example;
    const base = pen.height - 1.4 * rem;
    const x = (power) => ((power + 1) / 6) * width;
    const y = (share) => 0.4 * rem + (1 - share) * (base - 0.4 * rem);
    const at = Array.from({ length: 61 }, (_, k) => -1 + k / 10);
    const soft = at.map((power) => softmax(logits, 2 ** power));
    line(pen, [[0, base], [width, base]], colour.border, 1);
    logits.forEach((_, k) => {
      const strong = k === this.chosen || k === label;
      line(pen, soft.map((shares, each) => [x(at[each]), y(shares[k])]), k === this.chosen ? colour.orange : k === label ? colour.primary : faint(colour.text, 0.25), strong ? 3 : 1.5);
    });
    const now = x(Math.log2(this.temperature));
    line(pen, [[now, 0], [now, base]], colour.text, 1.5, [5, 4]);
    for (const one of [0.5, 1, 2, 4, 8, 16, 32]) words(pen, String(one), x(Math.log2(one)), base + rem, { size: 0.75 });
    this.curve.describe(this.text("curve_of", { label: this.labels[this.chosen], temperature: this.temperature, share: shareText(this.soft[this.chosen]) }));
  }
}
