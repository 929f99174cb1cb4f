"""onnxruntime on inputs that differ by rounding errors from those it is given: what an int8 file's score hangs on.

A value at the border of two codes goes to the other one with any difference of the input, and what follows from it too; a
float network passes such a difference on as small as it was. Another library's resizing changes inputs as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeslim.errors import Notice
from edgeslim.ort import OrtSession
from edgeslim.runtime.onnxruntime import ONNXRUNTIME
from edgeslim.sessions import Input, Tensor

DIFFERENCE = 5e-7
"""Each number of an input changes by up to this share of itself."""


class NudgedSession:
    """A session whose inputs differ a little from what it is given; each run draws anew."""

    def __init__(self, session: OrtSession, seed: int) -> None:
        self._session, self._random = session, np.random.default_rng(seed)

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self._session.inputs

    def run(self, tensor: Tensor, seconds: float | None = None) -> list[Tensor]:
        factors = 1 + self._random.uniform(-DIFFERENCE, DIFFERENCE, tensor.shape)
        return self._session.run((tensor * factors).astype(np.float32), seconds)


@dataclass(frozen=True, slots=True)
class Nudged:
    """onnxruntime with such sessions, drawn by `seed`. No choice for a study: it is not in RUNTIMES."""

    seed: int
    name: str = ONNXRUNTIME.name
    format: str = ONNXRUNTIME.format
    packages: tuple[str, ...] = ONNXRUNTIME.packages

    def version(self) -> str:
        return ONNXRUNTIME.version()

    def options(self) -> Mapping[str, str]:
        return {**ONNXRUNTIME.options(), "nudged": f"{DIFFERENCE} {self.seed}"}

    def notices(self) -> list[Notice]:
        return []

    def open(self, file: Path, threads: int = 1) -> NudgedSession:
        return NudgedSession(ONNXRUNTIME.open(file, threads), self.seed)
