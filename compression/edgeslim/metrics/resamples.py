"""Resampled figures kept in the store, so that any two files scored on the same images can be compared later."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.metrics.bootstrap import Resampled

_FOLDER = "resamples"


def key_of(*decisive: Any) -> str:
    """The key of a figure, of everything that decides it (JSON values)."""
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:32]


def keep(store: Store, key: str, figure: Resampled) -> None:
    """Keep a figure under its key: one small .npy file (value, images, resamples). Raises StoreError."""
    content = io.BytesIO()
    np.save(content, np.array([figure.value, figure.images, *figure.resamples]), allow_pickle=False)
    write_atomically(_path(store, key), content.getvalue())


def load(store: Store, key: str) -> Resampled | None:
    """The figure kept under a key, or None if there is none (any more)."""
    try:
        values = np.load(_path(store, key), allow_pickle=False)
    except FileNotFoundError:
        return None
    return Resampled(float(values[0]), values[2:], int(values[1]))


def _path(store: Store, key: str) -> Path:
    return store.place(_FOLDER, f"{key}.npy")
