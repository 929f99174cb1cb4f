"""What a lesson is: experiments that run for real, what to predict of them, and questions on them.

Declaring a lesson costs neither torch nor onnxruntime: an experiment imports what it computes with when it runs.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from edgeslim.errors import ParameterError
from edgeslim.lessons.predictions import Answer, Choice, Curve, Door, Number, Prediction, Question, Source
from edgeslim.lessons.views import Unit, View
from edgeslim.params import Param, coerce, parameters, validate
from edgeslim.registry import Registry

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A measured (or counted) value with the ends of its 95 % interval, where it has one."""

    value: float
    unit: Unit = ""
    low: float | None = None
    high: float | None = None

    def surely_above(self, other: Fact) -> bool:
        """Whether the two intervals do not meet, this one above."""
        return self.low is not None and other.high is not None and self.low > other.high


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredOn:
    """On what an outcome was measured; `machine` where times are among its facts."""

    model: str = ""
    dataset: str = ""
    images: int = 0
    machine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an experiment gave at one setting of its controls.

    `facts` fill the words of `lesson.<lesson>.<experiment>.result`; `answer` is the option that came true where a
    choice was predicted; `views` are drawn one below the other.
    """

    facts: Mapping[str, Fact]
    views: tuple[View, ...]
    on: MeasuredOn
    answer: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Experiment(ABC):
    """An experiment; an instance is one setting of its controls, which are fields declared by `param(…)`.

    Every control has finitely many values: its `choices`, False and True, or its `search` values, in order. What is
    predicted is the outcome of the defaults (`Curve`: of all values of one control, the others at their defaults).
    """

    name: ClassVar[str]
    revision: ClassVar[int] = 1
    """Raised whenever the same settings give another outcome: kept ones are then computed anew."""
    uses: ClassVar[tuple[str, ...]] = ()
    """Sample models, or the sample study (`sample.STUDY`): other files of theirs make other outcomes."""
    predicts: ClassVar[Prediction | None] = None

    def __post_init__(self) -> None:
        validate(self)

    @abstractmethod
    def run(self, lab: Lab) -> Outcome:
        """The outcome, computed on real networks, files and images. Raises EdgeSlimError."""

    def door(self) -> Door | None:
        """Where the same can be done in the lab, with these settings."""
        return None

    @classmethod
    def controls(cls) -> tuple[Param, ...]:
        return parameters(cls)

    @classmethod
    def grid(cls) -> Iterator[Self]:
        """Every setting, the defaults first."""
        names = [control.name for control in cls.controls()]
        first = cls()
        yield first
        for values in itertools.product(*(values_of(control) for control in cls.controls())):
            setting = cls(**dict(zip(names, values, strict=True)))
            if setting != first:
                yield setting

    @classmethod
    def along(cls, control: str) -> tuple[Self, ...]:
        """Every value of one control, the others at their defaults."""
        found = next(one for one in cls.controls() if one.name == control)
        return tuple(cls(**{control: value}) for value in values_of(found))

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """The setting of values from outside. Raises ParameterError."""
        known = [control.name for control in cls.controls()]
        unknown = next((name for name in given if name not in known), None)
        if unknown is not None:
            names = ", ".join(known) or "none"
            raise ParameterError("no_control", experiment=cls.name, control=unknown, known=names)
        return cls(**coerce(cls, dict(given)))

    @property
    def values(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


def values_of(control: Param) -> tuple[Any, ...]:
    """The values that a control can take, in order."""
    if control.type is bool:
        return (False, True)
    found = control.choices or control.search
    assert found, f"the control '{control.name}' has no finite values"
    return found


def truth(experiment: type[Experiment], outcomes: Mapping[Experiment, Outcome]) -> Answer:
    """What came true of what `experiment` predicts, by its outcomes: of the defaults, or along a control."""
    predicted = experiment.predicts
    if isinstance(predicted, Choice):
        return outcomes[experiment()].answer
    if isinstance(predicted, Curve):
        points = experiment.along(predicted.along)
        return tuple(outcomes[point].facts[predicted.of].value for point in points)
    assert isinstance(predicted, Number), f"{experiment.name} predicts nothing"
    return outcomes[experiment()].facts[predicted.of].value


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One lesson. `live` gives the picture that moves in the page; its outcome's first view is one of `live.Live`.

    Its words lie in `ui/locales/lessons/<name>.<language>.json`.
    """

    name: str
    experiments: tuple[type[Experiment], ...]
    questions: tuple[Question, ...]
    sources: tuple[Source, ...]
    live: type[Experiment] | None = None
    minutes: int = 9

    def experiment(self, name: str) -> type[Experiment] | None:
        return next((each for each in self.all if each.name == name), None)

    @property
    def all(self) -> tuple[type[Experiment], ...]:
        return self.experiments if self.live is None else (self.live, *self.experiments)


LESSONS: Registry[Lesson] = Registry("lesson")
"""In the order in which they are taught: that of the imports in `lessons/__init__.py`."""
