// What became of one model's boxes in another's, and what each model made of one box. The rules are those of
// edgeslim.metrics.fidelity.diff, here because the threshold moves in the page; a test holds the two together.

const CHANGES = ["kept", "moved", "relabelled", "lost", "gained"];
const VERDICTS = ["right", "wrong", "missed"];
const VERDICT = { kept: "right", moved: "right", relabelled: "wrong", gained: "wrong", lost: "missed" };
const UNCHANGED = new Set(["plain", "kept", "right", "unjudged"]);

/** Columns of a flat [x0, y0, x1, y1, score, class, …]. Single precision, as in Python: ties stay ties. */
function unpack(flat) {
  const count = flat.length / 6;
  const found = {
    corners: new Float32Array(4 * count),
    scores: new Float32Array(count),
    classes: new Int32Array(count),
  };
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 4; k++) found.corners[4 * i + k] = flat[6 * i + k];
    found.scores[i] = flat[6 * i + 4];
    found.classes[i] = flat[6 * i + 5];
  }
  return found;
}

const cornersOf = (found, i) => found.corners.subarray(4 * i, 4 * i + 4);
const area = (box) => (box[2] - box[0]) * (box[3] - box[1]);

function shared(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return Math.max(width, 0) * Math.max(height, 0);
}

function boxIou(a, b) {
  const both = shared(a, b);
  return both > 0 ? both / (area(a) + area(b) - both) : 0;
}

/** Indices of the boxes whose score reaches the threshold; NumPy compares them in single precision, too. */
function shown(found, threshold) {
  const least = Math.fround(threshold);
  return [...found.scores.keys()].filter((i) => found.scores[i] >= least);
}

/** {kept, moved, relabelled: [{i, j, iou}], lost: [i], gained: [j]}; `rule` is {same, moved}, both an IoU. */
function diff(before, after, threshold, rule) {
  const rows = shown(before, threshold);
  const columns = shown(after, threshold);
  const overlaps = [];
  for (const i of rows) {
    for (const j of columns) {
      const iou = boxIou(cornersOf(before, i), cornersOf(after, j));
      if (iou >= rule.same) overlaps.push({ i, j, iou, like: before.classes[i] === after.classes[j] });
    }
  }
  overlaps.sort((a, b) => b.iou - a.iou); // stable: of equal ones the lowest indices come first
  const usedBefore = new Set();
  const usedAfter = new Set();
  const paired = (like) =>
    overlaps.filter((pair) => {
      if (pair.like !== like || usedBefore.has(pair.i) || usedAfter.has(pair.j)) return false;
      usedBefore.add(pair.i);
      usedAfter.add(pair.j);
      return true;
    });
  const alike = paired(true);
  const relabelled = paired(false);
  return {
    kept: alike.filter((pair) => pair.iou >= rule.moved),
    moved: alike.filter((pair) => pair.iou < rule.moved),
    relabelled,
    lost: rows.filter((i) => !usedBefore.has(i)),
    gained: columns.filter((j) => !usedAfter.has(j)),
  };
}

/** One picture: its models' boxes (the original's first) and, where known, the truth. */
class Scene {
  constructor(given) {
    Object.assign(this, given); // title, url, width, height, label
    this.views = given.models.map((model) => model?.boxes && unpack(model.boxes));
    this.truth = given.truth && unpack(given.truth);
    this.crowd = given.crowd ? unpack(given.crowd) : unpack([]);
  }

  /** What a model is judged by: the truth, else the original; null for the original itself. */
  reference(model, byTruth) {
    return byTruth ? this.truth : model > 0 ? this.views[0] : null;
  }

  /** [{state, i, j, iou}]: a model's boxes and what it lacks; i counts in the reference, j in the model. */
  fates(model, threshold, rule, byTruth) {
    const key = `${threshold} ${byTruth}`;
    if (this.judged !== key) [this.judged, this.known] = [key, []];
    return (this.known[model] ??= this.judge(model, threshold, rule, byTruth));
  }

  judge(model, threshold, rule, byTruth) {
    const view = this.views[model];
    const reference = this.reference(model, byTruth);
    if (!view) return [];
    if (!reference) return shown(view, threshold).map((j) => ({ state: "plain", i: null, j, iou: null }));
    const found = diff(reference, view, threshold, rule);
    const fates = ["kept", "moved", "relabelled"].flatMap((state) =>
      found[state].map(({ i, j, iou }) => ({ state, i, j, iou })),
    );
    fates.push(...found.lost.map((i) => ({ state: "lost", i, j: null, iou: null })));
    fates.push(...found.gained.map((j) => ({ state: "gained", i: null, j, iou: null })));
    if (!byTruth) return fates;
    return fates.map((fate) => ({
      ...fate,
      state: fate.state === "gained" && this.inCrowd(view, fate.j, rule) ? "unjudged" : VERDICT[fate.state],
    }));
  }

  /** How many of the boxes that a model lost were the original's false alarms; 0 where the truth is not known. */
  cleared(model, threshold, rule) {
    if (!this.truth) return 0;
    const wrong = new Set(this.judge(0, threshold, rule, true).filter(({ state }) => state === "wrong").map(({ j }) => j));
    return this.judge(model, threshold, rule, false).filter(({ state, i }) => state === "lost" && wrong.has(i)).length;
  }

  /** Whether a box lies in a region annotated as a crowd of its class: nobody counted what is there. */
  inCrowd(view, j, rule) {
    const box = cornersOf(view, j);
    return [...this.crowd.classes.keys()].some(
      (k) =>
        this.crowd.classes[k] === view.classes[j] &&
        shared(box, cornersOf(this.crowd, k)) >= rule.same * area(box),
    );
  }

  /** The box of a model, of any score, that overlaps `box` most, or null: {j, iou}. */
  nearest(model, box, rule) {
    let best = null;
    for (const j of this.views[model]?.classes.keys() ?? []) {
      const iou = boxIou(box, cornersOf(this.views[model], j));
      if (iou >= rule.same && iou > (best?.iou ?? 0)) best = { j, iou };
    }
    return best;
  }

  /** The state of one object at each threshold, {from, to, state} by runs; i and j as in `fates`, or null. */
  history(model, { i, j }, thresholds, rule, byTruth) {
    const runs = [];
    for (const threshold of thresholds) {
      const fates = this.judge(model, threshold, rule, byTruth);
      const fate = fates.find((one) => i !== null && one.i === i) ?? fates.find((one) => j !== null && one.j === j);
      const state = fate?.state ?? "none";
      if (runs.at(-1)?.state === state) runs.at(-1).to = threshold;
      else runs.push({ from: threshold, to: threshold, state });
    }
    return runs;
  }
}
