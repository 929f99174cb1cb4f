"""Noise in a network's outputs, without labels: the relative error of each output channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.detections import FloatArray
from edgeslim.ort import open_session

Outputs = list[NDArray[np.float32]]


def with_outputs(model: onnx.ModelProto, tensors: Sequence[str]) -> onnx.ModelProto:
    """A copy whose outputs are these tensors."""
    watched = deepcopy(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors)
    return watched


def run_all(model: onnx.ModelProto, images: Iterable[FloatArray], threads: int) -> Iterator[Outputs]:
    """The model's outputs for every image, one image at a time."""
    session = open_session(model, threads)
    for image in images:
        yield session.run(image)


class OutputNoise:
    """Compares networks with a reference on fixed images.

    The error of an output channel (second axis of four-dimensional outputs, else the last) is relative to its own
    variance, so that boxes in pixels do not dominate scores; channels of small variance use the median one. Only
    floating-point outputs count.
    """

    def __init__(self, model: onnx.ModelProto, images: Sequence[FloatArray], threads: int) -> None:
        self._images, self._threads = images, threads
        self._reference = list(run_all(model, images, threads))
        spreads = [_by_channel([run[k] for run in self._reference], _variance) for k in self._floats()]
        self._spread = [np.maximum(spread, np.median(spread)) for spread in spreads]

    def of(self, model: onnx.ModelProto) -> float:
        """Mean of squared error / variance over outputs and channels; 0 is exact."""
        outputs = list(run_all(model, self._images, self._threads))
        parts: list[float] = []
        for spread, index in zip(self._spread, self._floats(), strict=True):
            errors = [
                (run[index].astype(np.float64) - reference[index])
                for run, reference in zip(outputs, self._reference, strict=True)
            ]
            squared = _by_channel(errors, lambda values: np.square(values).mean(axis=0))
            shown = spread > 0
            parts.append(float(np.mean(squared[shown] / spread[shown])) if shown.any() else 0.0)
        return float(np.mean(parts))

    def _floats(self) -> list[int]:
        return [k for k, value in enumerate(self._reference[0]) if np.issubdtype(value.dtype, np.floating)]


def decibels(noise: float) -> float:
    """Signal-to-noise ratio in dB of a relative noise power, at most 120."""
    return float(-10 * np.log10(max(noise, 1e-12)))


def channel_peaks(
    model: onnx.ModelProto, tensors: Sequence[str], images: Iterable[FloatArray], threads: int
) -> Mapping[str, NDArray[np.float32]]:
    """Largest absolute value of each channel (second axis) of four-dimensional tensors: (channels,) each."""
    peaks: dict[str, NDArray[np.float32]] = {}
    for outputs in run_all(with_outputs(model, tensors), images, threads) if tensors else []:
        for name, value in zip(tensors, outputs, strict=True):
            peak = np.abs(value).max(axis=(0, 2, 3))
            peaks[name] = np.maximum(peaks.get(name, peak), peak)
    return peaks


def _variance(values: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = values.astype(np.float64).var(axis=0)
    return result


def _by_channel(
    values: Sequence[NDArray[np.floating]], reduce: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(channels,): `reduce` applied to all values of each channel, (values, channels)."""
    axis = 1 if values[0].ndim == 4 else -1
    moved = [np.moveaxis(np.atleast_1d(value), axis, -1) for value in values]
    flat = [value.reshape(-1, value.shape[-1]) for value in moved]
    return reduce(np.concatenate(flat).astype(np.float64))
