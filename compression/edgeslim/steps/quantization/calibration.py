"""Ranges of activations, found by running the float network on images. One image is held at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.datasets.base import Split
from edgeslim.detections import FloatArray
from edgeslim.models.base import ModelSpec
from edgeslim.ort import open_session
from edgeslim.progress import Progress
from edgeslim.steps.images import evenly_spaced

METHODS = ("minmax", "minmax_average", "percentile", "entropy", "mse")
BINS = 2048
LEVELS = 256
Range = tuple[float, float]
Doubles = NDArray[np.float64]


def activation_ranges(
    model: onnx.ModelProto,
    tensors: Sequence[str],
    split: Split,
    spec: ModelSpec,
    *,
    method: str,
    percentile: float,
    images: int,
    threads: int,
    progress: Progress,
) -> dict[str, Range]:
    """Lowest and highest value to represent, for each named float tensor of the graph.

    minmax: over all images. minmax_average: mean over images of each one's extremes, so that a rare outlier
    does not stretch the scale. percentile: the middle `percentile` % of values. entropy: the symmetric
    clipping that loses least information (Kullback-Leibler; Migacz, GTC 2017). mse: the shrinking of the full
    range with the least squared rounding and clipping error.
    Raises DatasetError for unreadable images.
    """
    chosen = evenly_spaced(len(split), images)
    run = _Run(model, tensors, split, spec, threads)
    passes = 1 if method.startswith("minmax") else 2
    lows, highs = [], []
    for done, values in enumerate(run.values(chosen), start=1):
        lows.append([float(value.min(initial=np.inf)) for value in values])
        highs.append([float(value.max(initial=-np.inf)) for value in values])
        progress("calibration", done, passes * len(chosen))
    low, high = np.array(lows), np.array(highs)
    if method == "minmax_average":
        return _named(tensors, low.mean(axis=0), high.mean(axis=0))
    low, high = low.min(axis=0), high.max(axis=0)
    if method == "minmax":
        return _named(tensors, low, high)
    counts = np.zeros((len(tensors), BINS))
    for done, values in enumerate(run.values(chosen), start=len(chosen) + 1):
        for index, value in enumerate(values):
            counts[index] += histogram(value, low[index], high[index])
        progress("calibration", done, passes * len(chosen))
    ranges = {}
    for index, name in enumerate(tensors):
        full = (low[index], high[index])
        if method == "percentile":
            ranges[name] = percentile_range(counts[index], full, percentile)
        elif method == "entropy":
            ranges[name] = entropy_range(counts[index], full)
        else:
            ranges[name] = mse_range(counts[index], full)
    return ranges


def histogram(values: FloatArray, low: float, high: float) -> Doubles:
    """Counts (BINS,) of values in equal bins from low to high."""
    if not high > low:
        return np.zeros(BINS)
    scale = np.float32(BINS / (high - low))
    places = ((values.ravel() - np.float32(low)) * scale).astype(np.int32)
    return np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS).astype(np.float64)


def percentile_range(counts: Doubles, full: Range, percentile: float) -> Range:
    """The middle `percentile` % of the values; as much is cut at either end."""
    total = counts.sum()
    if total == 0:
        return full
    edges = np.linspace(*full, BINS + 1)
    parts = np.cumsum(counts) / total
    cut = (100.0 - percentile) / 200.0
    first = int(np.searchsorted(parts, cut, side="right"))
    last = int(np.searchsorted(parts, 1.0 - cut, side="left"))
    return float(edges[min(first, BINS - 1)]), float(edges[min(last, BINS - 1) + 1])


def entropy_range(counts: Doubles, full: Range) -> Range:
    """Clip at ±threshold where the clipped and rounded distribution diverges least from the true one."""
    largest = max(abs(full[0]), abs(full[1]))
    magnitudes = _by_magnitude(counts, full, largest)
    if magnitudes.sum() == 0:
        return full
    candidates = range(LEVELS // 2, BINS + 1, LEVELS // 16)
    divergences = [_divergence(magnitudes, width) for width in candidates]
    threshold = largest * candidates[int(np.argmin(divergences))] / BINS
    return max(full[0], -threshold), min(full[1], threshold)


def _by_magnitude(counts: Doubles, full: Range, largest: float) -> Doubles:
    """Histogram of absolute values in BINS bins from 0 to `largest`."""
    edges = np.linspace(*full, BINS + 1)
    centres = np.abs(edges[:-1] + edges[1:]) / 2
    places = np.clip(centres / max(largest, 1e-30) * BINS, 0, BINS - 1).astype(int)
    return np.bincount(places, weights=counts, minlength=BINS).astype(np.float64)


def _divergence(magnitudes: Doubles, width: int) -> float:
    """KL divergence of the first `width` bins, clipped, from the same in LEVELS / 2 levels."""
    reference = magnitudes[:width].copy()
    reference[-1] += magnitudes[width:].sum()
    filled = magnitudes[:width] > 0
    levels = np.arange(width) * (LEVELS // 2) // width
    sums = np.bincount(levels, weights=magnitudes[:width], minlength=LEVELS // 2)
    bins = np.bincount(levels, weights=filled.astype(float), minlength=LEVELS // 2)
    spread = np.where(filled, (sums / np.maximum(bins, 1))[levels], 0.0)
    p, q = reference / reference.sum(), spread / max(spread.sum(), 1e-30)
    some = p > 0
    return float(np.sum(p[some] * np.log(p[some] / np.maximum(q[some], 1e-12))))


def mse_range(counts: Doubles, full: Range) -> Range:
    """The full range shrunk by the factor with the least squared error after clipping and rounding."""
    if counts.sum() == 0:
        return full
    edges = np.linspace(*full, BINS + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    low, high = min(full[0], 0.0), max(full[1], 0.0)
    factors = np.linspace(0.2, 1.0, 81)
    errors = []
    for factor in factors:
        step = max((high - low) * factor / (LEVELS - 1), 1e-30)
        clipped = np.clip(centres, low * factor, high * factor)
        # within one step the rounding error is uniform: its square is step² / 12 on average
        errors.append(float(np.sum(counts * ((centres - clipped) ** 2 + step**2 / 12))))
    best = float(factors[int(np.argmin(errors))])
    return low * best, high * best


class _Run:
    """The float network with inner tensors as outputs."""

    def __init__(
        self, model: onnx.ModelProto, tensors: Sequence[str], split: Split, spec: ModelSpec, threads: int
    ) -> None:
        watched = onnx.ModelProto()
        watched.CopyFrom(model)
        del watched.graph.output[:]
        watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors)
        inputs = [item.name for item in model.graph.input]
        self._outside = [inputs.index(name) if name in inputs else -1 for name in tensors]
        self._session = open_session(watched, threads)
        self._split, self._spec = split, spec

    def values(self, indices: Sequence[int]) -> Iterator[list[FloatArray]]:
        """For each image, the value of every watched tensor."""
        from edgeslim.tasks import task_for

        prepare = task_for(self._spec).prepare
        for index in indices:
            tensor = prepare(self._split.image(index), self._spec).tensor
            yield self._session.run(tensor)


def _named(tensors: Sequence[str], low: Doubles, high: Doubles) -> dict[str, Range]:
    return {name: (float(a), float(b)) for name, a, b in zip(tensors, low, high, strict=True)}
