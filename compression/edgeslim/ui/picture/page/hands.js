// Hands and keys: buttons, threshold, pointer, touch, keyboard.

function listen(view) {
  const { root, stage } = view;
  const stop = new AbortController();
  const on = (target, type, act, options = {}) => target.addEventListener(type, act, { signal: stop.signal, ...options });
  view.quiet = () => stop.abort();
  const acts = {
    previous: () => view.go(view.look.picture - stepOf(view)),
    next: () => view.go(view.look.picture + stepOf(view)),
    grid: () => view.turn({ grid: !view.look.grid }),
    in: () => view.zoom(1.5),
    out: () => view.zoom(1 / 1.5),
    whole: () => view.move({ ...WHOLE }),
  };
  on(root, "click", (event) => {
    const button = event.target.closest?.("button");
    acts[button?.dataset.do]?.();
    if (button?.dataset.view) view.turn({ view: button.dataset.view });
  });
  on(root, "input", ({ target }) => target.dataset.field === "confidence" && view.setThreshold(Number(target.value)));
  on(root, "change", ({ target }) => {
    if (target.dataset.field === "truth") view.turn({ truth: target.checked });
    if (target.dataset.field === "position") view.go(Number(target.value) - 1);
  });
  on(stage, "keydown", (event) => {
    const keys = {
      ArrowLeft: acts.previous,
      ArrowRight: acts.next,
      ArrowUp: () => view.setThreshold(view.look.confidence + STEP),
      ArrowDown: () => view.setThreshold(view.look.confidence - STEP),
      "+": acts.in,
      "=": acts.in,
      "-": acts.out,
      0: acts.whole,
      b: () => nextBox(view, 1),
      B: () => nextBox(view, -1),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button")) return;
    if (view.data.walk && ["ArrowLeft", "ArrowRight", "PageUp", "PageDown", " "].includes(event.key)) {
      event.preventDefault();
      view.walk.key(event.key);
    } else if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  on(root, "keydown", (event) => {
    if (event.key !== "Escape") return;
    if (view.selected) view.select(null);
    else view.move({ ...WHOLE });
    view.hideTip();
  });
  on(window, "popstate", () => view.data.linked && view.recall());
  // A presenter's clicker sends arrows to the page, not to the picture.
  on(document, "keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (view.data.walk) {
      const free = event.target === document.body || event.key === "Escape" || event.key.startsWith("Page");
      if (free && view.walk.key(event.key)) event.preventDefault();
      return;
    }
    const step = { ArrowLeft: "previous", ArrowRight: "next", PageUp: "previous", PageDown: "next" }[event.key];
    if (event.target !== document.body || !view.data.linked || !step) return;
    event.preventDefault();
    acts[step]();
  });
  pointers(view, on);
}

/** Pictures a step goes on: as many as are shown. */
function stepOf(view) {
  return view.look.grid ? view.data.pictures.length : 1;
}

function pointers(view, on) {
  const { stage } = view;
  const down = new Map();
  let moved = 0;
  const at = (event) => {
    const { left, top, width, height } = event.target.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top, u: (event.clientX - left) / width, v: (event.clientY - top) / height, width, height };
  };
  on(stage, "pointerdown", (event) => {
    if (event.target.tagName !== "CANVAS") return;
    down.set(event.pointerId, at(event));
    moved = down.size > 1 ? Infinity : 0; // a pinch is no click
    event.target.setPointerCapture(event.pointerId);
  });
  on(stage, "pointermove", (event) => {
    if (event.target.tagName !== "CANVAS") return;
    const now = at(event);
    const before = down.get(event.pointerId);
    if (!before) return event.pointerType === "mouse" ? hover(view, event, now) : undefined;
    down.set(event.pointerId, now);
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    if (view.look.grid) return undefined;
    const { zoom, x, y } = view.camera;
    if (down.size === 2) {
      const [a, b] = down.values();
      const other = a === now ? b : a;
      const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y);
      view.zoom(apart(now) / Math.max(1, apart(before)), (now.u + other.u) / 2, (now.v + other.v) / 2);
    } else if (zoom > 1) {
      view.move({ zoom, x: x - (now.u - before.u) / zoom, y: y - (now.v - before.v) / zoom });
    }
    return undefined;
  });
  const up = (event) => {
    if (down.delete(event.pointerId) && moved < 6 && event.type === "pointerup") click(view, event, at(event));
  };
  on(stage, "pointerup", up);
  on(stage, "pointercancel", up);
  on(stage, "pointerleave", () => view.hideTip());
  on(stage, "dblclick", (event) => {
    if (event.target.tagName !== "CANVAS" || view.look.grid) return;
    const { u, v } = at(event);
    if (view.camera.zoom > 1) view.move({ ...WHOLE });
    else view.zoom(2.5, u, v);
  });
  on(stage, "wheel", (event) => {
    if (!event.ctrlKey || event.target.tagName !== "CANVAS" || view.look.grid) return; // a plain wheel scrolls
    event.preventDefault();
    const { u, v } = at(event);
    view.zoom(Math.exp(-event.deltaY / 300), u, v);
  }, { passive: false });
}

/** The mark under a point: of several the smallest. */
function under(view, panel, { x, y, u }) {
  const marks = panel.marks[panel.models.length > 1 && u > view.divider ? 1 : 0] ?? [];
  const size = ({ rect }) => (rect.right - rect.left) * (rect.bottom - rect.top);
  const hit = marks.filter(({ rect }) => x > rect.left - 5 && x < rect.right + 5 && y > rect.top - 5 && y < rect.bottom + 5);
  return hit.sort((a, b) => size(a) - size(b))[0];
}

function hover(view, event, point) {
  const panel = view.panelOf(event.target);
  const mark = under(view, panel, point);
  event.target.style.cursor = mark ? "pointer" : "";
  if (!mark) return view.hideTip();
  const { tip, root } = view;
  tip.hidden = false;
  tip.replaceChildren(...tipLines(view, panel.scene, mark).map((line) => element("span", { textContent: line })));
  const around = root.getBoundingClientRect();
  const left = event.clientX - around.left + 14;
  tip.style.left = `${between(0, left, around.width - tip.offsetWidth)}px`;
  tip.style.top = `${event.clientY - around.top + 16}px`;
  return undefined;
}

/** In a grid a click opens the picture; on a picture it opens the story of the box, or closes it. */
function click(view, event, point) {
  const panel = view.panelOf(event.target);
  const mark = under(view, panel, point);
  view.stage.focus({ preventScroll: true });
  if (view.look.grid) view.turn({ grid: false, picture: panel.place });
  view.select(mark ? objectOf(view, mark) : null, mark?.model);
}

/** The original's own box is the one that the others are compared with. */
function objectOf(view, { model, fate }) {
  return model === 0 && !view.byTruth ? { i: fate.j, j: null } : fate;
}

/** The next box, changed ones first, for those who have no pointer. */
function nextBox(view, step) {
  if (view.look.grid) return;
  const marks = view.panels.flatMap((panel) => panel.marks.flat());
  const changed = marks.filter((mark) => !UNCHANGED.has(mark.state));
  const boxes = changed.length ? changed : marks;
  if (!boxes.length) return;
  const now = boxes.findIndex((mark) => {
    const { i, j } = objectOf(view, mark);
    return mark.model === view.selected?.model && i === view.selected.i && j === view.selected.j;
  });
  const mark = boxes[(now + step + boxes.length) % boxes.length];
  view.select(objectOf(view, mark), mark.model);
}

/** The line between two views: a slider, 44 pixels wide under a finger. */
function divider(view, canvas) {
  const handle = element("div", { className: "divider", tabIndex: 0, role: "slider", "aria-valuemin": 0, "aria-valuemax": 100 });
  handle.setAttribute("aria-label", view.text("divider"));
  const put = (share) => {
    view.divider = between(0, share, 1);
    view.draw();
  };
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const { left, width } = canvas.getBoundingClientRect();
    put((event.clientX - left) / width);
  });
  handle.addEventListener("keydown", (event) => {
    const target = { ArrowLeft: view.divider - 0.02, ArrowRight: view.divider + 0.02, Home: 0, End: 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    put(target);
  });
  return handle;
}
