// One box: in a bubble under the pointer, and, once clicked, what every model made of it at every threshold.

const THRESHOLDS = [...Array(91).keys()].map((k) => (5 + k) / 100);

/** Where each model has the selected object: [{i, j, iou}], i in its reference, j among its own boxes. */
function partners(view) {
  const [[, scene]] = view.shown();
  const { model: owner, i, j } = view.selected;
  const { rule } = view.data;
  const reference = view.byTruth ? scene.truth : scene.views[0];
  const box = i === null ? cornersOf(scene.views[owner], j) : cornersOf(reference, i);
  return view.data.models.map((_, model) => {
    if (!scene.views[model]) return { i: null, j: null, iou: null };
    if (model === 0 && !view.byTruth && i !== null) return { i: null, j: i, iou: null };
    const fates = scene.fates(model, view.look.confidence, rule, view.byTruth);
    const fate = fates.find((one) => (i !== null ? one.i === i : model === owner && one.j === j));
    if (fate && fate.j !== null) return { i, j: fate.j, iou: fate.iou };
    if (model === owner && i === null) return { i, j, iou: null };
    return { i, j: null, iou: null, ...scene.nearest(model, box, rule) };
  });
}

function boxWords(view, found, index) {
  return `${view.label(found.classes[index])} ${view.score.format(found.scores[index])}`;
}

/** What a model makes of the object now: {state, words}. */
function verdict(view, scene, model, { i, j, iou }) {
  const seen = scene.views[model];
  const fates = scene.fates(model, view.look.confidence, view.data.rule, view.byTruth);
  const fate = fates.find((one) => (i !== null && one.i === i) || (j !== null && one.j === j));
  const parts = [];
  if (fate) parts.push(fate.state === "plain" ? "" : view.text(fate.state));
  if (j === null) parts.push(view.text("nothing"));
  else if (seen.scores[j] < Math.fround(view.look.confidence)) parts.push(view.text("below", { box: boxWords(view, seen, j) }));
  else parts.push(boxWords(view, seen, j));
  if (iou !== null && iou !== undefined) parts.push(`IoU ${view.score.format(iou)}`);
  return { state: fate?.state ?? "none", words: parts.filter(Boolean).join(" · ") };
}

function tellStory(view) {
  const story = view.part("story");
  story.hidden = !view.selected;
  if (!view.selected) return;
  const [[, scene]] = view.shown();
  const { model: owner, i, j } = view.selected;
  const reference = view.byTruth ? scene.truth : scene.views[0];
  const subject = i === null ? boxWords(view, scene.views[owner], j) : view.byTruth ? view.label(reference.classes[i]) : boxWords(view, reference, i);
  const close = element("button", { type: "button", textContent: "×", onclick: () => view.select(null), title: view.text("close") });
  close.setAttribute("aria-label", view.text("close"));
  const rows = view.partners.map((partner, model) => {
    const { state, words } = verdict(view, scene, model, partner);
    const says = element("span", { className: "says" }, swatch(state), words);
    const title = element("b", { textContent: view.data.models[model].title });
    return element("div", { className: "row" }, title, says, strip(view, scene, model, partner));
  });
  const source = view.text(view.byTruth && i !== null ? "truth_box" : i === null ? "gained_box" : "original_box");
  story.replaceChildren(
    element("header", {}, element("b", { textContent: subject }), ` ${source}`, close),
    ...rows,
    element("p", { textContent: view.text("story") }),
  );
}

/** The object's state from threshold 0.05 to 0.95, with the present one as a line. */
function strip(view, scene, model, partner) {
  const runs = scene.history(model, partner, THRESHOLDS, view.data.rule, view.byTruth);
  const share = (threshold) => (threshold - LOWEST) / (HIGHEST - LOWEST + 0.01);
  const pieces = runs.map(({ from, to, state }) => {
    const piece = element("span", { className: "piece", title: `${view.text(state)} ${view.score.format(from)}–${view.score.format(to)}` });
    piece.textContent = to - from > 0.08 ? STYLES[state].sign : "";
    piece.style.cssText = `left:${share(from) * 100}%;width:${(share(to + 0.01) - share(from)) * 100}%;background:${STYLES[state].color}`;
    return piece;
  });
  const now = element("span", { className: "now" });
  now.style.left = `${share(view.look.confidence) * 100}%`;
  const words = runs.map(({ from, to, state }) => `${view.text(state)} ${view.score.format(from)}–${view.score.format(to)}`);
  return element("div", { className: "strip", role: "img", "aria-label": words.join(", ") }, ...pieces, now);
}

/** The bubble: label and score, state and IoU, what it was, and what is left of it. */
function tipLines(view, scene, mark) {
  const { model, fate } = mark;
  const reference = scene.reference(model, view.byTruth);
  const seen = scene.views[model];
  const before = fate.i === null ? null : view.byTruth ? view.label(reference.classes[fate.i]) : boxWords(view, reference, fate.i);
  const lines = [fate.j === null ? before : boxWords(view, seen, fate.j)];
  if (fate.state !== "plain") {
    const iou = fate.iou === null ? "" : ` · IoU ${view.score.format(fate.iou)}`;
    lines.push(`${STYLES[fate.state].sign} ${view.text(fate.state)}${iou}`);
  }
  if (fate.j !== null && before !== null) lines.push(view.text(view.byTruth ? "is" : "was", { box: before }));
  if (fate.j === null) {
    const left = scene.nearest(model, cornersOf(reference, fate.i), view.data.rule);
    lines.push(left ? view.text("here", { box: boxWords(view, seen, left.j) }) : view.text("nothing"));
  }
  return lines;
}
