"""An artifact: a real file that plain onnxruntime opens, and the record of how it came to be."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


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

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Artifact:
        return Artifact(**{**data, "stages": tuple(Stage(**stage) for stage in data["stages"])})
