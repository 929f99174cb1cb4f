// The graph on the page: what is looked at, from where, and what hands and keys do to it.

const NEAR = 0.42; // zoom from which on words are drawn
const ZOOMS = [0.04, 3];

class View {
  constructor(root) {
    this.root = root;
    this.zoom = 0;
    this.at = -1;
    this.part = (selector) => root.querySelector(selector);
    this.stage = this.part(".stage");
    this.map = this.part(".map");
    listen(this);
  }

  update({ data, setTriggerValue }) {
    this.tell = setTriggerValue;
    if (this.data?.version === data.version) return;
    const before = this.data;
    this.data = data;
    for (const each of this.root.querySelectorAll("[data-text]")) each.textContent = data.texts[each.dataset.text];
    for (const each of this.root.querySelectorAll("[data-label]")) each.setAttribute("aria-label", data.texts[each.dataset.label]);
    const search = this.part("[data-field=search]");
    search.placeholder = data.texts.search;
    search.setAttribute("aria-label", data.texts.search);
    this.part("#found").setAttribute("aria-label", data.texts.search);
    this.part(".zooms").setAttribute("aria-label", data.texts.zoom);
    this.part(".folds").setAttribute("aria-label", data.texts.blocks);
    this.stage.setAttribute("aria-label", data.texts.label);
    this.part(".folds").hidden = !data.blocks.length;
    this.part("[data-do=fold]").disabled = data.blocks.every((name) => data.folded.includes(name));
    this.part("[data-do=unfold]").disabled = !data.folded.length;
    this.chooseColours();
    if (before?.shape !== data.shape) {
      this.drawn = drawGraph(data);
      this.small = drawMap(data);
      this.stage.replaceChildren(this.drawn.root);
      this.map.replaceChildren(this.small.root);
      this.at = -1;
      const keep = before?.network === data.network ? this.zoom : 0;
      this.setZoom(keep || this.fitting());
      this.stage.scrollLeft = (this.stage.scrollWidth - this.stage.clientWidth) / 2;
      if (keep) this.stage.scrollTop = 0;
    }
    this.paint();
    this.choose(data.selected, before?.selected !== data.selected || before?.shape !== data.shape);
  }

  chooseColours() {
    const select = this.part("[data-field=colour]");
    this.colour = this.data.measures.some(({ name }) => name === this.data.colour) ? this.data.colour : this.data.measures[0].name;
    select.replaceChildren(...this.data.measures.map(({ name, label }) => {
      const option = document.createElement("option");
      [option.value, option.textContent, option.selected] = [name, label, name === this.colour];
      return option;
    }));
  }

  get measure() {
    return this.data.measures.find(({ name }) => name === this.colour);
  }

  paint() {
    paint(this.drawn, this.small, this.measure);
    const legend = this.part(".legend");
    const { keys, low, high, label } = this.measure;
    const word = (text) => Object.assign(document.createElement("span"), { textContent: text });
    if (keys) {
      legend.replaceChildren(...keys.map(({ tone, text }) => {
        const mark = document.createElement("i");
        mark.style.background = tone;
        const key = Object.assign(document.createElement("span"), { className: "key" });
        key.append(mark, word(text));
        return key;
      }));
    } else {
      legend.replaceChildren(word(label), word(low), Object.assign(document.createElement("span"), { className: "scale" }), word(high));
    }
  }

  /** Fits the width, but not so small that nothing can be read where that can be helped. */
  fitting() {
    const width = this.stage.clientWidth / (this.data.width + 40);
    return Math.min(1, Math.max(width, Math.min(0.6, NEAR)));
  }

  whole() {
    const { width, height } = this.data;
    this.setZoom(Math.min(1, this.stage.clientWidth / (width + 40), this.stage.clientHeight / (height + 40)));
  }

  /** The point of the stage that is given (in its pixels) stays where it is. */
  setZoom(wanted, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    const zoom = Math.min(ZOOMS[1], Math.max(ZOOMS[0], wanted));
    const { stage } = this;
    const factor = this.zoom ? zoom / this.zoom : 1;
    const margin = Math.max(0, (stage.clientWidth - (this.data.width + 40) * (this.zoom || zoom)) / 2);
    const [left, top] = [(stage.scrollLeft + x - margin) * factor, (stage.scrollTop + y) * factor];
    this.zoom = zoom;
    const root = this.drawn.root;
    root.setAttribute("width", (this.data.width + 40) * zoom);
    root.setAttribute("height", (this.data.height + 40) * zoom);
    root.classList.toggle("far", zoom < NEAR);
    const after = Math.max(0, (stage.clientWidth - (this.data.width + 40) * zoom) / 2);
    stage.scrollLeft = left - x + after;
    stage.scrollTop = top - y;
    this.mark();
  }

  /** What is seen of the whole. */
  mark() {
    const { stage, zoom } = this;
    if (!zoom) return;
    const margin = Math.max(0, (stage.clientWidth - (this.data.width + 40) * zoom) / 2);
    const given = {
      x: (stage.scrollLeft - margin) / zoom - 20, y: stage.scrollTop / zoom - 20,
      width: stage.clientWidth / zoom, height: stage.clientHeight / zoom,
    };
    for (const [name, value] of Object.entries(given)) this.small.seen.setAttribute(name, value);
  }

  show(k) {
    const [x, y] = this.data.boxes[k].place;
    const { stage, zoom } = this;
    const margin = Math.max(0, (stage.clientWidth - (this.data.width + 40) * zoom) / 2);
    const [left, top] = [(x + 20) * zoom + margin, (y + 20) * zoom];
    const inside = left > stage.scrollLeft + 40 && left < stage.scrollLeft + stage.clientWidth - 40 && top > stage.scrollTop + 30 && top < stage.scrollTop + stage.clientHeight - 30;
    if (!inside) stage.scrollTo({ left: left - stage.clientWidth / 2, top: top - stage.clientHeight / 2 });
  }

  choose(name, bring) {
    this.selected = this.data.boxes.findIndex((box) => name !== null && box.names.includes(name));
    this.drawn.boxes.forEach((group, k) => group.classList.toggle("chosen", k === this.selected));
    this.light(this.selected);
    if (bring && this.selected >= 0) this.show(this.selected);
  }

  /** The edges of a box stand out. */
  light(k) {
    this.drawn.edges.forEach((edge, e) => edge.classList.toggle("near", k >= 0 && this.data.edges[e].includes(k)));
  }

  step(k) {
    if (k < 0 || k >= this.data.boxes.length) return;
    this.drawn.boxes[this.at]?.classList.remove("at");
    this.at = k;
    this.drawn.boxes[k].classList.add("at");
    this.show(k);
    this.part(".said").textContent = this.words(k).join(" · ");
  }

  words(k) {
    const box = this.data.boxes[k];
    const figures = this.data.measures.filter(({ texts }) => texts[k]).map(({ label, texts }) => `${label} ${texts[k]}`);
    return [box.title, box.note, ...figures, box.folded && this.data.texts.block].filter(Boolean);
  }

  open(k) {
    const box = this.data.boxes[k];
    if (box.folded) this.report({ folded: this.data.folded.filter((name) => name !== box.block) });
    else this.report({ layer: box.names[0] === this.data.selected ? null : box.names[0] });
  }

  fold(k) {
    const { block, folded } = this.data.boxes[k];
    if (block && !folded) this.report({ folded: [...this.data.folded, block] });
  }

  report(change) {
    this.tell("moved", { ...change, count: (this.count = (this.count ?? 0) + 1) });
  }

  tip(k, x, y) {
    const tip = this.part(".tip");
    tip.hidden = k < 0;
    if (k < 0) return;
    const [title, ...rest] = this.words(k);
    const head = Object.assign(document.createElement("b"), { textContent: title });
    tip.replaceChildren(head, ...rest.map((text) => Object.assign(document.createElement("div"), { textContent: text })));
    const frame = this.root.getBoundingClientRect();
    const left = Math.min(x - frame.left + 14, frame.width - tip.offsetWidth - 4);
    tip.style.left = `${Math.max(0, left)}px`;
    tip.style.top = `${y - frame.top + 16}px`;
  }
}
