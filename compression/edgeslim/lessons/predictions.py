"""What a reader commits to before an experiment runs, and how far off it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeslim.errors import EdgeSlimError
from edgeslim.lessons.views import Axis

ROUNDING = 1e-9
"""A guess of 0.55 is as near to 0.5 as 0.05 is, whatever their binary digits say."""

Answer = float | str | tuple[float, ...]
"""A number, an option, or a curve's heights at the prediction's places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number between `low` and `high`, the fact `of` of the outcome; within `near` of the truth (or inside its
    interval) it counts as right."""

    of: str
    unit: Axis
    low: float
    high: float
    step: float
    near: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of `options`; the truth is the outcome's `answer`."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The fact `of` over all values of the control `along`, drawn between `low` and `high`.

    A mean distance of at most `near` counts as right.
    """

    of: str
    along: str
    unit: Axis
    low: float
    high: float
    near: float


Prediction = Number | Choice | Curve


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`off` is the (mean) distance from the truth, None for a choice."""

    right: bool
    off: float | None = None


def judge(
    prediction: Prediction, given: Answer, truth: Answer, interval: tuple[float, float] | None = None
) -> Verdict:
    """Hold an answer against the truth; `interval` is the truth's own uncertainty."""
    if isinstance(prediction, Choice):
        return Verdict(right=given == truth)
    off = float(np.abs(np.asarray(given, float) - np.asarray(truth, float)).mean())
    inside = interval is not None and interval[0] <= float(np.asarray(given, float).ravel()[0]) <= interval[1]
    near = off <= prediction.near * (1 + ROUNDING)
    return Verdict(right=near or (isinstance(prediction, Number) and inside), off=off)


def checked(prediction: Prediction, given: object, places: int = 1) -> Answer:
    """An answer from outside (JSON), in the prediction's type and bounds; a curve has `places` heights.

    Raises EdgeSlimError (bad_answer).
    """
    if isinstance(prediction, Choice):
        if given in prediction.options:
            return str(given)
        raise EdgeSlimError("bad_answer", expected="one of " + ", ".join(prediction.options))
    wanted = f"{places} numbers" if isinstance(prediction, Curve) else "a number"
    values = given if isinstance(prediction, Curve) else [given]
    if (
        not isinstance(values, list | tuple)
        or len(values) != (places if isinstance(prediction, Curve) else 1)
        or not all(
            isinstance(one, int | float)
            and not isinstance(one, bool)
            and prediction.low <= one <= prediction.high
            for one in values
        )
    ):
        raise EdgeSlimError("bad_answer", expected=f"{wanted} from {prediction.low:g} to {prediction.high:g}")
    return tuple(map(float, values)) if isinstance(prediction, Curve) else float(values[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question after the experiment; its words are `lesson.<lesson>.<name>.…`: `ask`, and for each option the
    option itself and `<option>_why`."""

    name: str
    options: tuple[str, ...]
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the field says, and where."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A page of the lab, opened with an experiment's settings."""

    page: str
    parameters: Mapping[str, str | int | float]

    @property
    def same(self) -> bool:
        """Whether it opens with what the experiment does, not with its network alone."""
        return self.page != "new" or "preset" in self.parameters
