"""An artifact: a real file that plain onnxruntime opens, and the record of how it came to be."""

from __future__ import annotations

import dataclasses
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from edgeslim.artifacts.store import Store

ARTIFACTS = "artifacts"
"""Record kind in the store."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step's result inside a recipe: the working file after it, its seconds, and `info` that the step reports
    (free-form).
    """

    step: str
    parameters: dict[str, Any]
    sha256: str
    seconds: float
    info: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Artifact:
    """`sha256` and `bytes` are of the deployable ONNX file, which the store holds under its sha256."""

    sha256: str
    bytes: int
    recipe: dict[str, Any]
    recipe_fingerprint: str
    model: str
    model_sha256: str
    stages: tuple[Stage, ...]
    environment: dict[str, str]
    spec: dict[str, Any] = field(default_factory=dict)
    """By which the model was read; empty in records from before it was kept."""

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Artifact:
        return Artifact(**{**data, "stages": tuple(Stage(**stage) for stage in data["stages"])})


def made_here(sha256: str, store: Store) -> Artifact | None:
    """The newest record of that file among those that steps have made, for a file that comes without a specification.

    Every record is read, and none counts as used.
    """
    paths = (store.root / ARTIFACTS).glob("[!.]*.json")
    for path in sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True):
        content = path.read_bytes()
        if sha256.encode() not in content:
            continue
        with suppress(ValueError):  # damaged
            record = json.loads(content)
            if record["sha256"] == sha256 and record["stages"]:
                return Artifact.from_json(record)
    return None
