// A canvas that follows its width, the screen's resolution and the theme.

const COLOURS = ["text", "primary", "border", "background", "secondary-background", "red", "blue", "orange", "green", "violet"];

class Plot {
  /** `paint(pen)` draws on pen.context in CSS pixels; `height(width)` in rem. */
  constructor(paint, height, { label = "", className = "" } = {}) {
    this.paint = paint;
    this.height = height;
    this.canvas = element("canvas", { className, role: "img", "aria-label": label });
    this.root = element("div", { className: "plot" }, this.canvas);
    new ResizeObserver(() => this.draw()).observe(this.root);
  }

  describe(words) {
    if (this.canvas.getAttribute("aria-label") !== words) this.canvas.setAttribute("aria-label", words);
  }

  draw() {
    const width = this.root.clientWidth;
    if (!width) return;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const height = Math.round(this.height(width / rem) * rem);
    const scale = Math.max(window.devicePixelRatio, 1);
    const [wide, tall] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.canvas.width !== wide || this.canvas.height !== tall) {
      Object.assign(this.canvas, { width: wide, height: tall });
      this.canvas.style.height = `${height}px`;
    }
    const style = getComputedStyle(this.root);
    const colour = Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--st-${name}-color`).trim() || "gray"]));
    const context = this.canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const font = (size = 0.78, weight = 400) => `${weight} ${size * rem}px ${style.fontFamily}`;
    context.font = font();
    this.size = [width, height];
    this.paint({ context, width, height, rem, colour, font });
  }

  /** Call `point(x, y, event)` for a press (and while it is held, if `held` says so at its beginning). */
  onPoint(point, held = () => true) {
    let pressed = false;
    const at = (event) => {
      const around = this.canvas.getBoundingClientRect();
      return [event.clientX - around.left, event.clientY - around.top];
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      pressed = held(...at(event), event);
      if (pressed) this.canvas.setPointerCapture(event.pointerId);
      point(...at(event), event);
    });
    this.canvas.addEventListener("pointermove", (event) => { if (pressed) point(...at(event), event); });
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => { pressed = false; });
    return this;
  }
}

/** A colour with an opacity. */
const faint = (colour, share) => `color-mix(in srgb, ${colour} ${Math.round(share * 100)}%, transparent)`;

/** [red, green, blue] of a CSS colour. */
function channels(colour) {
  const context = (channels.canvas ??= new OffscreenCanvas(1, 1)).getContext("2d", { willReadFrequently: true });
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

function words(pen, text, x, y, { align = "center", colour = pen.colour.text, size, weight } = {}) {
  const { context } = pen;
  context.font = pen.font(size, weight);
  context.fillStyle = colour;
  context.textAlign = align;
  const half = align === "center" ? context.measureText(text).width / 2 : 0;
  const at = half ? Math.min(Math.max(x, half), pen.width - half) : x;
  context.strokeStyle = pen.colour.background; // so that lines behind do not cross the words
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeText(text, at, y);
  context.fillText(text, at, y);
}

function line(pen, points, colour, width = 2, dash = []) {
  const { context } = pen;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
  context.setLineDash([]);
}

/** Round numbers between two ends, about `count` of them. */
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step);
  return found;
}

function axis(pen, low, high, x, y, count = pen.width / (5 * pen.rem)) {
  line(pen, [[x(low), y], [x(high), y]], pen.colour.border, 1);
  for (const tick of ticks(low, high, Math.max(count, 2))) {
    line(pen, [[x(tick), y], [x(tick), y + 4]], pen.colour.border, 1);
    words(pen, numberText(Number(tick.toPrecision(6)), 2).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, ""), x(tick), y + 1.15 * pen.rem, { colour: faint(pen.colour.text, 0.75) });
  }
}

/** A matrix as pixels: `shade(value, k)` gives [r, g, b, a] for each cell, row-major. */
function cells(pen, rows, columns, shade, left, top, width, height) {
  const image = new ImageData(columns, rows);
  for (let k = 0; k < rows * columns; k++) image.data.set(shade(k), 4 * k);
  const small = (cells.canvas ??= new OffscreenCanvas(1, 1));
  [small.width, small.height] = [columns, rows];
  small.getContext("2d").putImageData(image, 0, 0);
  pen.context.imageSmoothingEnabled = false;
  pen.context.drawImage(small, left, top, width, height);
}

/** Colours of signed values: blue above zero, orange below, stronger the further. */
function signed(pen, most) {
  const [above, below] = [channels(pen.colour.blue), channels(pen.colour.orange)];
  return (value) => {
    const [r, g, b] = value > 0 ? above : below;
    return [r, g, b, 255 * Math.min(Math.sqrt(Math.abs(value) / most), 1)];
  };
}
