"""Models of other frameworks as ONNX: each kind of file by a job in a child process, kept by content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edgeslim import __version__
from edgeslim.artifacts.store import Store
from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.models.confined import confined
from edgeslim.models.other_formats import kind_of
from edgeslim.models.preparing import DEFAULT_SIDE
from edgeslim.progress import Progress, silent

CONVERSIONS = "conversions"
"""Kind of records."""


@dataclass(frozen=True, slots=True)
class Converted:
    """An ONNX file's content; what its framework tells of the specification, and what belongs into the proof."""

    content: bytes
    hints: Mapping[str, Any] = field(default_factory=dict)
    proof: Mapping[str, Any] = field(default_factory=dict)


def converted(
    content: bytes, file: str | Path, spec: ModelSpec | None, store: Store, progress: Progress = silent
) -> Converted:
    """The content itself, unless it is of a kind that is converted. Raises ModelError."""
    if kind_of(content) != "keras":
        return Converted(content)
    require_keras(file)
    size = (spec.input_height, spec.input_width) if spec else (DEFAULT_SIDE, DEFAULT_SIDE)
    decisive = json.dumps([__version__, version("keras"), size])
    key = hashlib.sha256(decisive.encode() + b"\0" + content).hexdigest()

    def made() -> dict[str, Any]:
        from edgeslim.models.keras.converting import archive_as_onnx

        progress("translating", 0, 0)
        return confined(archive_as_onnx, lambda found, onnx: _kept(found, onnx, store), content, file, size)

    record = store.computed(CONVERSIONS, key, made, progress)
    onnx = store.path(record["sha256"]).read_bytes()
    return Converted(onnx, record["hints"], record["proof"])


def require_keras(what: str | Path) -> None:
    """Raise ModelError (keras_missing) where the extra is not installed."""
    if find_spec("keras") is None or not _is_recent():
        raise ModelError(
            "keras_missing",
            f"'{what}' is a Keras model, and reading those needs Keras 3.12 or later, which is not installed here.",
            "Install it where EdgeSlim runs: pip install -r requirements-keras.txt",
            file=what,
        )


def _is_recent() -> bool:
    try:
        return tuple(map(int, version("keras").split(".")[:2])) >= (3, 12)
    except (PackageNotFoundError, ValueError):
        return False


def _kept(found: Mapping[str, Any], onnx: bytes, store: Store) -> dict[str, Any]:
    """The record of a conversion. Raises KeyError or TypeError for an answer that is none."""
    return {"sha256": store.put(onnx), "hints": dict(found["hints"]), "proof": dict(found["proof"])}
