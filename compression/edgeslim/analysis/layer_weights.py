"""The weights of each layer of any file, as the network computes with them: what they look like, by the X-ray's measures.

The X-ray needs a model that has not been compressed; this reads packed and quantized files too, without images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from edgeslim.analysis.network import Node
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

WEIGHTS = "layer_weights"
"""Record kind in the store."""
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
