"""Names of models: which are valid, and which are reserved for models that come with EdgeSlim."""

from __future__ import annotations

import re

from edgeslim.errors import ModelError
from edgeslim.models.catalogue import CATALOGUE
from edgeslim.models.samples import sample_names

_ALLOWED = re.compile(r"\w[\w.\-]{0,63}")
_FORBIDDEN = re.compile(r"[^\w.\-]+")


def check_name(name: str) -> str:
    """`name`, if it is valid: it becomes a file name, and must not look like a path. Raises ModelError."""
    if not _ALLOWED.fullmatch(name) or name.lower().endswith(".onnx"):
        raise ModelError(
            "model_name",
            f"'{name}' cannot be a model's name.",
            "Use up to 64 letters, digits, '-', '_' and '.', beginning with a letter or digit.",
            name=name,
        )
    return name


def default_name(stem: str) -> str:
    """A valid model name derived from a file's stem."""
    name = _FORBIDDEN.sub("-", stem).strip("-.")[:64]
    return check_name(name or "model")


def refuse_reserved(name: str) -> None:
    """Raise ModelError if a sample or a catalogue entry has this name."""
    if name in sample_names() or name in CATALOGUE:
        raise ModelError(
            "name_reserved",
            f"'{name}' is the name of a model that comes with EdgeSlim.",
            "Import this one under another name.",
            name=name,
        )
