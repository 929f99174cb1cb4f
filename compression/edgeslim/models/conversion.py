"""Models of other frameworks as ONNX: each kind of file by a job in a child process, kept by content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
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
_PROGRAMS = ("torchscript", "exported")
_WEIGHTS = ("edgeslim.models.torch_files", "weights_as_onnx")
_PROGRAM = ("edgeslim.models.torch_files", "program_as_onnx")
_JOBS = {
    "keras": ("edgeslim.models.keras.converting", "archive_as_onnx"),
    "checkpoint": _WEIGHTS,
    "safetensors": _WEIGHTS,
    **dict.fromkeys(_PROGRAMS, _PROGRAM),
}
"""Kind of file → module and name of what converts it: they import torch, and what an extra brings."""


@dataclass(frozen=True, slots=True)
class Converted:
    """An ONNX file's content; what its framework tells of the specification, and what belongs into the proof."""

    content: bytes
    hints: Mapping[str, Any] = field(default_factory=dict)
    proof: Mapping[str, Any] = field(default_factory=dict)


def converted(
    content: bytes,
    file: str | Path,
    spec: ModelSpec | None,
    store: Store,
    progress: Progress = silent,
    *,
    trusted: bool = False,
) -> Converted:
    """The content itself, unless it is of a kind that is converted; programs, which can run anything, only if `trusted`.

    Raises ModelError.
    """
    kind = kind_of(content)
    if kind not in _JOBS or (kind in _PROGRAMS and not trusted):
        return Converted(content)
    if kind == "keras":
        require_keras(file)
    shape = spec.input_shape[1:] if spec else (3, DEFAULT_SIDE, DEFAULT_SIDE)
    decisive = json.dumps([__version__, version("keras" if kind == "keras" else "torch"), shape])
    key = hashlib.sha256(decisive.encode() + b"\0" + content).hexdigest()

    def made() -> dict[str, Any]:
        module, name = _JOBS[kind]
        job = getattr(import_module(module), name)
        progress("translating", 0, 0)
        return confined(job, lambda found, onnx: _kept(found, onnx, store), content, file, shape)

    record = store.computed(CONVERSIONS, key, made, progress)
    onnx = store.path(record["sha256"]).read_bytes()
    return Converted(onnx, record["hints"], record["proof"])


def require_keras(what: str | Path) -> None:
    """Raise ModelError (keras_missing) where the extra is not installed."""
    if not has_keras():
        raise ModelError("keras_missing", file=what)


def has_keras() -> bool:
    """Whether the extra is installed."""
    try:
        return find_spec("keras") is not None and tuple(map(int, version("keras").split(".")[:2])) >= (3, 12)
    except (PackageNotFoundError, ValueError):
        return False


def _kept(found: Mapping[str, Any], onnx: bytes, store: Store) -> dict[str, Any]:
    """The record of a conversion. Raises KeyError or TypeError for an answer that is none."""
    return {"sha256": store.put(onnx), "hints": dict(found["hints"]), "proof": dict(found["proof"])}
