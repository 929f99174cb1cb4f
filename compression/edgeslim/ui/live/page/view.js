// The component on the page: one picture after the other goes to the worker, and comes back as boxes of both files.

const KEPT = 30; // runs of which the median is told
const LEAST = 12; // runs on which it rests: a still picture is seen again until there are so many

class View {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.place = 0;
    this.confidence = 0.5;
    this.source = "gallery";
    this.camera = new Camera();
    this.sizing = new ResizeObserver(() => this.draw());
    this.sizing.observe(this.part("stage"));
    const listen = (chosen, event, act) => root.querySelector(chosen).addEventListener(event, act);
    listen("[data-source=gallery]", "click", () => this.choose("gallery"));
    listen("[data-source=camera]", "click", () => this.choose("camera"));
    listen("[data-field=file]", "change", ({ target }) => target.files[0] && this.choose("file", target.files[0]));
    listen("[data-do=previous]", "click", () => this.travel(-1));
    listen("[data-do=next]", "click", () => this.travel(1));
    listen("[data-do=measure]", "click", () => this.measure());
    listen("[data-field=confidence]", "input", ({ target }) => {
      this.confidence = Number(target.value);
      this.draw();
    });
  }

  update({ data, setTriggerValue }) {
    this.report = (figures) => setTriggerValue("measured", figures);
    const other = data.series !== this.data?.series;
    this.data = data;
    this.number = new Intl.NumberFormat(data.language, { maximumFractionDigits: 1 });
    this.score = new Intl.NumberFormat(data.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    if (other) this.open();
    this.fill();
    this.draw();
  }

  text(name, values = {}) {
    return this.data.texts[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  }

  label(index) {
    return this.data.labels[index] ?? String(index);
  }

  /** Begin anew with other files. */
  open() {
    this.worker?.terminate();
    this.worker = new Worker(new URL(this.data.worker, location.origin), { type: "module" });
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.worker.onerror = ({ message }) => this.say(this.text("failed", { reason: message ?? "" }), true);
    this.ready = false;
    this.waiting = null;
    this.panels = this.data.models.map((model) => {
      const [speed, told] = [element("span", { className: "speed" }), element("p", { className: "told" })];
      const canvas = element("canvas", { role: "img", ariaLabel: model.title });
      const caption = element("figcaption", {}, element("b", { textContent: model.title }), speed);
      return { model, speed, told, canvas, runs: [], figure: element("figure", {}, caption, canvas, told) };
    });
    this.part("stage").replaceChildren(...this.panels.map(({ figure }) => figure));
    const [origin, url] = [location.origin, (path) => new URL(path, location.origin).href];
    this.worker.postMessage({
      plan: {
        ...this.data,
        texts: null,
        runtime: url(this.data.runtime),
        decoder: this.data.decoder && url(this.data.decoder),
        models: this.data.models.map((model) => ({ ...model, url: url(model.url) })),
        origin,
      },
    });
  }

  /** Words and the state of the controls. */
  fill() {
    const { root } = this;
    for (const one of root.querySelectorAll("[data-text]")) one.textContent = this.text(one.dataset.text);
    for (const one of root.querySelectorAll("[data-label]")) one.setAttribute("aria-label", this.text(one.dataset.label));
    for (const one of root.querySelectorAll("[data-source]")) one.ariaPressed = String(one.dataset.source === this.source);
    const camera = root.querySelector("[data-source=camera]");
    camera.disabled = !Camera.possible;
    this.part("travel").hidden = this.source !== "gallery" || this.data.gallery.length < 2;
    this.part("title").textContent = `${this.place + 1} / ${this.data.gallery.length}`;
    this.part("measuring").hidden = !this.data.measure;
    root.querySelector("[data-do=measure]").disabled = !this.ready || this.busy;
    this.part("threshold").hidden = this.data.task === "classification";
    this.part("value").textContent = this.score.format(this.confidence);
    this.part("note").textContent = this.text(Camera.possible ? "private" : "no_camera");
  }

  say(words, failed = false) {
    this.part("state").textContent = words;
    this.part("state").classList.toggle("failed", failed);
  }

  /** Both files on the server's own images, so that it can tell whether they compute here what they compute there. */
  measure() {
    [this.busy, this.turn, this.waiting] = [true, (this.turn ?? 0) + 1, null];
    this.camera.close();
    const { images, entries, rounds } = this.data.measure;
    this.worker.postMessage({ measure: { images: new URL(images, location.origin).href, entries, rounds } });
    this.fill();
  }

  measured(found) {
    this.busy = false;
    this.say(this.text("measured"));
    this.fill();
    const { brands = [], platform = "" } = navigator.userAgentData ?? {};
    const browser = [...brands.map(({ brand, version }) => `${brand} ${version}`), platform].join(", ") || navigator.userAgent;
    const { bundle } = this.data.measure;
    this.report({ bundle, browser, cores: navigator.hardwareConcurrency ?? 0, runtime: this.data.version, files: found });
  }

  hear({ told, what, index, id, found, reason, done, rounds }) {
    if (told === "loading" && what === "runtime") this.say(this.text("loading_runtime"));
    else if (told === "loading") this.say(this.text("loading_model", { title: this.data.models[index].title }));
    else if (told === "ready") {
      this.ready = true;
      this.say("");
      this.fill();
      this.choose(this.source, this.file);
    } else if (told === "measuring") this.say(this.text("measuring", { done, rounds }));
    else if (told === "measured") this.measured(found);
    else if (told === "failed") {
      [this.waiting, this.busy] = [null, false];
      this.say(this.text("failed", { reason }), true);
    } else if (id === this.waiting?.id) this.show(found);
  }

  async choose(source, file = null) {
    if (source !== "camera") this.camera.close();
    [this.source, this.file] = [source, file];
    this.fill();
    if (!this.ready || this.busy) return;
    try {
      if (source === "camera" && !this.camera.stream) await this.camera.open();
      await this.look();
    } catch (error) {
      this.say(this.text(source === "camera" ? "camera_failed" : "picture_failed", { reason: error.message }), true);
    }
  }

  travel(by) {
    const count = this.data.gallery.length;
    this.place = (this.place + by + count) % count;
    this.choose("gallery");
  }

  /** Send what the source shows now to the worker; the camera's next frame follows when this one is seen. */
  async look() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const { source } = this;
    const given = { gallery: () => bitmapOf(this.data.gallery[this.place].url), file: () => bitmapOf(this.file), camera: () => this.camera.frame() };
    const bitmap = await given[source]();
    if (turn !== this.turn) return bitmap.close(); // the visitor chose another one meanwhile
    const image = element("canvas", { width: bitmap.width, height: bitmap.height });
    image.getContext("2d").drawImage(bitmap, 0, 0);
    this.waiting = { id: turn, image, source };
    this.worker.postMessage({ id: turn, image: bitmap }, [bitmap]);
  }

  show(found) {
    const { image, source } = this.waiting;
    this.waiting = null;
    this.say("");
    this.image = image;
    found.forEach(({ ms, boxes, classes }, index) => {
      const panel = this.panels[index];
      panel.runs = [...panel.runs, ms].slice(-KEPT);
      Object.assign(panel, { boxes, classes });
    });
    this.draw();
    const again = source === "camera" ? this.camera.stream : this.panels.some(({ runs }) => runs.length < LEAST);
    if (again && source === this.source) this.look();
  }

  draw() {
    if (!this.image || !this.panels || !this.data) return;
    this.part("value").textContent = this.score.format(this.confidence);
    const font = getComputedStyle(this.root).fontFamily;
    for (const panel of this.panels) {
      if (!panel.runs.length) continue;
      const width = panel.canvas.clientWidth;
      const size = { width, height: (width * this.image.height) / this.image.width };
      panel.canvas.style.height = `${size.height}px`;
      const pen = penOf(panel.canvas, size);
      const place = projection(this.image, size, { zoom: 1, x: 0.5, y: 0.5 });
      drawPicture(pen, this.image, this.image, place);
      const seen = panel.boxes ? this.boxesOf(panel.boxes) : [];
      drawMarks(pen, seen.map(({ box, words }) => ({ state: "plain", rect: place.rect(box), ghost: null, words })), size, font, false);
      this.tell(panel, seen);
    }
  }

  boxesOf(flat) {
    const found = [];
    for (let i = 0; i < flat.length; i += 6) {
      if (flat[i + 4] < this.confidence) continue;
      const label = this.label(flat[i + 5]);
      found.push({ box: flat.slice(i, i + 4), label, words: [`${label} ${this.score.format(flat[i + 4])}`, label] });
    }
    return found;
  }

  tell(panel, seen) {
    const sorted = [...panel.runs].sort((a, b) => a - b);
    const ms = sorted[Math.floor(sorted.length / 2)];
    panel.speed.textContent = this.text("speed", { ms: this.number.format(ms), rate: this.number.format(1000 / ms) });
    const told = panel.classes ? this.classesOf(panel.classes) : this.text("boxes", { count: seen.length });
    panel.told.textContent = `${told} · ${panel.model.note}`;
    panel.canvas.ariaLabel = `${panel.model.title}: ${panel.classes ? told : seen.map(({ words }) => words[0]).join(", ") || told}`;
    panel.canvas.dataset.boxes = JSON.stringify(panel.boxes ?? null);
  }

  classesOf(probabilities) {
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, 3);
    return order.map((index) => `${this.label(index)} ${this.score.format(probabilities[index])}`).join(", ");
  }

  close() {
    this.camera.close();
    this.worker?.terminate();
    this.sizing.disconnect();
  }
}
