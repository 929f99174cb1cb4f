// Mouse, fingers and keys.

const MOST_FOUND = 30;

function listen(view) {
  const { root, stage, map } = view;
  const stop = new AbortController();
  const on = (target, type, act, options = {}) => target.addEventListener(type, act, { signal: stop.signal, ...options });
  view.close = () => stop.abort();
  const acts = {
    in: () => view.setZoom(view.zoom * 1.4),
    out: () => view.setZoom(view.zoom / 1.4),
    whole: () => view.whole(),
    fold: () => view.report({ folded: ["*"] }),
    unfold: () => view.report({ folded: [] }),
  };
  on(root, "click", (event) => acts[event.target.closest?.("button")?.dataset.do]?.());
  on(view.part("[data-field=colour]"), "change", ({ target }) => {
    view.colour = target.value;
    view.data.colour = target.value;
    view.paint();
    view.report({ colour: target.value });
  });
  const placeOf = (event) => Number(event.target.closest?.(".box")?.dataset.k ?? -1);
  on(stage, "scroll", () => view.mark());
  on(stage, "wheel", (event) => {
    if (!event.ctrlKey) return; // a plain wheel scrolls
    event.preventDefault();
    const { left, top } = stage.getBoundingClientRect();
    view.setZoom(view.zoom * Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
  }, { passive: false });
  let grip = null;
  on(stage, "pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return; // fingers scroll by themselves
    grip = { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop, moved: false };
  });
  on(window, "pointermove", (event) => {
    if (!grip) return;
    const [x, y] = [event.clientX - grip.x, event.clientY - grip.y];
    grip.moved ||= Math.hypot(x, y) > 5;
    if (!grip.moved) return;
    stage.classList.add("dragged");
    view.tip(-1);
    stage.scrollTo(grip.left - x, grip.top - y);
  });
  let dragged = false;
  on(window, "pointerup", () => {
    dragged = Boolean(grip?.moved);
    grip = null;
    stage.classList.remove("dragged");
  });
  on(stage, "pointerover", (event) => {
    if (event.pointerType === "mouse" && !grip) view.tip(placeOf(event), event.clientX, event.clientY);
  });
  on(stage, "pointerleave", () => view.tip(-1));
  on(stage, "click", (event) => {
    const k = placeOf(event);
    if (k < 0 || dragged) return;
    view.tip(-1);
    view.step(k);
    view.open(k);
  });
  pinch(view, on);
  const toMap = (event) => {
    if (!event.buttons) return;
    const { top, height, left, width } = map.getBoundingClientRect();
    stage.scrollTop = ((event.clientY - top) / height) * stage.scrollHeight - stage.clientHeight / 2;
    stage.scrollLeft = ((event.clientX - left) / width) * stage.scrollWidth - stage.clientWidth / 2;
  };
  on(map, "pointerdown", (event) => { map.setPointerCapture(event.pointerId); toMap(event); });
  on(map, "pointermove", toMap);
  on(stage, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = view.at < 0 ? Math.max(0, view.selected) : view.at;
    const along = (from, to) => {
      const found = view.data.edges.find((edge) => edge[from] === at);
      return found ? found[to] : at;
    };
    const keys = {
      ArrowDown: () => view.step(view.at < 0 ? at : along(0, 1)),
      ArrowUp: () => view.step(view.at < 0 ? at : along(1, 0)),
      ArrowRight: () => view.step(view.at < 0 ? at : at + 1),
      ArrowLeft: () => view.step(view.at < 0 ? at : at - 1),
      Home: () => view.step(0),
      End: () => view.step(view.data.boxes.length - 1),
      Enter: () => view.open(at),
      " ": () => view.open(at),
      f: () => view.fold(at),
      Escape: () => view.report({ layer: null }),
      "+": acts.in, "=": acts.in, "-": acts.out, 0: acts.whole,
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  find(view, on);
}

function pinch(view, on) {
  const { stage } = view;
  let apart = 0;
  const spread = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  on(stage, "touchstart", (event) => { apart = event.touches.length === 2 ? spread(event.touches) : 0; }, { passive: true });
  on(stage, "touchmove", (event) => {
    if (!apart || event.touches.length !== 2) return;
    event.preventDefault();
    const now = spread(event.touches);
    const { left, top } = stage.getBoundingClientRect();
    const [a, b] = event.touches;
    view.setZoom((view.zoom * now) / apart, (a.clientX + b.clientX) / 2 - left, (a.clientY + b.clientY) / 2 - top);
    apart = now;
  }, { passive: false });
}

/** The search field: names of all layers, those inside folded blocks too. */
function find(view, on) {
  const [field, list] = [view.part("[data-field=search]"), view.part("#found")];
  let place = 0;
  let found = [];
  const close = () => { list.hidden = true; field.setAttribute("aria-expanded", "false"); };
  const take = (name) => { close(); field.value = ""; view.report({ layer: name }); };
  const draw = () => {
    const text = field.value.trim().toLowerCase();
    found = text ? view.data.names.filter((name) => name.toLowerCase().includes(text)).slice(0, MOST_FOUND) : [];
    place = Math.min(place, Math.max(0, found.length - 1));
    list.replaceChildren(...found.map((name, k) => {
      const item = Object.assign(document.createElement("li"), { textContent: name, id: `found-${k}`, role: "option" });
      item.setAttribute("aria-selected", String(k === place));
      item.onpointerdown = (event) => { event.preventDefault(); take(name); };
      return item;
    }));
    list.hidden = !found.length;
    field.setAttribute("aria-expanded", String(Boolean(found.length)));
    if (found.length) field.setAttribute("aria-activedescendant", `found-${place}`);
    else field.removeAttribute("aria-activedescendant");
  };
  on(field, "input", () => { place = 0; draw(); });
  on(field, "blur", close);
  on(field, "keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && found[place] !== undefined && !list.hidden) { event.preventDefault(); take(found[place]); }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      place = Math.min(found.length - 1, Math.max(0, place + (event.key === "ArrowDown" ? 1 : -1)));
      draw();
    }
  });
}
