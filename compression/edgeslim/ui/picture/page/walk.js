// A walk from the original to the smallest file: one slider moves picture, figures and the point on a small chart.

const PAUSE = 1600; // milliseconds at each stop while it plays
const SVG = "http://www.w3.org/2000/svg";

class Walk {
  constructor(view) {
    this.view = view;
    this.box = view.part("walk");
    this.slider = view.root.querySelector("[data-field=stop]");
    this.slider.addEventListener("input", () => {
      this.pause();
      this.go(Number(this.slider.value));
    });
    this.sizing = new ResizeObserver(() => this.data && this.chart()); // also when a presenter fills the screen
    this.sizing.observe(view.part("front"));
    view.root.querySelector("[data-do=play]").addEventListener("click", () => this.play());
    view.root.querySelector("[data-do=leave]").addEventListener("click", () => this.leave());
  }

  get stop() {
    return this.view.swiped;
  }

  /** New data: the first ones decide where to begin. */
  update(data, series) {
    this.data = data;
    if (!data) return this.pause();
    if (this.series !== series) {
      this.series = series;
      this.view.swiped = data.start;
    }
    this.view.swiped = between(0, this.view.swiped, data.stops.length - 1);
    Object.assign(this.slider, { min: 0, max: data.stops.length - 1, step: 1 });
    return undefined;
  }

  fill() {
    const { view, data } = this;
    this.box.hidden = !data;
    view.root.classList.toggle("walking", Boolean(data));
    view.root.classList.toggle("presenting", Boolean(data?.presenting));
    if (!data) return;
    view.part("leave").hidden = !data.presenting;
    const stop = data.stops[this.stop];
    this.slider.value = this.stop;
    view.part("finding").textContent = stop.finding;
    view.part("name").textContent = `${stop.recommended ? "★ " : ""}${stop.title}${view.text("colon")}`;
    view.part("figures").replaceChildren(
      ...stop.figures.map(({ label, value, change, note, tone }) =>
        element("div", {}, element("dt", { textContent: label }), element("dd", {}, element("b", { textContent: value }), element("span", { className: "change" }, element("b", { className: tone, textContent: change }), ` ${note}`))),
      ),
    );
    const playing = view.root.querySelector("[data-do=play]");
    const words = view.text(this.timer ? "walk_pause" : "walk_play");
    Object.assign(playing, { textContent: this.timer ? "❚❚" : "▶", title: words, ariaLabel: words });
    this.chart();
  }

  /** What this file does to the picture shown; the threshold changes it, too. */
  tell() {
    if (!this.data) return;
    const { view, data } = this;
    const [[, scene] = []] = view.shown();
    const line = view.part("scene");
    line.textContent = scene?.views[0] ? this.sceneWords(scene) : "";
    const said = `${data.stops[this.stop].title}${view.text("colon")}${data.stops[this.stop].finding}. ${line.textContent}`;
    if (this.slider.ariaValueText !== said) this.slider.ariaValueText = said;
  }

  sceneWords(scene) {
    const { view } = this;
    const count = shown(scene.views[0], view.look.confidence).length;
    if (!this.stop) return view.text("walk_original", { count });
    const counts = tally(view, scene, this.stop);
    const changed = ["lost", "relabelled", "moved", "gained"].filter((state) => counts[state]);
    const words = changed.map((state) => view.text("walk_part", { count: counts[state], state: view.text(state) }));
    const wrong = scene.cleared(this.stop, view.look.confidence, view.data.rule);
    if (wrong) words[0] += view.text("walk_wrong", { count: wrong });
    return view.text(words.length ? "walk_changed" : "walk_unchanged", { count, changes: words.join(view.text("comma")) });
  }

  go(stop) {
    const next = between(0, stop, this.data.stops.length - 1);
    if (next !== this.stop) this.view.swipe(next);
  }

  /** From the original to the end; pressed again, it rests. */
  play() {
    if (this.timer) return this.pause();
    if (this.stop === this.data.stops.length - 1) this.view.swipe(0);
    this.timer = setInterval(() => {
      if (this.stop === this.data.stops.length - 2) this.pause();
      this.go(this.stop + 1);
    }, PAUSE);
    this.fill();
    return undefined;
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    if (this.data) this.fill();
  }

  leave() {
    this.view.left();
  }

  /** Keys of a presenter, wherever nothing else wants them. True if the key was taken. */
  key(name) {
    const acts = {
      ArrowLeft: () => this.go(this.stop - 1),
      ArrowRight: () => this.go(this.stop + 1),
      PageUp: () => this.go(this.stop - 1),
      PageDown: () => this.go(this.stop + 1),
      Home: () => this.go(0),
      End: () => this.go(this.data.stops.length - 1),
      " ": () => this.play(),
    };
    if (name === "Escape" && this.data.presenting) {
      this.leave();
      return true;
    }
    if (!acts[name]) return false;
    if (name !== " ") this.pause();
    acts[name]();
    return true;
  }

  /** Sizes shrink to the right, as on the slider above: logarithmic, since savings are factors. */
  chart() {
    const { data, view } = this;
    const svg = view.part("front");
    const [width, height] = [svg.clientWidth || 420, svg.clientHeight || 220];
    const room = { left: 46, right: 18, top: 16, bottom: 40 };
    const sizes = data.stops.map((stop) => stop.x);
    const [most, least] = [Math.log(Math.max(...sizes) * 1.06), Math.log(Math.min(...sizes) * 0.94)];
    const [low, high] = [data.y_ticks[0][0], data.y_ticks.at(-1)[0]];
    const x = (value) => room.left + ((most - Math.log(value)) / (most - least)) * (width - room.left - room.right);
    const y = (value) => height - room.bottom - ((value - low) / (high - low)) * (height - room.top - room.bottom);
    const inside = ([a, b]) => Math.log(a) <= most && Math.log(a) >= least && b >= low && b <= high;
    const now = data.stops[this.stop];
    const parts = [];
    for (const [value, words] of data.y_ticks) {
      parts.push(drawn("path", { class: "grid", d: `M${room.left} ${y(value)}H${width - room.right}` }), drawn("text", { x: room.left - 8, y: y(value) + 4, "text-anchor": "end" }, words));
    }
    for (const [value, words] of data.x_ticks.filter(([value]) => inside([value, low]))) {
      parts.push(drawn("text", { x: x(value), y: height - room.bottom + 18, "text-anchor": "middle" }, words));
    }
    parts.push(
      drawn("text", { class: "axis", x: width - room.right, y: height - 4, "text-anchor": "end" }, `${data.x_name} →`),
      drawn("text", { class: "axis", x: room.left, y: 11 }, data.y_name),
      ...data.others.filter(inside).map(([a, b]) => drawn("circle", { class: "other", cx: x(a), cy: y(b), r: 3 })),
      drawn("path", { class: "way", d: data.stops.map((stop, k) => `${k ? "L" : "M"}${x(stop.x)} ${y(stop.y)}`).join("") }),
      drawn("path", { class: "bounds", d: `M${x(now.x)} ${y(Math.max(low, now.low))}V${y(Math.min(high, now.high))}` }),
      ...data.stops.map((stop, k) => {
        const dot = drawn("circle", { class: k === this.stop ? "stop now" : "stop", cx: x(stop.x), cy: y(stop.y), r: k === this.stop ? 9 : 5 });
        const target = drawn("circle", { class: "target", cx: x(stop.x), cy: y(stop.y), r: 14 }, drawn("title", {}, stop.title));
        target.addEventListener("click", () => {
          this.pause();
          this.go(k);
        });
        return drawn("g", {}, dot, target);
      }),
    );
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren(...parts);
  }

  close() {
    this.sizing.disconnect();
    clearInterval(this.timer);
  }
}

function drawn(tag, given, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
