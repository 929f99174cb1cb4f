// What the pictures compute. Every function repeats one of Python's, which a test holds it to.

/** Little-endian float16 in base64 → its numbers. */
function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  const found = new Float64Array(bytes.length / 2);
  for (let k = 0; k < found.length; k++) {
    const half = bytes[2 * k] | (bytes[2 * k + 1] << 8);
    const exponent = (half >> 10) & 31;
    const size = exponent ? (1024 + (half & 1023)) * 2 ** (exponent - 25) : (half & 1023) * 2 ** -24;
    found[k] = half & 0x8000 ? -size : size;
  }
  return found;
}

/** The nearest integer, of two the even one, as in IEEE 754 and NumPy. */
function rint(value) {
  const down = Math.floor(value);
  const over = value - down;
  if (over !== 0.5) return over < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}

function extremes(values, start = 0, end = values.length) {
  let low = Infinity;
  let high = -Infinity;
  for (let k = start; k < end; k++) {
    if (values[k] < low) low = values[k];
    if (values[k] > high) high = values[k];
  }
  return [low, high];
}

/** metrics.redundancy.histogram: equal bins from the least to the largest value. */
function histogram(values, bins) {
  const [low, high] = extremes(values);
  const counts = new Array(bins).fill(0);
  for (const value of values) counts[binOf(value, low, high, bins)]++;
  return { low, high, counts };
}

function binOf(value, low, high, bins) {
  return high > low ? Math.min(Math.max(Math.trunc((value - low) * (bins / (high - low))), 0), bins - 1) : 0;
}

/** Shannon entropy of counts (or shares), in bits. */
function entropy(counts) {
  let total = 0;
  for (const count of counts) total += count;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / total) * Math.log2(count / total);
  return Math.abs(bits);
}

// Pruning

/** Zeros of a layer at every position of the slider, in an order. */
function zerosByPosition(order, below, weights, seed) {
  const last = below.length - 1;
  if (order === "smallest") return below;
  if (order === "largest") return below.map((_, k) => weights - below[last - k]);
  const at = new Array(last + 1).fill(0);
  for (let k = 0; k < weights; k++) at[Math.floor(chance(k, seed) * last) + 1]++;
  for (let k = 1; k <= last; k++) at[k] += at[k - 1];
  return at;
}

/** Whether the weight becomes zero at a position. */
function goes(order, value, index, position, thresholds, seed) {
  const last = thresholds.length - 1;
  if (order === "smallest") return Math.abs(value) < thresholds[position];
  if (order === "largest") return Math.abs(value) >= thresholds[last - position];
  return Math.floor(chance(index, seed) * last) < position;
}

/** A number in [0, 1) that only place and seed decide. */
function chance(index, seed) {
  let state = (Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b)) | 0;
  state = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
  return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
}

/** Bits to say which weights are zero, and the others in float32. */
function sparseBits(weights, zeros) {
  return weights * entropy([zeros, weights - zeros]) + 32 * (weights - zeros);
}

// Quantization

/** steps.quantization.grids: the levels of `rows` rows of values, one scale and zero point each.
 * `bits` 1: sign times mean magnitude; 2, symmetric: no level at zero; `shrink`: the part of the range that is kept;
 * `fixed`: scales are powers of two. */
function grid(values, rows, { bits, symmetric, shrink, fixed }) {
  const size = values.length / rows;
  const levels = 2 ** bits;
  const scale = new Float64Array(rows);
  const zero = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const [start, end] = [row * size, (row + 1) * size];
    let [low, high] = extremes(values, start, end);
    if (bits === 1) {
      zero[row] = 0.5;
      let sum = 0;
      for (let k = start; k < end; k++) sum += Math.abs(values[k]);
      scale[row] = (2 * sum) / size;
    } else if (symmetric) {
      zero[row] = bits === 2 ? 1.5 : levels / 2;
      scale[row] = Math.max(high / (levels - 1 - zero[row]), -low / zero[row]) * shrink;
    } else {
      [low, high] = [Math.min(low, 0), Math.max(high, 0)];
      scale[row] = ((high - low) * shrink) / (levels - 1);
      zero[row] = scale[row] > 0 ? Math.min(Math.max(rint((-low * shrink) / scale[row]), 0), levels - 1) : 0;
    }
  }
  alive(scale);
  const made = { rows, size, levels, scale, zero };
  if (fixed) {
    for (let row = 0; row < rows; row++) {
      const down = 2 ** Math.floor(Math.log2(scale[row]));
      scale[row] = down;
      const [finer, coarser] = [rowError(values, made, row, down), rowError(values, made, row, 2 * down)];
      if (coarser < finer) scale[row] = 2 * down;
    }
  }
  return made;
}

/** Rows of zeros get the mean of the other scales: it has no effect, but must be positive. */
function alive(scale) {
  const there = scale.filter((one) => one > 0);
  const mean = there.length ? there.reduce((sum, one) => sum + one, 0) / there.length : 1;
  for (let k = 0; k < scale.length; k++) if (!(scale[k] > 0)) scale[k] = mean;
}

function codeOf(value, { levels }, scale, zero) {
  return Math.min(Math.max(rint(value / scale + zero), 0), levels - 1);
}

function rowError(values, made, row, scale) {
  let sum = 0;
  for (let k = row * made.size; k < (row + 1) * made.size; k++) {
    sum += (values[k] - (codeOf(values[k], made, scale, made.zero[row]) - made.zero[row]) * scale) ** 2;
  }
  return sum;
}

/** Codes and what they stand for, and the ratio of signal to noise in dB (at most 144.5, the resolution of float32). */
function quantized(values, made) {
  const codes = new Float64Array(values.length);
  const after = new Float64Array(values.length);
  let [signal, noise] = [0, 0];
  for (let k = 0; k < values.length; k++) {
    const row = Math.floor(k / made.size);
    codes[k] = codeOf(values[k], made, made.scale[row], made.zero[row]);
    after[k] = (codes[k] - made.zero[row]) * made.scale[row];
    signal += values[k] ** 2;
    noise += (values[k] - after[k]) ** 2;
  }
  const sqnr = noise > signal * 10 ** -14.45 ? 10 * Math.log10(signal / noise) : 144.5;
  return { codes, after, sqnr, error: Math.sqrt(noise / values.length) };
}

// Low rank

/** Singular value decomposition of a matrix, row-major (rows × columns): `left[k]` (rows), `values[k]` falling,
 * `right[k]` (columns). One-sided Jacobi: columns are turned until they stand upright on each other. */
function svd(matrix, rows, columns) {
  if (columns > rows) {
    const { left, values, right } = svd(transposed(matrix, rows, columns), columns, rows);
    return { left: right, values, right: left };
  }
  const u = Array.from({ length: columns }, (_, c) => Float64Array.from({ length: rows }, (_, r) => matrix[r * columns + c]));
  const v = Array.from({ length: columns }, (_, c) => Float64Array.from({ length: columns }, (_, r) => Number(r === c)));
  for (let sweep = 0; sweep < 40; sweep++) {
    let turned = false;
    for (let i = 0; i < columns - 1; i++) {
      for (let j = i + 1; j < columns; j++) {
        const [a, b, c] = [dot(u[i], u[i]), dot(u[j], u[j]), dot(u[i], u[j])];
        if (Math.abs(c) <= 1e-13 * Math.sqrt(a * b)) continue;
        turned = true;
        const slope = (b - a) / (2 * c);
        const tangent = (slope < 0 ? -1 : 1) / (Math.abs(slope) + Math.sqrt(1 + slope * slope));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        turn(u[i], u[j], cosine, cosine * tangent);
        turn(v[i], v[j], cosine, cosine * tangent);
      }
    }
    if (!turned) break;
  }
  const lengths = u.map((column) => Math.sqrt(dot(column, column)));
  const order = lengths.map((_, k) => k).sort((one, other) => lengths[other] - lengths[one]);
  return {
    left: order.map((k) => u[k].map((value) => (lengths[k] > 0 ? value / lengths[k] : 0))),
    values: order.map((k) => lengths[k]),
    right: order.map((k) => v[k]),
  };
}

function transposed(matrix, rows, columns) {
  return Float64Array.from(matrix, (_, k) => matrix[(k % rows) * columns + Math.floor(k / rows)]);
}

function dot(one, other) {
  let sum = 0;
  for (let k = 0; k < one.length; k++) sum += one[k] * other[k];
  return sum;
}

function turn(one, other, cosine, sine) {
  for (let k = 0; k < one.length; k++) {
    const [a, b] = [one[k], other[k]];
    one[k] = cosine * a - sine * b;
    other[k] = sine * a + cosine * b;
  }
}

/** The sum of the first `rank` terms, and the share of the squared norm that it keeps. */
function rebuilt({ left, values, right }, rank) {
  const [rows, columns] = [left[0].length, right[0].length];
  const matrix = new Float64Array(rows * columns);
  for (let k = 0; k < rank; k++) {
    for (let r = 0; r < rows; r++) {
      const factor = values[k] * left[k][r];
      for (let c = 0; c < columns; c++) matrix[r * columns + c] += factor * right[k][c];
    }
  }
  const squares = values.map((value) => value * value);
  const sum = (list) => list.reduce((total, one) => total + one, 0);
  return { matrix, energy: sum(squares) > 0 ? sum(squares.slice(0, rank)) / sum(squares) : 1 };
}

// Soft labels

function softmax(logits, temperature) {
  const top = Math.max(...logits);
  const raised = logits.map((one) => Math.exp((one - top) / temperature));
  const total = raised.reduce((sum, one) => sum + one, 0);
  return raised.map((one) => one / total);
}

// Activation functions: what comes out, and the slope

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const FUNCTIONS = {
  sigmoid: { title: "Sigmoid", value: sigmoid, slope: (x) => sigmoid(x) * (1 - sigmoid(x)) },
  tanh: { title: "tanh", value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
  relu: { title: "ReLU", value: (x) => Math.max(x, 0), slope: (x) => Number(x > 0) },
  leaky_relu: { title: "Leaky ReLU", value: (x) => (x > 0 ? x : 0.01 * x), slope: (x) => (x > 0 ? 1 : 0.01) },
  silu: { title: "SiLU", value: (x) => x * sigmoid(x), slope: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))) },
  hardswish: {
    title: "HardSwish",
    value: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
    slope: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6),
  },
};
