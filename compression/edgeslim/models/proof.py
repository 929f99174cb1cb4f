"""The proof of an import: original and stored file give equal outputs on the same inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.detections import FloatArray
from edgeslim.ort import open_session
from edgeslim.sessions import Tensor

MAX_RELATIVE_ERROR = 1e-4
"""Relative to each output's largest value. Reordering float32 sums usually causes far less."""
_OWN_SPREADS = 2.0
"""A conversion may change outputs by so many times what onnxruntime's optimizations change in the original."""


def probes(shape: tuple[int, int, int, int]) -> tuple[FloatArray, ...]:
    """Three seeded inputs in the usual ranges: normal deviates, 0–1, and 0–255."""
    generator = np.random.default_rng(0)
    normal = generator.standard_normal(shape, dtype=np.float32)
    unit, bytes_like = (generator.random(shape, dtype=np.float32) for _ in range(2))
    return normal, unit, bytes_like * np.float32(255)


def pictures(shape: tuple[int, int, int, int]) -> tuple[FloatArray, ...]:
    """Two seeded smooth inputs, as pictures are: standardised, and 0–255."""
    generator = np.random.default_rng(1)
    coarse = generator.random((*shape[:2], 5, 5), dtype=np.float32)
    rows, columns = (np.linspace(0, 4, side, dtype=np.float32) for side in shape[2:])
    unit = _between(_between(coarse, rows, 2), columns, 3)
    return (unit - np.float32(0.5)) * np.float32(4), unit * np.float32(255)


def _between(values: FloatArray, at: FloatArray, axis: int) -> FloatArray:
    """Linear interpolation along an axis."""
    before = np.minimum(at.astype(np.int64), values.shape[axis] - 2)
    part = (at - before).reshape(-1, *[1] * (values.ndim - 1 - axis))
    first, second = (np.take(values, before + more, axis) for more in range(2))
    found: FloatArray = (first + part * (second - first)).astype(np.float32)
    return found


def run(content: bytes, inputs: Sequence[FloatArray], *, optimized: bool = True) -> list[list[Tensor]]:
    """All outputs for each input. Raises ModelError (not_loadable, not_runnable)."""
    session = open_session(content, optimized=optimized)
    return [session.run(tensor) for tensor in inputs]


def is_rounding(original: bytes, converted: bytes, inputs: Sequence[FloatArray]) -> bool:
    """Whether the two differ no more than the original does from itself without onnxruntime's optimizations.

    Some networks amplify rounding, of noise more than of pictures. It holds for each input and for smooth ones, of which
    one at least must differ by less than MAX_RELATIVE_ERROR. Raises ModelError.
    """
    shape: tuple[int, int, int, int] = inputs[0].shape
    smooth = pictures(shape)
    together = [*inputs, *smooth]
    expected, plain, found = (
        run(original, together),
        run(original, together, optimized=False),
        run(converted, together),
    )
    errors = [largest_errors([a], [b])[1] for a, b in zip(expected, found, strict=True)]
    spreads = [largest_errors([a], [b])[1] for a, b in zip(expected, plain, strict=True)]
    within = all(
        error <= max(MAX_RELATIVE_ERROR, _OWN_SPREADS * spread)
        for error, spread in zip(errors, spreads, strict=True)
    )
    return within and min(errors[-len(smooth) :]) <= MAX_RELATIVE_ERROR


def is_finite(outputs: Sequence[Tensor]) -> bool:
    """Whether no output contains NaN or infinity."""
    return all(bool(np.isfinite(output).all()) for output in outputs)


def largest_errors(
    expected: Sequence[Sequence[Tensor]], found: Sequence[Sequence[Tensor]]
) -> tuple[float, float]:
    """Largest (absolute, relative to its output's largest value) difference; infinite where shapes differ."""
    absolute = relative = 0.0
    for wanted, given in zip(expected, found, strict=True):
        for a, b in zip(wanted, given, strict=True):
            if a.shape != b.shape:
                return float("inf"), float("inf")
            if a.size:
                error = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
                absolute = max(absolute, error)
                relative = max(relative, error / max(float(np.abs(a).max()), 1e-6))
    return absolute, relative
