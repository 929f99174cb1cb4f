"""What a step is. A technique is one frozen dataclass in one file, registered in STEPS."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import onnx

from compression.datasets.base import Split
from compression.models.base import ModelSpec
from compression.params import parameters, validate
from compression.progress import Progress, silent
from compression.registry import Registry

if TYPE_CHECKING:
    from torch import nn

Effect = Literal["file", "download", "memory", "latency", "accuracy"]
Need = Literal["calibration", "train", "loss"]


@dataclass(frozen=True, slots=True)
class StepContext:
    """All that a step may use besides the model. `info` collects what the step tells (JSON values)."""

    spec: ModelSpec
    original: Path
    """The uncompressed model's ONNX file."""
    calibration: Split | None = None
    train: Split | None = None
    seed: int = 0
    threads: int = 1
    progress: Progress = silent
    info: dict[str, Any] = field(default_factory=dict)


class Step:
    """Common to all steps. Subclasses are frozen, keyword-only dataclasses with declared parameters."""

    name: ClassVar[str]
    group: ClassVar[str]
    """Heading under which forms list it: pruning, quantization, training …"""
    source: ClassVar[str]
    """Paper or specification of the method."""
    changes: ClassVar[frozenset[Effect]]
    """What the step really changes; the screens say what it does not."""
    needs: ClassVar[frozenset[Need]] = frozenset()

    def __post_init__(self) -> None:
        validate(self)

    def to_json(self) -> dict[str, Any]:
        return {"step": self.name, **{p.name: getattr(self, p.name) for p in parameters(type(self))}}

    def resolve(self) -> Step:
        """This step with every choice that depends on the machine made; what is recorded and cached."""
        return self

    @classmethod
    def describe(cls) -> dict[str, Any]:
        """Name, group, parameters with bounds, effects, needs and source, as JSON values."""
        return {
            "name": cls.name,
            "group": cls.group,
            "summary": (cls.__doc__ or "").strip().splitlines()[0],
            "source": cls.source,
            "changes": sorted(cls.changes),
            "needs": sorted(cls.needs),
            "parameters": [p.to_json() for p in parameters(cls)],
        }


class TorchStep(Step):
    """Works on the torch graph (imported from ONNX, BatchNorm kept). Must come before every OnnxStep."""

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """Return a new module; the given one is left as it was."""
        raise AssertionError("a step defines apply")


class OnnxStep(Step):
    """Works on the deployable ONNX graph (BatchNorm folded)."""

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """Return a new graph; the given one is left as it was."""
        raise AssertionError("a step defines apply")


STEPS: Registry[type[Step]] = Registry("step")
