// Small things to build the pictures from, and how numbers are written.

/** An element with properties, attributes (dashed names and `role`) and children. */
function element(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

const PLAYED = 7000; // milliseconds from one end of a slider to the other
const ICONS = { play: "M6 4l11 6-11 6z", stop: "M5 5h10v10H5z" };

/** A labelled slider; `say(value)` gives the words of a value. Its width does not depend on the words. Given the words
 * `play`, a button moves it from end to end and back to where it was. */
function slider(name, { min, max, step = 1, value, play = "" }, say, changed) {
  const told = element("output");
  const input = element("input", {
    type: "range", min, max, step, value,
    oninput: () => {
      stop();
      set(Number(input.value));
      changed(Number(input.value));
    },
  });
  const set = (now) => {
    input.value = now;
    told.textContent = say(now);
    input.setAttribute("aria-valuetext", told.textContent);
  };
  set(value);
  const label = element("span", { textContent: name, "aria-hidden": "true" });
  input.setAttribute("aria-label", name);
  const button = element("button", { type: "button", "aria-label": play, title: play, hidden: !play, onclick: () => (running ? stop() : start()) });
  let running = 0;
  const show = (icon) => { button.innerHTML = `<svg aria-hidden="true" viewBox="0 0 20 20"><path d="${ICONS[icon]}" /></svg>`; };
  const stop = () => { cancelAnimationFrame(running); running = 0; show("play"); };
  const start = () => {
    const [from, to] = [Number(input.min), Number(input.max)];
    const home = Number(input.value);
    let began = null;
    show("stop");
    const frame = (now) => {
      began ??= now;
      const done = (now - began) / PLAYED;
      const wanted = done >= 1 ? home : from + Math.round((done * (to - from)) / step) * step;
      running = done >= 1 ? 0 : requestAnimationFrame(frame);
      if (!running) show("play");
      if (wanted === Number(input.value)) return;
      set(wanted);
      changed(wanted);
    };
    running = requestAnimationFrame(frame);
  };
  show("play");
  const root = element("div", { className: "slider" }, label, button, input, told);
  return { root, input, set };
}

/** Buttons of which one is pressed: `options` are [value, words]. */
function choice(name, options, value, changed) {
  const buttons = options.map(([option, words]) =>
    element("button", { type: "button", textContent: words, onclick: () => { set(option); changed(option); } }),
  );
  const set = (now) => buttons.forEach((button, k) => { button.ariaPressed = String(options[k][0] === now); });
  set(value);
  const root = element("div", { className: "choice", role: "group", "aria-label": name }, ...buttons);
  return { root, set, buttons };
}

/** Named values in large type; `set` takes [value, note, tone] by name. */
function figures(names) {
  const parts = Object.fromEntries(Object.keys(names).map((name) => [name, [element("b"), element("small")]]));
  const root = element("dl", {}, ...Object.entries(names).map(([name, words]) =>
    element("div", {}, element("dt", { textContent: words }), element("dd", {}, ...parts[name]))));
  const set = (values) => {
    for (const [name, [value, note = "", tone = ""]] of Object.entries(values)) {
      parts[name][0].textContent = value;
      parts[name][0].className = tone;
      parts[name][1].textContent = note;
    }
  };
  return { root, set };
}

/** One of the linked levels, with its place among them. */
function level(place, title, ...children) {
  const name = element("span", { textContent: title });
  const detail = element("span", { className: "detail" });
  const root = element("section", { className: `level level-${place}`, "aria-label": title },
    element("p", { className: "title" }, element("span", { className: "place", textContent: place, "aria-hidden": "true" }), name, detail),
    ...children);
  return { root, detail };
}

/** Bars, one for each of `rows` ({name, note, open}); those with `open` are buttons. */
function bars(rows, label) {
  const made = rows.map(({ name, note, open }) => {
    const [fill, rest, told] = [element("i", { className: "fill" }), element("i", { className: "rest" }), element("span", { className: "told" })];
    const root = element(open ? "button" : "div", { className: "row", title: note ?? name, ...(open && { type: "button", onclick: open }) },
      element("span", { className: "name", textContent: name }),
      element("span", { className: "track", "aria-hidden": "true" }, fill, rest), told);
    return { root, fill, rest, told };
  });
  const root = element("div", { className: "rows", role: "group", "aria-label": label }, ...made.map((row) => row.root));
  /** Widths as shares of the track; `rest` follows `fill`. */
  const set = (k, fill, rest, words, tone = "") => {
    made[k].fill.style.width = `${100 * fill}%`;
    made[k].rest.style.width = `${100 * rest}%`;
    made[k].told.textContent = words;
    made[k].root.dataset.tone = tone;
  };
  const press = (k) => made.forEach((row, each) => { if (row.root.tagName === "BUTTON") row.root.ariaPressed = String(each === k); });
  return { root, set, press };
}

/** Lines of arithmetic: [what, result, tone]; the same number of lines each time, so that nothing jumps. */
function steps(count) {
  const lines = Array.from({ length: count }, () => [element("span"), element("b")]);
  const root = element("ol", { className: "steps" }, ...lines.map((line) => element("li", {}, ...line)));
  const set = (rows) => lines.forEach(([what, result], k) => {
    const [left = "", right = "", tone = ""] = rows[k] ?? [];
    what.textContent = left;
    result.textContent = right;
    result.className = tone;
  });
  return { root, set };
}

/** A file against the room on the chosen device; without a device there is nothing to show. */
function budgetBar(budget, text) {
  const [fill, told] = [element("i", { className: "fill" }), element("span")];
  const root = element("div", { className: "budget", hidden: !budget },
    element("span", { className: "track", "aria-hidden": "true" }, fill, element("i", { className: "limit" })), told);
  const set = (bytes) => {
    if (!budget) return;
    const over = bytes > budget.bytes;
    root.classList.toggle("over", over);
    root.style.setProperty("--limit", `${(100 * budget.bytes) / Math.max(bytes, budget.bytes)}%`);
    fill.style.width = `${(100 * bytes) / Math.max(bytes, budget.bytes)}%`;
    told.textContent = text(over ? "over_budget" : "within_budget", {
      device: budget.name, size: sizeText(bytes), limit: sizeText(budget.bytes),
    });
  };
  return { root, set };
}

// Numbers as `units.py` writes them

const minus = (text) => text.replace(/-/g, "−");
const threeFigures = (value) => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);

function sizeText(bytes) {
  if (bytes < 999.5) return `${Math.round(bytes)} B`;
  return bytes < 999.5e3 ? `${threeFigures(bytes / 1e3)} KB` : bytes < 999.5e6 ? `${threeFigures(bytes / 1e6)} MB` : `${threeFigures(bytes / 1e9)} GB`;
}

function shareText(share) {
  return share >= 0.99 && share < 1 ? `${(share * 100).toFixed(1)} %` : `${(share * 100).toFixed(0)} %`;
}

const countText = (count) => count.toLocaleString("en").replace(/,/g, " ");
const decibels = (value) => minus(`${value.toFixed(1)} dB`);

/** Three significant figures, as many decimals as it takes. */
function numberText(value, figures = 3) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-5 || size >= 1e6) return minus(value.toExponential(figures - 1)).replace(/e\+?(−?)(\d+)/, " · 10^$1$2");
  const decimals = Math.max(0, figures - 1 - Math.floor(Math.log10(size)));
  return minus(value.toFixed(Math.min(decimals, 8)));
}
