// From fates to what is on the screen: marks, counts and words of every visible panel.

function paint(view) {
  const font = getComputedStyle(view.stage).fontFamily; // a canvas knows no var()
  view.partners = view.selected ? partners(view) : null;
  // Sizes first, words after: to read between writing would lay the page out anew for every panel.
  const due = view.panels
    .filter((panel) => panel.visible && panel.version !== view.version)
    .map((panel) => [panel, { width: panel.canvas.clientWidth, height: panel.canvas.clientHeight }]);
  for (const [panel, size] of due) {
    if (size.width) paintPanel(view, panel, size, font);
  }
  tellTotals(view);
  view.walk.tell();
  tellStory(view);
}

function paintPanel(view, panel, size, font) {
  const { scene, models, canvas, handle } = panel;
  const pen = penOf(canvas, size);
  panel.version = view.version;
  const place = projection(scene, size, view.look.grid ? closeUp(scene) : view.camera);
  const image = view.images.get(scene.url);
  const cut = view.divider * size.width;
  pen.clearRect(0, 0, size.width, size.height);
  panel.marks = models.map((model) => marksOf(view, scene, model, place));
  if (view.data.walk && handle) panel.marks[0] = withChanges(...panel.marks);
  models.forEach((model, side) => {
    pen.save();
    if (handle) {
      pen.beginPath();
      pen.rect(side ? cut : 0, 0, side ? size.width - cut : cut, size.height);
      pen.clip();
    }
    const spotted = view.mode() === "changes" && scene.views.some(Boolean);
    if (image.naturalWidth && spotted) drawSpots(pen, scene, image, size, place, panel.marks[side]);
    else if (image.naturalWidth) drawPicture(pen, scene, image, place);
    drawMarks(pen, panel.marks[side], size, font, Boolean(view.partners));
    if (spotted && !panel.marks[side].length) drawNote(pen, view.text("unchanged"), size, font);
    pen.restore();
  });
  if (handle) {
    handle.style.left = `${view.divider * 100}%`;
    handle.setAttribute("aria-valuenow", Math.round(view.divider * 100));
  }
  canvas.ariaLabel = models.map((model) => summary(view, scene, model)).join(" ");
  const last = models.at(-1);
  panel.counts.replaceChildren(...(scene.views[last] ? counted(view, scene, last) : classes(view, scene, last)));
  if (image.complete && !image.naturalWidth) panel.counts.append(element("li", { textContent: view.text("missing") }));
}

/** What is drawn for one model: {state, fate, model, rect, ghost, words, selected}. */
function marksOf(view, scene, model, place) {
  const fates = scene.fates(model, view.look.confidence, view.data.rule, view.byTruth);
  const partner = view.partners?.[model];
  const marks = fates.map((fate) => {
    const before = fate.i === null ? null : cornersOf(scene.reference(model, view.byTruth), fate.i);
    const after = fate.j === null ? null : cornersOf(scene.views[model], fate.j);
    const same = (name) => fate[name] !== null && fate[name] === partner[name];
    return {
      ...fate,
      fate,
      model,
      rect: place.rect(after ?? before),
      ghost: fate.state === "moved" ? place.rect(before) : null,
      words: wordsOf(view, scene, model, fate),
      selected: Boolean(partner) && (same("i") || same("j")),
    };
  });
  return view.mode() === "changes" ? marks.filter((mark) => !UNCHANGED.has(mark.state)) : marks;
}

/** The original's marks with the other model's changes: a walk counts those of the whole picture, so both sides show
 * them. A box that is kept stays the original's own. */
function withChanges(original, other) {
  const changes = other.filter(({ state }) => !UNCHANGED.has(state));
  const changed = new Set(changes.map(({ fate }) => fate.i));
  return [...original.filter(({ fate }) => !changed.has(fate.j)), ...changes];
}

/** At most what, at least the sign: tried in turn until one finds room. */
function wordsOf(view, scene, model, { state, i, j }) {
  const { sign } = STYLES[state];
  const reference = scene.reference(model, view.byTruth);
  const was = i === null ? null : view.label(reference.classes[i]);
  if (state === "unjudged") return [];
  if (j === null) return [`${sign} ${was}`, sign];
  const seen = scene.views[model];
  const [label, score] = [view.label(seen.classes[j]), view.score.format(seen.scores[j])];
  if (view.data.models[model].known) return [label];
  if (state === "plain" || state === "kept") return [`${label} ${score}`, label];
  const other = was !== null && was !== label;
  if (state === "relabelled" && other) return [`${was} » ${label} ${score}`, `» ${label}`, sign];
  if (state === "wrong" && other) return [`${sign} ${label} ${score} (${was})`, `${sign} ${label}`, sign];
  return [`${sign} ${label} ${score}`, `${sign} ${label}`, sign];
}

function tally(view, scene, model) {
  const counts = {};
  for (const { state } of scene.fates(model, view.look.confidence, view.data.rule, view.byTruth)) {
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

/** Counts as list items; for the original, which is compared with nothing, how many boxes it has. */
function counted(view, scene, model) {
  const counts = tally(view, scene, model);
  if (!scene.reference(model, view.byTruth)) {
    return [element("li", { textContent: view.text("boxes", { count: counts.plain ?? 0 }) })];
  }
  return [...(view.byTruth ? VERDICTS : CHANGES), "unjudged"]
    .filter((state) => counts[state])
    .map((state) => element("li", { title: view.text(state) }, swatch(state), `${counts[state]} `, element("span", { textContent: view.text(state) })));
}

/** The same in words, for those who do not see the picture. */
function summary(view, scene, model) {
  const comma = view.text("comma");
  const head = `${scene.title}${comma}${view.data.models[model].title}${view.text("colon")}`;
  if (!scene.views[model]) return `${head}${classes(view, scene, model).map((one) => one.textContent).join(comma)}`;
  const counts = tally(view, scene, model);
  const from = view.text("from", { confidence: view.score.format(view.look.confidence) });
  const parts = scene.reference(model, view.byTruth)
    ? Object.entries(counts).map(([state, count]) => `${view.text(state)} ${count}`)
    : [view.text("boxes", { count: counts.plain ?? 0 })];
  return `${head}${from}${parts.join(comma) || view.text("nothing")}.`;
}

/** A classifier's most probable classes, as bars; the true one is marked where the truth is asked for. */
function classes(view, scene, model) {
  const found = scene.models[model]?.classes;
  if (!found) return [element("li", { className: "wide", textContent: view.text("no_decoder") })];
  const bars = found.map(([index, probability], rank) => {
    const truth = view.look.truth && index === scene.label ? ` ✓ ${view.text("true_class")}` : "";
    const words = `${view.label(index)} ${view.score.format(probability)}${truth}`;
    const bar = element("li", { className: rank ? "bar-of" : "bar-of first" }, element("span", { textContent: words }));
    bar.style.setProperty("--share", probability);
    return bar;
  });
  if (view.look.truth && scene.label !== null && !found.some(([index]) => index === scene.label)) {
    bars.push(element("li", { className: "wide", textContent: view.text("truth_is", { label: view.label(scene.label) }) }));
  }
  return bars;
}

/** What changed over all pictures shown, said aloud; and a word where nothing is seen at all. */
function tellTotals(view) {
  const scenes = view.shown().map(([, scene]) => scene).filter((scene) => scene.views.some(Boolean));
  const from = view.text("from", { confidence: view.score.format(view.look.confidence) });
  const parts = view.data.models.map(({ title }, model) => {
    const totals = {};
    for (const scene of scenes) {
      for (const [state, count] of Object.entries(tally(view, scene, model))) totals[state] = (totals[state] ?? 0) + count;
    }
    const words = Object.entries(totals).map(([state, count]) => (state === "plain" ? view.text("boxes", { count }) : `${view.text(state)} ${count}`));
    return { title, words };
  });
  const status = view.root.querySelector("[role=status]");
  const told = scenes.length ? `${from}${parts.map(({ title, words }) => `${title}${view.text("colon")}${words.join(view.text("comma")) || view.text("nothing")}`).join("; ")}.` : "";
  if (status.textContent !== told) status.textContent = told;
  const empty = scenes.length > 0 && parts.every(({ words }) => !words.length || words.every((one) => one === view.text("boxes", { count: 0 })));
  const note = view.part("empty");
  note.hidden = !empty;
  note.textContent = empty ? view.text("empty", { confidence: view.score.format(view.look.confidence), labels: view.data.labels.join(view.text("comma")) }) : "";
}
