"""Checkpoints of a training run: written atomically, read without executing code from the file."""

from __future__ import annotations

import io
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from edgeslim.artifacts.store import write_atomically
from edgeslim.errors import ModelError


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """`state` holds tensors, numbers, strings, lists and dictionaries. Raises StoreError if it cannot be written."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """The state, or None if there is no such file. Raises ModelError if the file is not a checkpoint."""
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, UnpicklingError) as error:
        raise _damaged(path) from error
    if not isinstance(state, dict) or "step" not in state:
        raise _damaged(path)
    return state


def _damaged(path: Path) -> ModelError:
    return ModelError(
        "checkpoint_damaged",
        f"'{path}' is not a training checkpoint.",
        "Delete it and start the training again.",
        path=path,
    )
