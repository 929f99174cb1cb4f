"""What a step is. A technique is one frozen dataclass in one file, registered in STEPS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import onnx

from edgeslim.datasets.base import Split
from edgeslim.models.base import Model, ModelSpec
from edgeslim.params import Param, parameters, validate
from edgeslim.progress import Progress, silent
from edgeslim.registry import Registry

if TYPE_CHECKING:
    from torch import nn

Effect = Literal["file", "download", "memory", "latency", "accuracy"]
Need = Literal["calibration", "train", "loss"]
Trait = Literal["codes", "levels", "zeros", "pattern"]
"""Properties that a step gives a network and that later steps must preserve: weights stored as codes; weights of few
levels (stored as codes, and exact in 8-bit arithmetic); zeros; an N:M pattern of zeros."""
STORED: frozenset[Trait] = frozenset({"codes", "levels"})
"""A step that makes one of these decides how weights are stored."""


@dataclass(frozen=True, slots=True)
class StepContext:
    """All that a step may use besides the model. The step reports in `info` (JSON values)."""

    spec: ModelSpec
    original: Path
    """The uncompressed model's ONNX file."""
    calibration: Split | None = None
    train: Split | None = None
    teacher: Model | None = None
    """The other model that the step learns from, if it names one in `Step.learns_from`."""
    seed: int = 0
    threads: int = 1
    progress: Progress = silent
    info: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInfo:
    """A step as it declares itself, for forms and lists."""

    name: str
    group: str
    summary: str
    source: str
    changes: tuple[str, ...]
    """What of a file it changes: accuracy, file, download, latency, memory."""
    needs: tuple[str, ...]
    parameters: tuple[Param, ...]


class Step:
    """Common to all steps. Subclasses are frozen, keyword-only dataclasses with declared parameters."""

    name: ClassVar[str]
    group: ClassVar[str]
    """Heading under which forms list it: pruning, quantization, training …"""
    source: ClassVar[str]
    """Paper or specification of the method."""
    changes: ClassVar[frozenset[Effect]]
    """What the step changes; screens state what it leaves unchanged."""
    needs: ClassVar[frozenset[Need]] = frozenset()
    makes: ClassVar[frozenset[Trait]] = frozenset()
    """Properties it gives the network (see `steps.order`)."""
    destroys: ClassVar[frozenset[Trait]] = frozenset()
    """Properties it would destroy: it must come before the steps that make them."""
    recovers: ClassVar[bool] = False
    """Whether, used without labels, it only recovers what an earlier step has changed."""

    integers: ClassVar[bool] = False
    """Whether its name says that layers compute with 8-bit integers afterwards."""
    shipped_as_made: ClassVar[bool] = False
    """Whether its file is not to be tidied any more."""

    def __post_init__(self) -> None:
        validate(self)

    def to_json(self) -> dict[str, Any]:
        return {"step": self.name, **{p.name: getattr(self, p.name) for p in parameters(type(self))}}

    def resolve(self) -> Step:
        """This step with 'auto' parameters replaced by their meaning on this machine, as it is recorded and cached."""
        return self

    @property
    def learns_from(self) -> str | None:
        """Reference (as for `open_model`) of the model to pass as `context.teacher`; None if no teacher is needed."""
        return None

    def check(self, spec: ModelSpec, teacher: Model | None) -> None:
        """Raise RecipeError if the step cannot work with this specification or teacher. Computes nothing."""

    def check_graph(self, graph: onnx.GraphProto) -> None:
        """Raise RecipeError if the step finds nothing to work on in this graph. Computes nothing."""

    @classmethod
    def describe(cls) -> StepInfo:
        """What the step declares of itself."""
        return StepInfo(
            name=cls.name,
            group=cls.group,
            summary=(cls.__doc__ or "").strip().splitlines()[0],
            source=cls.source,
            changes=tuple(sorted(cls.changes)),
            needs=tuple(sorted(cls.needs)),
            parameters=parameters(cls),
        )


class _NeedsByParameters:
    """`of(step)` if read from a step, `usual` if read from the class, which has no parameter values."""

    def __init__(self, of: Callable[[Any], Iterable[Need]], usual: Iterable[Need]) -> None:
        self._of, self._usual = of, frozenset(usual)

    def __get__(self, step: object | None, owner: type[object]) -> frozenset[Need]:
        return self._usual if step is None else frozenset(self._of(step))


def needs_by(of: Callable[[Any], Iterable[Need]], usual: Iterable[Need] = ("calibration",)) -> Any:
    """The `needs` of a step where they depend on its parameters; `usual` are those of the class."""
    return _NeedsByParameters(of, usual)


class TorchStep(Step):
    """Works on the torch graph, imported from ONNX with BatchNorm kept. Must come before every OnnxStep."""

    destroys = STORED

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """Return a new module; the given one is not modified."""
        raise AssertionError("a step defines apply")


class OnnxStep(Step):
    """Works on the deployable ONNX graph (BatchNorm folded) and decides how its weights are stored.

    A recipe has at most one such step, unless the second preserves the levels made by the first.
    """

    makes = frozenset({"codes"})
    destroys = STORED

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """Return a new graph; the given one is not modified."""
        raise AssertionError("a step defines apply")


STEPS: Registry[type[Step]] = Registry("step")
