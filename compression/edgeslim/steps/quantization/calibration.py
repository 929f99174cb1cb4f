"""Activation ranges, measured by running the float network on images; one image is in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx

from edgeslim.datasets.base import Split
from edgeslim.detections import Doubles, FloatArray
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress
from edgeslim.steps.images import inputs
from edgeslim.steps.quantization.noise import run_all, with_outputs

METHODS = ("minmax", "minmax_average", "percentile", "entropy", "mse")
BINS = 2048
LEVELS = 256
Range = tuple[float, float]


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

    minmax: over all images. minmax_average: mean over images of the extremes of each, so that a rare outlier does not
    stretch the scale. percentile: the middle `percentile` % of the values. entropy: the symmetric clipping that loses
    the least information (Kullback-Leibler; Migacz, GTC 2017). mse: the shrunk range with the least squared error of
    rounding and clipping.
    Raises DatasetError for unreadable images.
    """
    watched, count = with_outputs(model, tensors), min(images, len(split))

    def runs() -> Iterator[list[FloatArray]]:
        """For each image, the value of every tensor."""
        return run_all(watched, inputs(split, spec, images), threads)

    passes = 1 if method.startswith("minmax") else 2
    lows, highs = [], []
    for done, values in enumerate(runs(), start=1):
        lows.append([float(value.min(initial=np.inf)) for value in values])
        highs.append([float(value.max(initial=-np.inf)) for value in values])
        progress("calibration", done, passes * count)
    low, high = np.array(lows), np.array(highs)
    if method == "minmax_average":
        return _named(tensors, low.mean(axis=0), high.mean(axis=0))
    low, high = low.min(axis=0), high.max(axis=0)
    if method == "minmax":
        return _named(tensors, low, high)
    counts = np.zeros((len(tensors), BINS))
    for done, values in enumerate(runs(), start=count + 1):
        for index, value in enumerate(values):
            counts[index] += histogram(value, low[index], high[index])
        progress("calibration", done, passes * count)
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


def float_tensors(model: onnx.ModelProto) -> list[str]:
    """Names of the float tensors that are computed, in graph order, the network's input first."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    types = {
        item.name: item.type.tensor_type.elem_type
        for item in (*inferred.input, *inferred.value_info, *inferred.output)
    }
    inputs = [item.name for item in model.graph.input]
    names = dict.fromkeys([*inputs, *(name for node in model.graph.node for name in node.output)])
    return [name for name in names if types.get(name) == onnx.TensorProto.FLOAT]


def histogram(values: FloatArray, low: float, high: float) -> Doubles:
    """Counts (BINS,) of values in equal bins from low to high."""
    if not high > low:
        return np.zeros(BINS)
    scale = np.float32(BINS / (high - low))
    places = ((values.ravel() - np.float32(low)) * scale).astype(np.int32)
    return np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS).astype(np.float64)


def percentile_range(counts: Doubles, full: Range, percentile: float) -> Range:
    """The middle `percentile` % of the values; the same share is cut at either end."""
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
    """Clipping at the ±threshold whose clipped and rounded distribution diverges least from the true one."""
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
    """KL divergence of the first `width` bins, clipped, from the same bins in LEVELS / 2 levels."""
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
    """The full range shrunk by the factor with the least squared error of clipping and rounding."""
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


def _named(tensors: Sequence[str], low: Doubles, high: Doubles) -> dict[str, Range]:
    return {name: (float(a), float(b)) for name, a, b in zip(tensors, low, high, strict=True)}
