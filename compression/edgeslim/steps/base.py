"""What a step is. A technique is one frozen dataclass in one file, registered in STEPS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import onnx

from edgeslim.datasets.base import Split
from edgeslim.models.base import Model, ModelSpec
from edgeslim.params import parameters, validate
from edgeslim.progress import Progress, silent
from edgeslim.registry import Registry

if TYPE_CHECKING:
    from torch import nn

Effect = Literal["file", "download", "memory", "latency", "accuracy"]
Need = Literal["calibration", "train", "loss"]
Trait = Literal["codes", "levels", "zeros", "pattern"]
"""What a step may give a network that later ones must leave alone: weights as codes, weights of few values (stored as
codes too, but fit to be computed with in 8 bits), zeros, an N:M pattern of them."""
STORED: frozenset[Trait] = frozenset({"codes", "levels"})
"""A step that makes one of these says how weights are stored."""


@dataclass(frozen=True, slots=True)
class StepContext:
    """All that a step may use besides the model. `info` collects what the step tells (JSON values)."""

    spec: ModelSpec
    original: Path
    """The uncompressed model's ONNX file."""
    calibration: Split | None = None
    train: Split | None = None
    teacher: Model | None = None
    """The other model that the step learns from, if it names one (`Step.learns_from`)."""
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
    makes: ClassVar[frozenset[Trait]] = frozenset()
    """What it gives the network, for the rules of order."""
    destroys: ClassVar[frozenset[Trait]] = frozenset()
    """What it would not leave as it is: it must come before the step that makes it."""
    recovers: ClassVar[bool] = False
    """Whether, without labels, it only brings back what an earlier step has changed."""

    def __post_init__(self) -> None:
        validate(self)

    def to_json(self) -> dict[str, Any]:
        return {"step": self.name, **{p.name: getattr(self, p.name) for p in parameters(type(self))}}

    def resolve(self) -> Step:
        """This step with every choice that depends on the machine made; what is recorded and cached."""
        return self

    @property
    def learns_from(self) -> str | None:
        """Reference, as `open_model` takes it, of another model that the step is given as `context.teacher`."""
        return None

    def check(self, spec: ModelSpec, teacher: Model | None) -> None:
        """Raise RecipeError if the step cannot work on a model so specified or with this teacher; computes nothing."""

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


class NeedsByParameters:
    """A step's `needs` where they depend on its parameters: `needs: ClassVar[…] = cast(Any, NeedsByParameters(…))`.

    Of a step they are what `of` gives for it; of the class alone, which has no parameters yet, the usual ones.
    """

    def __init__(self, usual: Iterable[Need], of: Callable[[Any], Iterable[Need]]) -> None:
        self._usual, self._of = frozenset(usual), of

    def __get__(self, step: object | None, owner: type[object]) -> frozenset[Need]:
        return self._usual if step is None else frozenset(self._of(step))


class TorchStep(Step):
    """Works on the torch graph (imported from ONNX, BatchNorm kept). Must come before every OnnxStep."""

    destroys: ClassVar[frozenset[Trait]] = STORED

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """Return a new module; the given one is left as it was."""
        raise AssertionError("a step defines apply")


class OnnxStep(Step):
    """Works on the deployable ONNX graph (BatchNorm folded), and says how its weights are stored: once a recipe.

    Only a step that keeps the levels of others may follow one of those.
    """

    makes: ClassVar[frozenset[Trait]] = frozenset({"codes"})
    destroys: ClassVar[frozenset[Trait]] = STORED

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """Return a new graph; the given one is left as it was."""
        raise AssertionError("a step defines apply")


STEPS: Registry[type[Step]] = Registry("step")
