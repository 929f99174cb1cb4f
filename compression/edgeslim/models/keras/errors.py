"""What can be wrong with a Keras model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeslim.errors import ModelError

_SHOWN = 8


def broken(file: str | Path, reason: str) -> ModelError:
    return ModelError("keras_broken", file=file, reason=reason[:200])


def refused_layers(file: str | Path, names: Sequence[str]) -> ModelError:
    """Layers or settings of layers that are not translated."""
    shown = ", ".join(names[:_SHOWN])
    return ModelError("keras_layers", file=file, layers=shown)
