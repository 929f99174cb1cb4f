"""The weights of each layer of any file, as the network computes with them: what they look like, by the X-ray's measures.

The X-ray needs a model that has not been compressed; this reads packed and quantized files too, without images.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

import numpy as np
import onnx

from edgeslim.analysis.network import Node
from edgeslim.analysis.network_matching import matched, with_names_of
from edgeslim.analysis.network_reading import read_network
from edgeslim.artifacts.store import Store
from edgeslim.detections import Doubles, FloatArray
from edgeslim.metrics.counts import weights_of
from edgeslim.metrics.graph import load
from edgeslim.metrics.redundancy import (
    Histogram,
    effective_rank,
    entropy,
    histogram,
    largest_cosines,
    singular_values,
)
from edgeslim.progress import Progress, silent
from edgeslim.records import decoded, encoded

WEIGHTS, NOISE = "layer_weights", "weight_noise"
"""Record kinds in the store."""
BITS, BINS = 8, 64
POINTS = 256
"""Channels and singular values of which each is kept; of more, evenly spread ones."""
_DIGITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWeights:
    """`entropy` is of the values rounded to 2^BITS equal bins over their range, in bits; `zeros` a fraction. Per output
    channel, in the order of the weight: least and largest value, and the cosine to the channel most like it. `at` are
    the numbers of the channels that are kept, `ranks` those of the singular values."""

    rows: int
    columns: int
    zeros: float
    entropy: float
    effective_rank: float
    full_rank: int
    histogram: Histogram
    ranks: tuple[int, ...]
    singular: tuple[float, ...]
    at: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    cosines: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWeights:
    """`layers` by their place in the file's network (`analysis.network`)."""

    layers: dict[int, LayerWeights]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightNoise:
    """Signal-to-noise ratio in dB of weights against those of another file, by the layer's place in its own file's
    network: of layers that are one in both files, with weights of one shape that differ."""

    decibels: dict[int, float]


def weights_key(sha256: str) -> str:
    from edgeslim.analysis.records import key_of

    return key_of({"file": sha256, "bits": BITS, "bins": BINS})


def kept_weights(sha256: str, store: Store) -> FileWeights | None:
    """What `file_weights` gives, if it was computed before."""
    record = store.get_record(WEIGHTS, weights_key(sha256))
    return None if record is None else decoded(FileWeights, record)


def file_weights(sha256: str, content: bytes, store: Store, progress: Progress = silent) -> FileWeights:
    """The weights of all layers, from the store if they were looked at before. Raises ModelError."""
    found = store.computed(
        WEIGHTS,
        weights_key(sha256),
        lambda: dict(encoded(look(load(content, sha256[:12]), progress))),
        progress,
    )
    return decoded(FileWeights, found)


def noise_key(before: str, after: str) -> str:
    from edgeslim.analysis.records import key_of

    return key_of({"before": before, "after": after})


def kept_noise(before: str, after: str, store: Store) -> WeightNoise | None:
    """What `weight_noise` gives, if it was computed before."""
    record = store.get_record(NOISE, noise_key(before, after))
    return None if record is None else decoded(WeightNoise, record)


def weight_noise(before: str, after: str, contents: tuple[bytes, bytes], store: Store) -> WeightNoise:
    """Of the second file against the first, from the store if it was computed before. Raises ModelError."""
    found = store.computed(
        NOISE,
        noise_key(before, after),
        lambda: dict(encoded(noise(load(contents[0], before[:12]), load(contents[1], after[:12])))),
    )
    return decoded(WeightNoise, found)


def noise(before: onnx.ModelProto, after: onnx.ModelProto) -> WeightNoise:
    """How far the weights of the second file are from the first one's, layer by layer.

    All that changes weights counts: rounding, but also training and equalization.
    """
    (one, first, names), (other, second, others) = read_network(before), read_network(after)
    was, now = weights_of(first), weights_of(second)
    found = {}
    for pair in matched(one, with_names_of(other, one)):
        if len(pair.before) != 1 or len(pair.after) != 1:
            continue
        a, b = was.get(names[pair.before[0]]), now.get(others[pair.after[0]])
        if a is None or b is None or a.shape != b.shape:
            continue
        off = float(np.square(a.astype(np.float64) - b).sum())
        power = float(np.square(a.astype(np.float64)).sum())
        if off > 0 and power > 0:
            found[pair.after[0]] = round(10 * log10(power / off), 2)
    return WeightNoise(decibels=found)


def look(model: onnx.ModelProto, progress: Progress = silent) -> FileWeights:
    """The weights of a file, unpacked and dequantized. Integer weights are told in their own steps."""
    network, graph, names = read_network(model)
    values = weights_of(graph)
    layers = {}
    wanted = [place for place in network.layers if names[place] in values]
    for done, place in enumerate(wanted):
        progress("weights", done, len(wanted))
        node = network.nodes[place]
        layers[place] = of_rows(rows_of(node, values[names[place]].astype(np.float32)))
    return FileWeights(layers=layers)


def of_rows(rows: FloatArray) -> LayerWeights:
    """The measures of a weight as rows, one for each output channel."""
    singular = singular_values(rows)
    cosines = largest_cosines(rows)
    at, ranks = _spread(len(rows)), _spread(len(singular))
    return LayerWeights(
        rows=rows.shape[0],
        columns=rows.shape[1],
        zeros=float(np.mean(rows == 0)),
        entropy=entropy(rows, BITS),
        effective_rank=effective_rank(singular),
        full_rank=len(singular),
        histogram=histogram(rows, BINS),
        ranks=tuple((ranks + 1).tolist()),
        singular=_short(singular[ranks]),
        at=tuple(at.tolist()),
        low=_short(rows.min(axis=1)[at]),
        high=_short(rows.max(axis=1)[at]),
        cosines=_short(cosines[at]),
    )


def rows_of(node: Node, weight: FloatArray) -> FloatArray:
    """(output channels, values each) of a node's weight."""
    if node.op == "ConvTranspose":
        inputs, outputs, *kernel = weight.shape
        split = weight.reshape(node.groups, inputs // node.groups, outputs, *kernel)
        return np.ascontiguousarray(np.moveaxis(split, 2, 1)).reshape(node.groups * outputs, -1)
    if node.outputs_first:
        return weight.reshape(len(weight), -1)
    if "MatMul" in node.op or "Gemm" in node.op:
        return np.ascontiguousarray(np.swapaxes(weight, -1, -2)).reshape(-1, weight.shape[-2])
    return weight.reshape(-1, weight.shape[-1])


def _spread(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.unique(np.linspace(0, count - 1, min(count, POINTS)).round().astype(np.int64))


def _short(values: Doubles | FloatArray) -> tuple[float, ...]:
    return tuple(float(f"{value:.{_DIGITS}g}") for value in values.tolist())
