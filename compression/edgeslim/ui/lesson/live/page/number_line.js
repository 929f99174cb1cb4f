// The number line of a quantized layer: weights above, levels in the middle, what the levels catch below.

const LINE_BINS = 160;

class NumberLine {
  constructor(picture) {
    this.picture = picture;
    this.plot = picture.plot((pen) => this.paint(pen), () => 17, { className: "picks" });
    this.plot.onPoint((x) => this.pick(x));
  }

  x(value) {
    const [low, high] = this.ends;
    return ((value - low) / (high - low)) * this.plot.size[0];
  }

  pick(x) {
    const [low, high] = this.ends;
    const { layer, sharing } = this.picture;
    const wanted = low + (x / this.plot.size[0]) * (high - low);
    this.picture.choose(sharing[0] + nearest(layer.values.subarray(...sharing), wanted));
  }

  paint(pen) {
    const { layer, grid: made, done, sharing, row, chosen } = this.picture;
    const { context, colour, rem, width } = pen;
    const values = layer.values.subarray(...sharing);
    const codes = done.codes.subarray(...sharing);
    const [scale, zero] = [made.scale[row], made.zero[row]];
    const reach = Math.max(...extremes(values).map(Math.abs)) * 1.06;
    this.ends = [-reach, reach];
    const at = (code) => this.x((code - zero) * scale);
    const [upper, middle, lower] = [7.2 * rem, 9 * rem, 15.4 * rem];

    const counts = new Array(made.levels).fill(0);
    for (const code of codes) counts[code]++;
    const most = Math.max(...counts);
    const bins = new Array(LINE_BINS).fill(0);
    for (const value of values) bins[Math.min(Math.floor(((value / reach + 1) / 2) * LINE_BINS), LINE_BINS - 1)]++;
    const tallest = Math.max(...bins);

    if (made.levels <= 32) { // which weights go to which level
      for (let code = 0; code < made.levels; code += 2) {
        const left = code === 0 ? 0 : at(code - 0.5);
        const right = code === made.levels - 1 ? width : at(code + 0.5);
        context.fillStyle = colour["secondary-background"];
        context.fillRect(left, 1.6 * rem, right - left, upper - 1.6 * rem);
      }
    }
    context.fillStyle = faint(colour.text, 0.4);
    bins.forEach((count, k) => {
      const tall = (count / tallest) * (upper - 1.8 * rem);
      context.fillRect((k * width) / LINE_BINS, upper - tall, width / LINE_BINS + 0.3, tall);
    });
    const [least, largest] = [at(-0.5), at(made.levels - 0.5)];
    context.fillStyle = faint(colour.red, 0.16); // beyond: clipped
    const [smallest, greatest] = extremes(values).map((value) => this.x(value));
    if (made.levels > 2 && least > smallest) context.fillRect(0, 1.6 * rem, least, upper - 1.6 * rem);
    if (made.levels > 2 && largest < greatest) context.fillRect(largest, 1.6 * rem, width - largest, upper - 1.6 * rem);

    const thick = Math.max(Math.min((scale / (2 * reach)) * width * 0.5, 14), 1.2);
    for (let code = 0; code < made.levels; code++) {
      const x = at(code);
      if (x < -1 || x > width + 1) continue;
      line(pen, [[x, middle - 0.55 * rem], [x, middle + 0.55 * rem]], colour.primary, Math.min(thick, 2));
      const tall = (counts[code] / most) * (lower - middle - 1.1 * rem);
      context.fillStyle = colour.primary;
      context.fillRect(x - thick / 2, lower - tall, thick, tall);
    }
    line(pen, [[0, middle], [width, middle]], faint(colour.text, 0.5), 1);
    axis(pen, -reach, reach, (value) => this.x(value), lower);
    words(pen, this.picture.text("before"), 0, 0.9 * rem, { align: "left", weight: 600 });
    words(pen, this.picture.text("after"), 0, middle + 1.5 * rem, { align: "left", weight: 600 });
    words(pen, this.picture.text("levels", { count: made.levels }), width, 0.9 * rem, { align: "right", weight: 600 });
    this.bracket(pen, at, made, scale, zero, middle);

    const [from, to] = [this.x(layer.values[chosen]), this.x(done.after[chosen])];
    line(pen, [[from, 1.6 * rem], [from, upper], [to, middle], [to, lower]], colour.orange, 2.5);
    context.fillStyle = colour.orange;
    for (const [x, y] of [[from, upper], [to, middle]]) {
      context.beginPath();
      context.arc(x, y, 5, 0, 7);
      context.fill();
    }
    words(pen, "w", from, 1.4 * rem, { weight: 700 });
    this.plot.describe(this.picture.text("number_line", { layer: layer.name, levels: made.levels, scale: numberText(scale), zero: numberText(zero) }));
  }

  /** How far two levels are apart, where there is room to see it. */
  bracket(pen, at, made, scale, zero, middle) {
    const code = Math.min(Math.ceil(zero) + 1, made.levels - 2);
    const [left, right] = [at(code), at(code + 1)];
    if (made.levels < 3 || right - left < 14 || right > pen.width) return;
    line(pen, [[left, middle - 0.8 * pen.rem], [right, middle - 0.8 * pen.rem]], pen.colour.text, 2);
    words(pen, `s = ${numberText(scale)}`, (left + right) / 2, middle - 1.1 * pen.rem, { weight: 600 });
  }
}
