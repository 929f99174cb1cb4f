// The component on the page: what is looked at, how, and what hands and keys do. Python gives pictures and boxes;
// all that a threshold, a view, a zoom or a click changes is worked out here.

const LOWEST = 0.05;
const HIGHEST = 0.95;
const STEP = 0.05;
const CLOSEST = 16;
const WHOLE = { zoom: 1, x: 0.5, y: 0.5 };
const between = (low, value, high) => Math.min(Math.max(value, low), high);

class View {
  constructor(root) {
    this.root = root;
    this.scenes = new Map(); // by place in the series; those seen stay
    this.images = new Map(); // by URL
    this.version = 0; // of what is to be drawn; a panel knows which one it shows
    this.told = "";
    this.sent = [];
    this.camera = { ...WHOLE };
    this.divider = 0.5;
    this.swiped = 1;
    this.selected = null; // {model, i, j}
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.stage = root.querySelector(".stage");
    this.tip = root.querySelector(".tip");
    this.watching = new IntersectionObserver((entries) => {
      for (const entry of entries) this.panelOf(entry.target).visible = entry.isIntersecting;
      this.repaint(); // only what came into sight
    }, { rootMargin: "200px" });
    this.sizing = new ResizeObserver(() => {
      if (this.width === this.stage.clientWidth) return; // only words came or went
      this.width = this.stage.clientWidth;
      this.draw();
    });
    this.sizing.observe(this.stage);
    this.walk = new Walk(this);
    listen(this);
  }

  /** New data, language or theme. What the visitor did meanwhile stays, unless the address says otherwise. */
  update({ data, setTriggerValue }) {
    if (data.series !== this.data?.series) {
      this.scenes.clear();
      this.selected = null;
    }
    this.data = data;
    this.walk.update(data.walk, data.series);
    this.left = () => setTriggerValue("left", true);
    this.report = (look) => setTriggerValue("moved", look);
    data.pictures.forEach((given, place) => this.scenes.set(data.first + place, new Scene(given)));
    const told = JSON.stringify(data.look);
    if (told !== this.told) {
      const known = this.sent.indexOf(told);
      if (known < 0) [this.look, this.selected] = [{ ...data.look }, null];
      this.sent.splice(0, known + 1);
      this.told = told;
    }
    this.score = new Intl.NumberFormat(data.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    this.focus();
    this.fill();
    this.build();
    this.link();
  }

  /** What a picture is shown for is selected when it is opened. */
  focus() {
    const { focus } = this.scenes.get(this.look.picture) ?? {};
    if (!focus || this.look.grid || this.focused === focus) return;
    this.focused = focus;
    this.selected = { model: focus.model, i: focus.reference, j: focus.detection };
  }

  text(name, values = {}) {
    return this.data.texts[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  }

  label(index) {
    return this.data.labels[index] ?? String(index);
  }

  /** Words and the state of the controls; parts that have nothing to control do not show. */
  fill() {
    const { data, look, root } = this;
    for (const one of root.querySelectorAll("[data-text]")) one.textContent = this.text(one.dataset.text);
    for (const one of root.querySelectorAll("[data-label]")) {
      one.setAttribute("aria-label", this.text(one.dataset.label));
      if (one.tagName === "BUTTON") one.title = this.text(one.dataset.label);
    }
    const scenes = this.shown().map(([, scene]) => scene);
    const boxes = scenes.some((scene) => scene.views.some(Boolean));
    const compared = data.models.length > 1;
    this.byTruth = look.truth && scenes.every((scene) => scene.truth);
    const visible = {
      travel: data.total > 1 && !data.walk?.presenting,
      views: boxes && compared && !data.walk?.presenting && !(look.grid && scenes.some((scene) => scene.focus)),
      threshold: boxes && !data.walk?.presenting && !scenes.some((scene) => scene.focus),
      truth: !data.walk && scenes.every((scene) => !scene.focus) && scenes.some((scene) => scene.truth || scene.label !== null),
      zoom: boxes && !look.grid && !data.walk,
      models: boxes && look.view === "swipe" && data.models.length > 2 && !data.walk,
      legend: boxes && look.grid,
      keys: data.linked,
    };
    for (const [name, show] of Object.entries(visible)) this.part(name).hidden = !show;
    root.querySelector("[data-do=grid]").hidden = !data.linked;
    root.classList.toggle("bare", data.bare);
    root.querySelector("[data-do=grid]").ariaPressed = String(look.grid);
    const position = root.querySelector("[data-field=position]");
    Object.assign(position, { value: look.picture + 1, max: data.total });
    this.part("total").textContent = `/ ${data.total}`;
    root.querySelector("[data-do=previous]").disabled = look.picture <= 0;
    root.querySelector("[data-do=next]").disabled = look.picture >= data.total - 1;
    for (const one of root.querySelectorAll("[data-view]")) one.ariaPressed = String(one.dataset.view === this.mode());
    root.querySelector("[data-field=truth]").checked = look.truth;
    this.swiped = between(data.walk ? 0 : 1, this.swiped, data.models.length - 1);
    this.part("models").replaceChildren(
      ...data.models.slice(1).map((model, k) =>
        element("button", { type: "button", textContent: model.title, ariaPressed: String(k + 1 === this.swiped), onclick: () => this.swipe(k + 1) }),
      ),
    );
    const states = this.byTruth ? VERDICTS : compared ? CHANGES : [];
    this.part("legend").replaceChildren(...states.map((state) => element("li", {}, swatch(state), this.text(state))));
    this.fillThreshold();
    this.walk.fill();
  }

  fillThreshold() {
    this.root.querySelector("[data-field=confidence]").value = this.look.confidence;
    this.part("value").textContent = this.score.format(this.look.confidence);
  }

  /** [[place, scene]] of the pictures on the stage: all that were given, or one. */
  shown() {
    const { data, look } = this;
    const places = look.grid ? data.pictures.map((_, k) => data.first + k) : [look.picture];
    return places.filter((place) => this.scenes.has(place)).map((place) => [place, this.scenes.get(place)]);
  }

  mode() {
    return this.data.models.length > 1 ? this.look.view : "side";
  }

  build() {
    const scenes = this.shown();
    const waiting = !this.look.grid && !scenes.length;
    this.stage.ariaBusy = String(waiting);
    if (waiting) return; // what was there stays, pale, until the server has the picture
    this.watching.disconnect();
    this.panels = [];
    this.stage.classList.toggle("many", this.look.grid);
    this.stage.classList.toggle("close-ups", this.look.grid && scenes.some(([, scene]) => scene.focus));
    this.stage.replaceChildren(...scenes.map(([place, scene]) => this.card(place, scene)));
    for (const panel of this.panels) this.watching.observe(panel.canvas);
    this.draw();
  }

  card(place, scene) {
    const mode = scene.views.some(Boolean) ? this.mode() : "side";
    const first = mode === "changes" && !this.byTruth ? 1 : 0;
    const models = this.data.walk ? [0, this.swiped] : [...this.data.models.keys()];
    const sides = mode === "swipe" ? [[0, this.swiped]] : models.slice(first).map((model) => [model]);
    const panels = element("div", { className: "panels" }, ...sides.map((models) => this.figure(place, scene, models)));
    panels.dataset.count = sides.length;
    this.stage.style.setProperty("--card", `${(scene.focus ? [9, 15, 22, 30] : [16, 24, 30, 24])[sides.length - 1]}rem`);
    return element("article", {}, this.heading(place, scene), panels);
  }

  /** In a grid the title opens the picture. */
  heading(place, { title }) {
    if (!this.look.grid) return element("h2", { textContent: title, hidden: Boolean(this.data.walk) });
    return element("h2", {}, element("button", { type: "button", textContent: title, onclick: () => this.turn({ grid: false, picture: place }) }));
  }

  /** One canvas: one model's view, or two with a divider between them. */
  figure(place, scene, models) {
    const canvas = element("canvas", { role: "img" });
    const frame = element("div", { className: "frame" }, canvas);
    const panel = { place, scene, models, canvas, visible: true, marks: [], counts: element("ul", { className: "counts" }) };
    if (models.length > 1) {
      panel.handle = divider(this, canvas);
      frame.append(panel.handle);
    }
    if (!this.images.has(scene.url)) this.images.set(scene.url, loaded(scene.url, () => this.draw()));
    const heads = models.map((model) => {
      const { title, note } = this.data.models[model];
      const size = element("span", { className: "note", textContent: this.look.grid ? "" : note });
      return element("span", {}, element("b", { textContent: title }), " ", size);
    });
    this.panels.push(panel);
    const figure = element("figure", {}, element("figcaption", {}, ...heads), frame, panel.counts);
    figure.style.setProperty("--shape", this.look.grid && scene.focus ? 1 : scene.width / scene.height);
    figure.classList.toggle("classified", !scene.views.some(Boolean));
    return figure;
  }

  panelOf(canvas) {
    return this.panels.find((panel) => panel.canvas === canvas) ?? {};
  }

  swipe(model) {
    this.swiped = model;
    this.selected = null;
    this.fill();
    this.build();
  }

  /** Change how is looked; what needs the server, another picture or all of them, is asked for. */
  turn(change) {
    const before = this.look;
    this.look = { ...before, ...change };
    if (this.look.picture !== before.picture || this.look.grid !== before.grid) {
      this.camera = { ...WHOLE };
      this.selected = null;
      this.ask();
    }
    if (this.look.truth !== before.truth) this.selected = null;
    if (this.look.picture !== before.picture || this.look.grid !== before.grid) {
      this.focused = null;
      this.focus();
    }
    this.link(this.look.grid !== before.grid);
    this.hideTip();
    if (Object.keys(change).every((name) => name === "confidence")) {
      this.fillThreshold();
      this.draw();
    } else {
      this.fill();
      this.build();
    }
  }

  setThreshold(value) {
    this.turn({ confidence: Math.round(between(LOWEST, value, HIGHEST) * 100) / 100 });
  }

  go(place) {
    const picture = between(0, Math.round(place) || 0, this.data.total - 1);
    if (picture !== this.look.picture) this.turn({ picture });
  }

  zoom(factor, u = 0.5, v = 0.5) {
    const { zoom, x, y } = this.camera;
    const closer = between(1, zoom * factor, CLOSEST);
    this.move({ zoom: closer, x: x + (u - 0.5) * (1 / zoom - 1 / closer), y: y + (v - 0.5) * (1 / zoom - 1 / closer) });
  }

  move({ zoom, x, y }) {
    const edge = 0.5 / zoom;
    this.camera = { zoom, x: between(edge, x, 1 - edge), y: between(edge, y, 1 - edge) };
    this.stage.classList.toggle("zoomed", zoom > 1);
    this.draw();
  }

  /** The look as parameters of the address; null is what a plain address means. */
  parameters() {
    const { look, data } = this;
    const plain = data.plain;
    const written = {};
    for (const [name, value] of Object.entries(look)) {
      written[data.address[name]] = value === plain[name] ? null : value === true ? "1" : value === false ? "0" : String(value);
    }
    return written;
  }

  /** The address bar follows at once and without the server, so that a link shows what is seen; `step` makes it
   * one that the browser's Back undoes. */
  link(step = false) {
    if (!this.data.linked) return;
    const url = new URL(location.href);
    const changed = Object.entries(this.parameters()).filter(([name, value]) => url.searchParams.get(name) !== value);
    for (const [name, value] of changed) {
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    if (changed.length && step) history.pushState({}, "", url);
    else if (changed.length) history.replaceState(history.state, "", url);
  }

  /** The browser went back or forth: the address tells the look, and Streamlit asks the server itself. */
  recall() {
    clearTimeout(this.asking);
    const given = new URLSearchParams(location.search);
    for (const [name, plain] of Object.entries(this.data.plain)) {
      const text = given.get(this.data.address[name]);
      const read = { number: Number, boolean: (one) => one === "1", string: String }[typeof plain];
      this.look[name] = text === null ? plain : read(text);
    }
    this.selected = null;
    this.fill();
    this.build();
  }

  ask() {
    if (!this.data.linked) return;
    clearTimeout(this.asking);
    this.asking = setTimeout(() => {
      this.sent.push(JSON.stringify(this.look));
      this.report(this.parameters());
    }, 150);
  }

  close() {
    this.walk.close();
    clearTimeout(this.asking);
    cancelAnimationFrame(this.frame);
    this.watching.disconnect();
    this.sizing.disconnect();
    this.quiet();
  }

  /** Everything in sight anew, with the next frame. */
  draw() {
    this.version += 1;
    this.repaint();
  }

  repaint() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => paint(this));
  }

  select(fate, model) {
    this.selected = fate && { model, i: fate.i, j: fate.j };
    this.draw();
  }

  hideTip() {
    this.tip.hidden = true;
  }
}
