// Runs the original and a compressed file on pictures, beside the page, so that it stays responsive. One plan opens the
// files; each picture is then seen by all of them in turn. What a picture becomes before the network, and boxes after
// it, follows edgeslim.tasks (prepare, nms, to_image).

const CANDIDATES = 1000; // best-scored boxes of a picture that are considered
let ort, plan, files, decoder, surface;

self.onmessage = async ({ data }) => {
  try {
    if (data.plan) await open(data.plan);
    else if (data.measure) await measure(data.measure);
    else await see(data);
  } catch (error) {
    self.postMessage({ told: "failed", id: data.id, reason: String(error?.message ?? error) });
  }
};

async function open(given) {
  plan = given;
  if (!ort) {
    self.postMessage({ told: "loading", what: "runtime" });
    ort = await import(`${plan.runtime}/ort.wasm.min.mjs`);
    ort.env.wasm.wasmPaths = `${plan.runtime}/`;
    ort.env.wasm.numThreads = 1; // more would need headers that cut a page off from all others
    ort.env.logLevel = "error";
  }
  for (const one of files ?? []) await one.session.release();
  await decoder?.release();
  files = [];
  decoder = null;
  for (const [index, model] of plan.models.entries()) {
    self.postMessage({ told: "loading", what: "model", index });
    files.push({ session: await opened(model.url, model.sha256) });
  }
  if (plan.decoder) decoder = await opened(plan.decoder);
  surface = new OffscreenCanvas(plan.input.width, plan.input.height).getContext("2d", { willReadFrequently: true });
  const { channels, height, width } = plan.input;
  for (const { session } of files) await run(session, new Float32Array(channels * height * width)); // the first run is slow
  self.postMessage({ told: "ready", series: plan.series });
}

/** A session of the very file that the study measured: its hash is looked at wherever the browser can. */
async function opened(url, sha256) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const content = await answer.arrayBuffer();
  if (sha256 && self.crypto?.subtle) {
    const digest = new Uint8Array(await self.crypto.subtle.digest("SHA-256", content));
    const found = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (found !== sha256) throw new Error(`${url}: SHA-256 ${found}`);
  }
  return ort.InferenceSession.create(content, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
}

/** `image` is an ImageBitmap, or `tensor` what the network gets of one of `width` × `height` pixels. */
async function see({ id, image, tensor, width, height }) {
  const size = image ? { width: image.width, height: image.height } : { width, height };
  const place = placement(size, plan.input);
  const input = tensor ?? prepared(image, place);
  image?.close();
  const found = [];
  for (const { session } of files) {
    const began = performance.now();
    const outputs = await run(session, input);
    const ms = performance.now() - began;
    found.push({ ms, ...(await read(session, outputs, place, size)) });
  }
  self.postMessage({ told: "seen", id, found });
}

/** What the server compares with its own figures: some numbers of each output, then times, all files in turn. */
async function measure({ images, entries, rounds }) {
  const tensors = await numpyArrays(images);
  const found = entries.map(({ entry, sha256 }) => ({ entry, sha256, values: [], samples_ms: [] }));
  for (const [k, { file, places }] of entries.entries()) {
    const { session } = files[file];
    for (const tensor of tensors) {
      const outputs = await run(session, tensor);
      found[k].values.push(session.outputNames.map((name, port) => places[port].map((i) => Number(outputs[name].data[i]))));
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const [k, { file }] of entries.entries()) {
      const began = performance.now();
      await run(files[file].session, tensors[round % tensors.length]);
      found[k].samples_ms.push(Math.max(performance.now() - began, 1e-3));
    }
    self.postMessage({ told: "measuring", done: round + 1, rounds });
  }
  self.postMessage({ told: "measured", found });
}

/** The rows of a .npy file of little-endian float32 in C order. */
async function numpyArrays(url) {
  const content = await (await fetch(url)).arrayBuffer();
  const start = 10 + new DataView(content).getUint16(8, true);
  const shape = /'shape': \(([^)]*)\)/.exec(new TextDecoder().decode(content.slice(10, start)))[1];
  const [count, ...rest] = shape.split(",").filter((side) => side.trim()).map(Number);
  const size = rest.reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, (_, k) => new Float32Array(content.slice(start + 4 * k * size, start + 4 * (k + 1) * size)));
}

async function run(session, input) {
  const { channels, height, width } = plan.input;
  return session.run({ [session.inputNames[0]]: new ort.Tensor("float32", input, [1, channels, height, width]) });
}

/** Where the resized picture lies in the network's input. */
function placement({ width, height }, { resize, width: across, height: down }) {
  if (resize === "stretch") return { width: across, height: down, left: 0, top: 0 };
  const ratio = Math.min(across / width, down / height);
  const [w, h] = [width, height].map((side) => Math.max(1, Math.floor(side * ratio + 1e-6)));
  if (resize === "letterbox_corner") return { width: w, height: h, left: 0, top: 0 };
  return { width: w, height: h, left: Math.floor((across - w) / 2), top: Math.floor((down - h) / 2) };
}

function prepared(image, place) {
  const { width, height, channels, color, scale, mean, std, pad } = plan.input;
  surface.imageSmoothingEnabled = true;
  surface.imageSmoothingQuality = "high";
  surface.fillStyle = `rgb(${pad} ${pad} ${pad})`;
  surface.fillRect(0, 0, width, height);
  surface.drawImage(image, place.left, place.top, place.width, place.height);
  const { data } = surface.getImageData(0, 0, width, height);
  const cells = width * height;
  const input = new Float32Array(channels * cells);
  const order = color === "BGR" ? [2, 1, 0] : [0, 1, 2];
  for (let channel = 0; channel < channels; channel++) {
    const [gain, shift] = [scale / std[channel], mean[channel] / std[channel]];
    for (let i = 0; i < cells; i++) {
      const value = color === "GRAY" ? luma(data, 4 * i) : data[4 * i + order[channel]];
      input[channel * cells + i] = value * gain - shift;
    }
  }
  return input;
}

/** ITU-R 601, in whole numbers as Pillow has it. */
const luma = (data, i) => (19595 * data[i] + 38470 * data[i + 1] + 7471 * data[i + 2] + 0x8000) >> 16;

async function read(session, outputs, place, size) {
  const values = session.outputNames.map((name) => outputs[name]);
  if (plan.task === "classification") return { classes: probabilities(values[0].data) };
  if (!decoder) return {};
  // Its inputs are called output0, output1 …; those that nobody reads, such as landmarks, it does not have.
  const feeds = Object.fromEntries(decoder.inputNames.map((name) => [name, values[Number(name.slice("output".length))]]));
  const { scores, boxes } = await decoder.run(feeds);
  return { boxes: suppressed(scores, boxes.data, place, size) };
}

/** The output itself if it is a distribution, else its softmax. */
function probabilities(values) {
  const sum = values.reduce((a, b) => a + b, 0);
  if (values.every((value) => value >= 0) && Math.abs(sum - 1) < 1e-3) return Float32Array.from(values);
  const top = Math.max(...values);
  const powers = Float64Array.from(values, (value) => Math.exp(value - top));
  const total = powers.reduce((a, b) => a + b, 0);
  return Float32Array.from(powers, (power) => power / total);
}

/** A flat [x0, y0, x1, y1, score, class, …] in pixels of the picture, by falling score. */
function suppressed({ data, dims }, corners, place, size) {
  const { confidence, iou, agnostic, limit, needed } = plan.boxes;
  const classes = dims.at(-1);
  const least = Math.fround(confidence);
  const found = [];
  for (let i = 0; i < data.length; i++) if (data[i] >= least) found.push(i);
  found.sort((a, b) => data[b] - data[a]);
  const kept = [];
  for (const i of found.slice(0, needed ? CANDIDATES : limit)) {
    if (kept.length >= limit) break;
    const [row, label] = [Math.floor(i / classes), i % classes];
    const box = corners.subarray(4 * row, 4 * row + 4);
    const meets = (other) => (agnostic || other.label === label) && overlap(box, other.box) > iou;
    if (box.every(Number.isFinite) && !(needed && kept.some(meets))) kept.push({ box, label, score: data[i] });
  }
  const flat = [];
  const [across, down] = [place.width / size.width, place.height / size.height];
  for (const { box, label, score } of kept) {
    const x = (value) => Math.min(Math.max((value - place.left) / across, 0), size.width);
    const y = (value) => Math.min(Math.max((value - place.top) / down, 0), size.height);
    const [x0, y0, x1, y1] = [x(box[0]), y(box[1]), x(box[2]), y(box[3])];
    if (x1 > x0 && y1 > y0) flat.push(x0, y0, x1, y1, score, label);
  }
  return flat;
}

function overlap(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  const shared = Math.max(width, 0) * Math.max(height, 0);
  const area = (box) => (box[2] - box[0]) * (box[3] - box[1]);
  return shared / (area(a) + area(b) - shared);
}
