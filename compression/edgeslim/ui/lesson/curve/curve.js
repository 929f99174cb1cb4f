// A curve drawn by hand: dragging sets the height at the nearest place; each point is also a slider for the keyboard.
const SVG = "http://www.w3.org/2000/svg";
const WIDE = 640, LEFT = 58, RIGHT = 14, TOP = 30, BOTTOM = 56;

function make(name, attributes, words) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (words !== undefined) element.textContent = words;
  return element;
}

class Curve {
  constructor(root) {
    this.root = root;
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(root);
  }

  show(data, send) {
    this.send = send;
    const given = JSON.stringify(data);
    if (given === this.given) return;
    this.given = given;
    this.data = data;
    this.drawn = data.before !== null;
    const middle = (data.low + data.high) / 2;
    this.heights = data.before ?? data.places.map(() => middle);
    this.width = 0;
    this.draw();
  }

  draw() {
    const width = Math.round(Math.min(this.root.clientWidth || WIDE, 900));
    if (!this.data || width === this.width) return;
    this.width = width;
    this.high = width < 500 ? 300 : 340;
    const { data } = this;
    const svg = make("svg", { viewBox: `0 0 ${width} ${this.high}`, role: "group", "aria-label": `${data.up} / ${data.across}` });
    this.svg = svg;
    const sheet = make("rect", { class: "sheet", x: LEFT, y: TOP, width: width - LEFT - RIGHT, height: this.high - TOP - BOTTOM });
    svg.append(make("text", { x: 2, y: 16 }, data.up), sheet);
    for (const [value, words] of data.ticks) {
      svg.append(make("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: this.y(value), y2: this.y(value) }));
      svg.append(make("text", { x: LEFT - 6, y: this.y(value) + 5, "text-anchor": "end" }, words));
    }
    let free = -Infinity;
    data.places.forEach((words, place) => {
      const half = 4.2 * words.length, x = Math.min(this.x(place), width - half);
      svg.append(make("line", { class: "grid", x1: this.x(place), x2: this.x(place), y1: TOP, y2: this.high - BOTTOM + 5 }));
      if (x - half < free) return;
      svg.append(make("text", { x, y: this.high - BOTTOM + 22, "text-anchor": "middle" }, words));
      free = x + half + 6;
    });
    svg.append(make("text", { x: width - 4, y: this.high - 8, "text-anchor": "end" }, data.across));
    this.line = make("polyline", { class: "line" });
    svg.append(this.line);
    this.points = data.places.map((words, place) => {
      const point = make("circle", {
        r: 9, cx: this.x(place), tabindex: 0, role: "slider", "aria-label": `${data.across} ${words}: ${data.up}`,
        "aria-orientation": "vertical", "aria-valuemin": this.number(data.low), "aria-valuemax": this.number(data.high),
      });
      point.addEventListener("keydown", (event) => this.key(event, place));
      svg.append(point);
      return point;
    });
    svg.addEventListener("pointerdown", (event) => this.begin(event));
    svg.addEventListener("pointermove", (event) => this.follow(event));
    svg.addEventListener("pointerup", () => this.end());
    svg.addEventListener("pointercancel", () => this.end());
    const hint = document.createElement("p");
    hint.textContent = data.hint;
    this.root.replaceChildren(svg, hint);
    this.paint();
  }

  x(place) {
    const room = this.width - LEFT - RIGHT - 40, last = Math.max(1, this.data.places.length - 1);
    return LEFT + 20 + (room * place) / last;
  }

  y(value) {
    const { low, high } = this.data;
    return this.high - BOTTOM - ((value - low) / (high - low)) * (this.high - TOP - BOTTOM);
  }

  number(value) {
    return Number((value * this.data.scale).toPrecision(3));
  }

  paint() {
    this.svg.classList.toggle("undrawn", !this.drawn);
    this.line.setAttribute("points", this.heights.map((height, place) => `${this.x(place)},${this.y(height)}`).join(" "));
    this.points.forEach((point, place) => {
      const value = this.number(this.heights[place]);
      point.setAttribute("cy", this.y(this.heights[place]));
      point.setAttribute("aria-valuenow", value);
      point.setAttribute("aria-valuetext", `${value}${this.data.unit}`);
    });
  }

  at(event) {
    const box = this.svg.getBoundingClientRect(), scale = this.width / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    const last = this.data.places.length - 1;
    const place = Math.min(last, Math.max(0, Math.round(((x - this.x(0)) / (this.x(last) - this.x(0) || 1)) * last)));
    const share = (this.high - BOTTOM - y) / (this.high - TOP - BOTTOM);
    return [place, this.data.low + Math.min(1, Math.max(0, share)) * (this.data.high - this.data.low)];
  }

  begin(event) {
    if (event.button) return;
    this.svg.setPointerCapture(event.pointerId);
    this.last = this.at(event);
    this.set(...this.last);
    event.preventDefault();
  }

  follow(event) {
    if (!this.last) return;
    const [from, low] = this.last, [to, high] = this.at(event), steps = Math.abs(to - from);
    // A quick hand skips places: those in between get what lies on its way.
    for (let step = 1; step <= steps; step += 1) {
      this.set(from + Math.sign(to - from) * step, low + ((high - low) * step) / steps);
    }
    if (!steps) this.set(to, high);
    this.last = [to, high];
  }

  end() {
    if (this.last) this.tell();
    this.last = null;
  }

  key(event, place) {
    const size = (this.data.high - this.data.low) / 50;
    const moves = { ArrowUp: size, ArrowDown: -size, PageUp: 5 * size, PageDown: -5 * size };
    if (event.key in moves) this.set(place, this.heights[place] + moves[event.key]);
    else if (event.key === "Home") this.set(place, this.data.low);
    else if (event.key === "End") this.set(place, this.data.high);
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      this.points[place + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
      event.preventDefault();
      return;
    } else return;
    event.preventDefault();
    this.tell();
  }

  set(place, height) {
    this.heights[place] = Math.min(this.data.high, Math.max(this.data.low, height));
    this.drawn = true;
    this.paint();
  }

  tell() {
    this.send(this.heights.map((height) => Number(height.toPrecision(4))));
  }
}

export default function ({ data, setStateValue, parentElement }) {
  const root = parentElement.querySelector(".curve");
  root.view ??= new Curve(root);
  root.view.show(data, (heights) => setStateValue("heights", heights));
  return () => root.view?.watcher.disconnect();
}
