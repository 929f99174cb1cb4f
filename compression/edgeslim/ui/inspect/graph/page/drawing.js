// The graph as SVG: boxes, edges, colours. Texts come from files and are only ever set as text.

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, given = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Text that fits a box: cut in the middle, where names differ least. */
function fitted(text, width, size) {
  const most = Math.floor(width / (size * 0.56));
  if (text.length <= most) return text;
  const left = Math.ceil((most - 1) / 2);
  return `${text.slice(0, left)}…${text.slice(text.length - (most - 1 - left))}`;
}

/** A curve through an edge's points that leaves and arrives upright. */
function curve(points) {
  let path = `M${points[0][0]} ${points[0][1]}`;
  for (let k = 1; k < points.length; k += 1) {
    const [[a, b], [c, d]] = [points[k - 1], points[k]];
    const middle = (b + d) / 2;
    path += `C${a} ${middle} ${c} ${middle} ${c} ${d}`;
  }
  return path;
}

function drawBox(box, k) {
  const { place: [x, y], size: [w, h], title, note, folded, layer } = box;
  const sides = { x: x - w / 2, y: y - h / 2, width: w, height: h, rx: layer || folded ? 6 : h / 2 };
  const parts = [svg("rect", { class: "base", ...sides }), svg("rect", { class: "tint", ...sides })];
  const single = !note;
  const name = svg("text", { x, y: single ? y + 5 : y - 3, "text-anchor": "middle" });
  name.textContent = fitted(title, w - 12, note ? 14 : 13);
  parts.push(name);
  if (note) {
    const small = svg("text", { class: "note", x, y: y + 12, "text-anchor": "middle" });
    small.dataset.text = note;
    parts.push(small);
  }
  parts.push(svg("rect", { class: "bar", x: x - w / 2 + 6, y: y + h / 2 - 4, width: 0, height: 3, rx: 1.5 }));
  parts.push(svg("rect", { class: "frame", ...sides }));
  return svg("g", { class: `box ${folded ? "block" : layer ? "layer" : "operator"}`, "data-k": k }, ...parts);
}

/** Everything drawn once; what changes later are colours, frames and the size. */
function drawGraph(data) {
  const edges = data.paths.map((points, k) => svg("path", { class: "edge", d: curve(points), "data-k": k }));
  const boxes = data.boxes.map(drawBox);
  const root = svg("svg", { viewBox: `-20 -20 ${data.width + 40} ${data.height + 40}` }, ...edges, ...boxes);
  return { root, edges, boxes };
}

function drawMap(data) {
  const marks = data.boxes.map(({ place: [x, y], size: [w, h] }) =>
    svg("rect", { class: "tint", x: x - w / 2, y: y - h / 2, width: w, height: h }));
  const seen = svg("rect", { class: "seen" });
  const root = svg("svg", { viewBox: `-20 -20 ${data.width + 40} ${data.height + 40}`, preserveAspectRatio: "none" }, ...marks, seen);
  return { root, marks, seen };
}

/** Colour boxes by a measure: `level` 0 … 1, or a `tone` of a change. */
function paint(drawn, map, measure) {
  drawn.boxes.forEach((group, k) => {
    const level = measure.levels[k];
    const tone = measure.tones?.[k] ?? "";
    const [, tint] = group.children;
    const bar = group.querySelector(".bar");
    group.style.setProperty("--tone", tone || "var(--st-primary-color)");
    map.marks[k].style.setProperty("--tone", tone || "var(--st-primary-color)");
    const shown = level === null || level === undefined ? 0 : level;
    const strong = level === null ? 0.12 : 0.2 + 0.8 * shown; // where no words stand on it
    tint.setAttribute("fill-opacity", level === null ? 0 : 0.05 + 0.4 * shown);
    tint.style.setProperty("--strong", strong);
    map.marks[k].setAttribute("fill-opacity", strong);
    const width = Number(group.children[0].getAttribute("width")) - 12;
    bar.setAttribute("width", level === null ? 0 : width * shown);
    group.classList.toggle("gone", Boolean(measure.gone?.[k]));
    const note = group.querySelector(".note");
    // Kinds are told in words too: colours alone do not tell them to everybody.
    if (note) note.textContent = fitted(measure.keys && measure.texts[k] ? measure.texts[k] : note.dataset.text, width, 11);
  });
}
