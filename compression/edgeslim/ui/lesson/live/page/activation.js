// Activation functions: the curve and its slope, real pre-activations going through it, one value's arithmetic.

const DEAD = 0.01; // a slope below it passes next to nothing back
const COLUMNS = 121;

class ActivationPicture extends Picture {
  build() {
    this.layers = this.read(this.view.layers);
    const furthest = this.layers.map(({ values }) => values.map(Math.abs).sort()[Math.floor(0.99 * values.length)]);
    this.reach = Math.min(Math.max(Math.ceil(Math.max(...furthest)), 4), 8);
    Object.assign(this, { name: "relu", x: 1 });
    const which = choice(this.text("function"), Object.entries(FUNCTIONS).map(([name, { title }]) => [name, title]), this.name, (name) => { this.name = name; this.draw(); });
    this.slider = slider("x", { min: -this.reach, max: this.reach, step: 0.05, value: this.x, play: this.text("play") }, (value) => minus(value.toFixed(2)), (value) => { this.x = value; this.draw(); });
    this.told = figures({ value: "f(x)", slope: "f′(x)", zeros: this.text("zeros_after"), dead: this.text("dead_slopes") });
    this.rows = bars(this.layers.map((layer, k) => ({ name: layer.name, open: () => this.open(k) })), this.text("zeros_by_layer"));
    this.curve = this.plot((pen) => this.paint(pen), () => 19, { className: "drags" });
    this.curve.onPoint((x) => this.move(x));
    this.steps = steps(3);
    this.one = level(1, this.text("layers"), this.rows.root, element("p", { className: "hint", textContent: this.text("zeros_by_layer") }));
    this.through = level(2, this.text("through"), this.curve.root, element("p", { className: "hint", textContent: this.text("hint_activation") }));
    this.cell = level(3, this.text("one_value"), this.steps.root);
    this.root.replaceChildren(element("div", { className: "controls" }, which.root, this.slider.root), this.told.root,
      element("div", { className: "levels" }, this.one.root, this.through.root, this.cell.root));
    this.open(0);
  }

  open(k) {
    this.layer = this.layers[k];
    this.rows.press(k);
    this.through.detail.textContent = this.layer.name;
    this.draw();
  }

  move(x) {
    const [left, wide] = this.area;
    const value = Math.min(Math.max(((x - left) / wide) * 2 * this.reach - this.reach, -this.reach), this.reach);
    this.x = Math.round(value * 20) / 20;
    this.slider.set(this.x);
    this.draw();
  }

  work() {
    const { value, slope } = FUNCTIONS[this.name];
    const zeros = (layer) => layer.values.reduce((count, one) => count + Number(value(one) === 0), 0) / layer.values.length;
    this.layers.forEach((layer, k) => this.rows.set(k, zeros(layer), 0, shareText(zeros(layer))));
    const { values } = this.layer;
    this.out = values.map(value);
    const dead = values.reduce((count, one) => count + Number(Math.abs(slope(one)) < DEAD), 0) / values.length;
    this.told.set({
      value: [numberText(value(this.x))],
      slope: [numberText(slope(this.x))],
      zeros: [shareText(zeros(this.layer)), this.text("of_count", { count: countText(values.length) })],
      dead: [shareText(dead), `|f′| < ${DEAD}`],
    });
    this.cell.detail.textContent = `x = ${minus(this.x.toFixed(2))}`;
    this.steps.set(this.arithmetic());
  }

  arithmetic() {
    const { x, name } = this;
    const { value, slope } = FUNCTIONS[name];
    const s = sigmoid(x);
    const rows = {
      sigmoid: [["σ(x) = 1 / (1 + e⁻ˣ)", numberText(s)], ["f′ = σ · (1 − σ)", numberText(slope(x))]],
      tanh: [["tanh x", numberText(value(x))], ["f′ = 1 − tanh² x", numberText(slope(x))]],
      relu: [["max(x, 0)", numberText(value(x))], [x > 0 ? "x > 0: f′ = 1" : "x ≤ 0: f′ = 0", numberText(slope(x))]],
      leaky_relu: [[x > 0 ? "x > 0: x" : "x ≤ 0: 0.01 · x", numberText(value(x))], [x > 0 ? "x > 0: f′ = 1" : "x ≤ 0: f′ = 0.01", numberText(slope(x))]],
      silu: [["σ(x)", numberText(s)], ["x · σ(x)", numberText(value(x))], ["f′ = σ · (1 + x · (1 − σ))", numberText(slope(x))]],
      hardswish: [["clip(x + 3, 0, 6) / 6", numberText(Math.min(Math.max(x + 3, 0), 6) / 6)], [`x · ${numberText(Math.min(Math.max(x + 3, 0), 6) / 6)}`, numberText(value(x))], [Math.abs(x) < 3 ? "f′ = (2x + 3) / 6" : x < 0 ? "x ≤ −3: f′ = 0" : "x ≥ 3: f′ = 1", numberText(slope(x))]],
    };
    return rows[name];
  }

  /** Curve in the middle; what comes in below it, what goes out at its left. */
  paint(pen) {
    const { context, colour, rem, width } = pen;
    const { value, slope } = FUNCTIONS[this.name];
    const side = Math.min(width * 0.22, 8 * rem);
    const [left, wide] = [side, width - side];
    const [top, bottom, floor] = [0.6 * rem, pen.height - 6 * rem, pen.height - 1.4 * rem];
    this.area = [left, wide];
    const [low, high] = ["sigmoid", "tanh"].includes(this.name) ? [-1.3, 1.3] : [-1.3, this.reach];
    const x = (at) => left + ((at + this.reach) / (2 * this.reach)) * wide;
    const y = (at) => top + ((high - at) / (high - low)) * (bottom - top);
    line(pen, [[left, y(0)], [width, y(0)]], colour.border, 1);
    line(pen, [[x(0), top], [x(0), floor]], colour.border, 1);

    const within = (at, least, most) => Math.min(Math.max(Math.floor(((at - least) / (most - least)) * COLUMNS), 0), COLUMNS - 1);
    const [before, after] = [new Array(COLUMNS).fill(0), new Array(COLUMNS).fill(0)];
    this.layer.values.forEach((one, k) => {
      before[within(one, -this.reach, this.reach)]++;
      after[within(this.out[k], low, high)]++;
    });
    const [mostIn, mostOut] = [Math.max(...before), Math.max(...after)];
    context.fillStyle = faint(colour.text, 0.45);
    before.forEach((count, k) => {
      const tall = (count / mostIn) * (floor - bottom - 0.8 * rem);
      context.fillRect(left + (k * wide) / COLUMNS, floor - tall, wide / COLUMNS - 0.5, tall);
    });
    const thick = (bottom - top) / COLUMNS;
    context.fillStyle = colour.primary;
    after.forEach((count, k) => {
      const long = Math.sqrt(count / mostOut) * (side - 1.2 * rem);
      context.fillRect(side - 0.7 * rem - long, bottom - (k + 1) * thick, long, Math.max(thick - 0.3, 1));
    });

    const at = Array.from({ length: 241 }, (_, k) => -this.reach + (k * this.reach) / 120);
    line(pen, at.map((one) => [x(one), y(slope(one))]), colour.orange, 2, [7, 5]);
    line(pen, at.map((one) => [x(one), y(value(one))]).filter(([, height]) => height > 0), colour.primary, 3.5);
    line(pen, [[x(this.x), floor], [x(this.x), y(value(this.x))], [left - 0.5 * rem, y(value(this.x))]], colour.text, 1.5, [4, 4]);
    for (const [function_, tone] of [[slope, colour.orange], [value, colour.primary]]) {
      context.fillStyle = tone;
      context.beginPath();
      context.arc(x(this.x), y(function_(this.x)), 6.5, 0, 7);
      context.fill();
    }
    axis(pen, -this.reach, this.reach, x, floor, 6);
    words(pen, "f", x(this.reach) - 0.4 * rem, Math.max(y(value(this.reach)) + 1.4 * rem, 1.2 * rem), { weight: 700, colour: colour.primary });
    words(pen, "f′", x(-this.reach) + 0.8 * rem, y(slope(-this.reach)) - 0.5 * rem, { weight: 700, colour: colour.orange });
    words(pen, this.text("after"), 0, top + 0.4 * rem, { align: "left", weight: 600 });
    words(pen, this.text("before"), 0, floor - 0.4 * rem, { align: "left", weight: 600 });
    this.curve.describe(this.text("function_at", { name: FUNCTIONS[this.name].title, x: minus(this.x.toFixed(2)), value: numberText(value(this.x)), slope: numberText(slope(this.x)) }));
  }
}
