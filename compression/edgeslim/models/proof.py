"""The proof of an import: original and stored file give equal outputs on the same inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.detections import FloatArray
from edgeslim.ort import open_session
from edgeslim.sessions import Tensor

MAX_RELATIVE_ERROR = 1e-4
"""Relative to each output's largest value. Reordering float32 sums causes far less."""


def probes(shape: tuple[int, int, int, int]) -> tuple[FloatArray, ...]:
    """Three seeded inputs in the usual ranges: normal deviates, 0–1, and 0–255."""
    generator = np.random.default_rng(0)
    normal = generator.standard_normal(shape, dtype=np.float32)
    unit, bytes_like = (generator.random(shape, dtype=np.float32) for _ in range(2))
    return normal, unit, bytes_like * np.float32(255)


def run(content: bytes, inputs: Sequence[FloatArray]) -> list[list[Tensor]]:
    """All outputs for each input. Raises ModelError (not_loadable, not_runnable)."""
    session = open_session(content)
    return [session.run(tensor) for tensor in inputs]


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
