"""What every runtime gives: a session of an opened file, which tells its inputs and runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import ModelError

Tensor = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a model. A dimension that is open is None or its name."""

    name: str
    shape: tuple[int | str | None, ...]
    dtype: np.dtype[Any]

    @property
    def fixed_shape(self) -> tuple[int, ...]:
        """The shape, an open batch as 1. Raises ModelError (unknown_shape) if more is open."""
        shape = [1 if axis == 0 and not isinstance(dim, int) else dim for axis, dim in enumerate(self.shape)]
        sizes = [dim for dim in shape if isinstance(dim, int) and dim > 0]
        if len(sizes) < len(shape):
            raise ModelError("unknown_shape", input=self.name)
        return tuple(sizes)


class Session(Protocol):
    """An opened file, ready to run."""

    @property
    def inputs(self) -> Sequence[Input]:
        """The inputs that are no weights; the image is the first."""

    def run(self, tensor: Tensor) -> list[Tensor]:
        """All outputs for the first input, which is cast to the type that the model takes. Raises ModelError."""
