"""Simulated effect of each technique on a single layer at a chosen strength, for measurements and predictions.

A simulated layer computes what the compressed one would, before any recovery; no file is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.detections import Doubles, FloatArray
from edgeslim.registry import Registry
from edgeslim.steps.clustering.codebook import make_codebook
from edgeslim.steps.onnx_layers.layers import RECURRENT, WeightLayer
from edgeslim.steps.quantization import grids

Range = tuple[float, float]
Strengths = Mapping[str, Sequence[float]]
"""Technique → its strengths."""


@dataclass(frozen=True, slots=True)
class Technique:
    """`weight(rows, strength)` gives the changed rows (O, K); None: the layer's input is changed, not its weight."""

    name: str
    unit: str
    strengths: tuple[float, ...]
    """Usual strengths, the mildest first."""
    probe: float
    """The strength at which layers are compared, where only one is used."""
    bits: Callable[[float], float] | None
    """Bits per stored weight at a strength, without scales and tables; None: storage does not change."""
    weight: Callable[[Doubles, float], Doubles] | None
    fits: Callable[[WeightLayer, float, bool], bool]
    """(layer, strength, whether it is among the last): whether the technique can be applied there."""


TECHNIQUES: Registry[Technique] = Registry("technique")


def parsed(given: Strengths | None) -> dict[str, tuple[float, ...]]:
    """The given techniques and strengths, checked; all techniques at their usual strengths if None.

    Raises EdgeSlimError (unknown_name).
    """
    if given is None:
        return {each.name: each.strengths for each in TECHNIQUES}
    return {
        name: tuple(float(s) for s in strengths) or TECHNIQUES.get(name).strengths
        for name, strengths in given.items()
        if TECHNIQUES.get(name)
    }


def fake_quantized(values: FloatArray, full: Range, bits: float) -> FloatArray:
    """Values rounded to 2^bits levels over a range that is extended to contain zero, and clipped to it."""
    low, high = min(full[0], 0.0), max(full[1], 0.0)
    top = 2.0**bits - 1
    scale = max((high - low) / top, 1e-30)
    zero = np.rint(-low / scale)
    codes = np.clip(np.rint(values / np.float32(scale)) + np.float32(zero), 0, np.float32(top))
    rounded: FloatArray = (codes - np.float32(zero)) * np.float32(scale)
    return rounded


def rank_at(shape: tuple[int, int], saved: float) -> int:
    """Largest rank whose two factors save that share of a matrix's weights; 0 if there is none."""
    rows, columns = shape
    return int((1.0 - saved) * rows * columns / (rows + columns) + 1e-9)


def _magnitude(rows: Doubles, share: float) -> Doubles:
    size = np.abs(rows).ravel()
    gone = round(share * size.size)
    changed = rows.copy().ravel()
    if gone:
        changed[np.argpartition(size, gone - 1)[:gone]] = 0.0
    return changed.reshape(rows.shape)


def _channels(rows: Doubles, share: float) -> Doubles:
    changed = rows.copy()
    changed[np.argsort(np.abs(rows).sum(axis=1), kind="stable")[: round(share * len(rows))]] = 0.0
    return changed


def _low_rank(rows: Doubles, saved: float) -> Doubles:
    """The nearest matrix of that rank: rows or columns projected on the leading eigenvectors of their Gram matrix."""
    tall = len(rows) > rows.shape[1]
    wide = rows.T if tall else rows
    _, vectors = np.linalg.eigh(wide @ wide.T)
    leading = vectors[:, len(wide) - rank_at(rows.shape, saved) :]
    near: Doubles = leading @ (leading.T @ wide)
    return near.T if tall else near


def _low_bit(rows: Doubles, bits: float) -> Doubles:
    levels = 1 << int(bits)
    grid = grids.uniform(rows, levels, (levels - 1) / 2 if bits <= 2 else levels / 2, "mse")
    return grid.values(grid.codes(rows))


def _clustering(rows: Doubles, values: float) -> Doubles:
    codebook = make_codebook(rows, 1, int(values), np.ones(len(rows)), leading_zero=False)
    return codebook.values(codebook.codes(rows))


def _pruned_bits(share: float) -> float:
    mask = -sum(p * np.log2(p) for p in (share, 1 - share) if p > 0)
    return float((1 - share) * 32 + mask)


def _anywhere(layer: WeightLayer, strength: float, last: bool) -> bool:
    return True


def _inner_channels(layer: WeightLayer, strength: float, last: bool) -> bool:
    """Not in output layers, nor in depthwise layers, whose channels are removed with those of the layer before."""
    return not last and not layer.depthwise and layer.op not in RECURRENT


def _dense(layer: WeightLayer, strength: float, last: bool) -> bool:
    rows = layer.layout.rows
    return layer.groups == 1 and rank_at((rows, layer.size // rows), strength) > 0


def _has_values(layer: WeightLayer, strength: float, last: bool) -> bool:
    return layer.size > strength


def _own_input(layer: WeightLayer, strength: float, last: bool) -> bool:
    """Not the state of a recurrent layer, which is not accessible."""
    return layer.op not in RECURRENT or layer.slot == 1


for _technique in (
    Technique(
        "magnitude_pruning", "fraction of weights", (0.3, 0.5, 0.7, 0.9), 0.5, _pruned_bits, _magnitude, _anywhere
    ),
    Technique(
        "channel_pruning", "fraction of channels", (0.1, 0.3, 0.5), 0.3, lambda share: 32 * (1 - share), _channels,
        _inner_channels,
    ),
    Technique(
        "low_rank", "fraction of weights saved", (0.25, 0.5, 0.75), 0.5, lambda saved: 32 * (1 - saved), _low_rank,
        _dense,
    ),
    Technique("low_bit_weights", "bits", (8, 6, 4, 3, 2, 1), 4, lambda bits: bits, _low_bit, _anywhere),
    Technique(
        "weight_clustering", "values", (64, 16, 4), 16, lambda values: float(np.log2(values)), _clustering, _has_values
    ),
    Technique("int8_activations", "bits", (8, 6, 4), 8, None, None, _own_input),
):  # fmt: skip
    TECHNIQUES.add(_technique)
