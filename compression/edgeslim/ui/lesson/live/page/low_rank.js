// Low rank: a matrix, its first r terms, the sum that makes one element.

class LowRankPicture extends Picture {
  build() {
    const { matrices, pictures } = this.view;
    this.matrices = [...matrices, ...pictures].map((given, k) => ({
      name: this.word(given.name), rows: given.shape[0], columns: given.shape[1], values: unpack(given.values), grey: k >= matrices.length,
    }));
    this.rank = slider(this.text("rank"), { min: 1, max: 2, value: 1, play: this.text("play") }, (value) => `r = ${value}`, (value) => { this.terms = value; this.draw(); });
    const which = choice(this.text("matrix"), this.matrices.map(({ name }, k) => [k, name]), 0, (k) => this.open(k));
    this.told = figures({ error: this.text("relative_error"), energy: this.text("energy"), numbers: this.text("numbers"), ratio: this.text("against_full") });
    this.before = this.plot((pen) => this.paintMatrix(pen, this.matrix.values, this.before), (width) => this.tall(width), { className: "picks" });
    this.after = this.plot((pen) => this.paintMatrix(pen, this.done.matrix, this.after), (width) => this.tall(width), { className: "picks" });
    for (const plot of [this.before, this.after]) plot.onPoint((x, y) => this.pick(x / plot.size[0], y / plot.size[1]));
    this.spectrum = this.plot((pen) => this.paintSpectrum(pen), () => 13, { className: "picks" });
    this.spectrum.onPoint((x) => this.setRank(Math.ceil((x / this.spectrum.size[0]) * this.most)));
    this.chart = this.plot((pen) => this.paintTerms(pen), () => 11);
    this.steps = steps(4);
    const caption = (name) => element("p", { className: "caption", textContent: this.text(name) });
    this.whole = level(1, this.text("singular_values"), this.spectrum.root, element("p", { className: "hint", textContent: this.text("spectrum") }));
    this.one = level(2, this.text("matrix"), caption("rebuilt"), this.after.root, caption("original_matrix"), this.before.root);
    this.cell = level(3, this.text("one_element"),
      this.walker(() => this.matrix.values.length, () => this.chosen, (k) => { this.chosen = k; this.draw(); }, () => this.matrix.columns), this.chart.root, this.steps.root);
    this.root.replaceChildren(element("div", { className: "controls" }, this.rank.root, which.root), this.told.root,
      element("div", { className: "levels" }, this.whole.root, this.one.root, this.cell.root));
    this.open(0);
  }

  open(k) {
    this.matrix = this.matrices[k];
    const { values, rows, columns } = this.matrix;
    this.matrix.parts ??= svd(values, rows, columns);
    this.most = Math.min(rows, columns);
    this.terms = Math.max(1, Math.round(this.most / 8));
    this.rank.input.max = this.most;
    this.rank.set(this.terms);
    const ends = extremes(values);
    this.reach = Math.max(...ends.map(Math.abs));
    const middle = Math.floor(rows / 2) * columns + Math.floor(columns / 2);
    this.chosen = this.matrix.grey && values[middle] ? middle : nearest(values, this.reach / 2);
    this.one.detail.textContent = `${this.matrix.name} · ${rows} × ${columns}`;
    this.draw();
  }

  setRank(rank) {
    this.terms = Math.min(Math.max(rank, 1), this.most);
    this.rank.set(this.terms);
    this.draw();
  }

  pick(x, y) {
    const { rows, columns } = this.matrix;
    const clip = (share, count) => Math.min(Math.max(Math.floor(share * count), 0), count - 1);
    this.chosen = clip(y, rows) * columns + clip(x, columns);
    this.draw();
  }

  tall(width) {
    const { rows, columns } = this.matrix;
    return Math.min(Math.max((width * rows) / columns, 5), 18);
  }

  /** What each term adds to the chosen element. */
  parts() {
    const { parts, columns } = this.matrix;
    const [row, column] = [Math.floor(this.chosen / columns), this.chosen % columns];
    return parts.values.map((value, k) => value * parts.left[k][row] * parts.right[k][column]);
  }

  work() {
    const { rows, columns, parts, values } = this.matrix;
    this.done = rebuilt(parts, this.terms);
    const [factored, full] = [this.terms * (rows + columns), rows * columns];
    const larger = factored >= full;
    const breakEven = Math.ceil(full / (rows + columns));
    this.told.set({
      error: [shareText(Math.sqrt(Math.max(1 - this.done.energy, 0))), "‖W − Wᵣ‖ / ‖W‖"],
      energy: [shareText(this.done.energy), this.text("of_squares")],
      numbers: [countText(factored), `r · (m + n) = ${this.terms} · (${rows} + ${columns})`, larger ? "bad" : ""],
      ratio: [shareText(factored / full), this.text("smaller_below", { full: countText(full), rank: breakEven }), larger ? "bad" : "good"],
    });
    const [row, column] = [Math.floor(this.chosen / columns), this.chosen % columns];
    const sum = this.done.matrix[this.chosen];
    this.cell.detail.textContent = this.text("row_column", { row: row + 1, column: column + 1 });
    this.steps.set([
      [this.text("true_value"), numberText(values[this.chosen])],
      ["σ₁ · u₁ · v₁", `${numberText(parts.values[0])} · ${numberText(parts.left[0][row])} · ${numberText(parts.right[0][column])}`],
      [this.text("sum_of_terms", { count: this.terms }), numberText(sum)],
      [this.text("error"), numberText(sum - values[this.chosen])],
    ]);
  }

  paintMatrix(pen, values, plot) {
    const { rows, columns, grey, name } = this.matrix;
    const colour = signed(pen, this.reach);
    const shade = grey ? (value) => { const tone = Math.min(Math.max(value, 0), 255); return [tone, tone, tone, 255]; } : colour;
    pen.context.fillStyle = pen.colour["secondary-background"];
    if (!grey) pen.context.fillRect(0, 0, pen.width, pen.height);
    cells(pen, rows, columns, (k) => shade(values[k]), 0, 0, pen.width, pen.height);
    const [wide, high] = [pen.width / columns, pen.height / rows];
    const [x, y] = [(this.chosen % columns) * wide, Math.floor(this.chosen / columns) * high];
    pen.context.strokeStyle = grey ? pen.colour.orange : pen.colour.text;
    pen.context.lineWidth = 2.5;
    pen.context.strokeRect(x - 2, y - 2, Math.max(wide, 4) + 4, Math.max(high, 4) + 4);
    const rank = plot === this.before ? this.most : this.terms;
    plot.describe(this.text("matrix_of", { name, rows, columns, rank }));
  }

  paintSpectrum(pen) {
    const { context, colour, rem, width } = pen;
    const { values } = this.matrix.parts;
    const base = pen.height - 1.4 * rem;
    const wide = width / values.length;
    values.forEach((value, k) => {
      const tall = Math.max(Math.sqrt(value / values[0]) * (base - 0.6 * rem), 0.5);
      context.fillStyle = k < this.terms ? colour.primary : faint(colour.text, 0.25);
      context.fillRect(k * wide + 0.5, base - tall, Math.max(wide - 1, 0.8), tall);
    });
    const { rows, columns } = this.matrix;
    const even = (rows * columns) / (rows + columns);
    if (even < this.most) {
      const x = even * wide;
      line(pen, [[x, 0.5 * rem], [x, base]], colour.red, 2, [6, 4]);
      words(pen, this.text("as_large"), x, 1.1 * rem, { align: x > width / 2 ? "right" : "left", colour: colour.red });
    }
    line(pen, [[0, base], [width, base]], colour.border, 1);
    for (const k of [1, this.terms, values.length]) words(pen, String(k), (k - 0.5) * wide, base + rem, { weight: k === this.terms ? 700 : 400, colour: Math.abs(k - this.terms) * wide < 1.4 * rem && k !== this.terms ? "transparent" : colour.text });
    this.spectrum.describe(this.text("spectrum_of", { rank: this.terms, energy: shareText(this.done.energy) }));
  }

  /** The sum growing term by term towards the true value. */
  paintTerms(pen) {
    const { context, colour, rem, width } = pen;
    const parts = this.parts();
    const sums = [0];
    for (const part of parts) sums.push(sums.at(-1) + part);
    const target = this.matrix.values[this.chosen];
    let [low, high] = extremes([...sums, target]);
    const margin = (high - low) * 0.12 || 1;
    [low, high] = [low - margin, high + margin];
    const base = pen.height - 1.3 * rem;
    const y = (value) => 0.3 * rem + ((high - value) / (high - low)) * (base - 0.3 * rem);
    const wide = width / parts.length;
    line(pen, [[0, y(0)], [width, y(0)]], faint(colour.text, 0.35), 1);
    line(pen, [[0, y(target)], [width, y(target)]], colour.orange, 2, [6, 4]);
    parts.forEach((part, k) => {
      const [from, to] = [y(sums[k]), y(sums[k + 1])];
      context.fillStyle = k >= this.terms ? faint(colour.text, 0.2) : part > 0 ? colour.blue : colour.violet;
      context.fillRect(k * wide + 0.5, Math.min(from, to), Math.max(wide - 1, 1), Math.max(Math.abs(to - from), 1.5));
    });
    words(pen, this.text("true_value"), width, y(target) - 0.35 * rem, { align: "right" });
    words(pen, this.text("terms", { count: parts.length }), 0, base + rem, { align: "left" });
    this.chart.describe(this.text("terms_of", { count: this.terms, sum: numberText(sums[this.terms]), value: numberText(target) }));
  }
}
