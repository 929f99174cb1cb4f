"""What the recipes of a study vary: parameters of their steps, each with its value in every measured trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

Value = float | str | bool | None
"""None: the recipe has no such step."""
MOST_VALUES = 6
"""Numbers with more different values than this are put into four bins of about equally many trials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A step's parameter that differs between recipes; `name` is empty where a recipe has the step or has it not.

    `values` are by number of the trial. `bins` are the labels of its values in their order (None: without the step),
    and `bin_of` says where a trial belongs. `same` are parameters that separate the trials in the same way.
    """

    step: str
    name: str
    values: Mapping[int, Value]
    bins: tuple[str | None, ...]
    bin_of: Mapping[int, int]
    same: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """As an address has it: 'low_rank.keep', 'float16'."""
        return f"{self.step}.{self.name}" if self.name else self.step

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        known = [value for value in self.values.values() if value is not None]
        return bool(known) and all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in known
        )


def compared(study: StudyResult) -> tuple[TrialResult, ...]:
    """The trials that parameters are compared on: all measured ones but the original."""
    return tuple(trial for trial in study.trials if trial.measured and trial.number != study.baseline)


def varied(study: StudyResult) -> tuple[Parameter, ...]:
    """The parameters that vary, in the order in which they first appear. A step that is used twice counts once."""
    trials = compared(study)
    recipes = {
        trial.number: {step["step"]: step for step in reversed(trial.recipe.steps)} for trial in trials
    }
    steps = dict.fromkeys(step["step"] for trial in trials for step in trial.recipe.steps)
    found: dict[tuple[int, ...], Parameter] = {}
    for step in steps:
        names = dict.fromkeys(
            name for recipe in recipes.values() for name in recipe.get(step, {}) if name != "step"
        )
        made = [
            _parameter(
                step, name, {number: _value(recipe.get(step), name) for number, recipe in recipes.items()}
            )
            for name in ("", *names)
        ]
        there, *others = (each for each in made if len(each.bins) > 1 or not each.name)
        different = [each for each in others if _groups(each, recipes) != _groups(there, recipes)]
        # A parameter that varies tells also where the step is not used, and one with a single value only that.
        for each in different or ([there] if len(there.bins) > 1 else []):
            places = _groups(each, recipes)
            found[places] = _also(found[places], each) if places in found else each
    return tuple(found.values())


def _groups(parameter: Parameter, numbers: Iterable[int]) -> tuple[int, ...]:
    """The trials' bins, numbered as they appear: equal where two parameters separate the trials in the same way."""
    seen: dict[int, int] = {}
    return tuple(seen.setdefault(parameter.bin_of[number], len(seen)) for number in numbers)


def _value(step: Mapping[str, object] | None, name: str) -> Value:
    if step is None:
        return None
    if not name:
        return "with"
    value = step.get(name)
    return value if isinstance(value, int | float | str) else None if value is None else str(value)


def _parameter(step: str, name: str, values: Mapping[int, Value]) -> Parameter:
    known = {value for value in values.values() if value is not None}
    numbers = [float(v) for v in known if isinstance(v, int | float) and not isinstance(v, bool)]
    labels: list[str | None] = [None] if None in values.values() else []
    first = len(labels)
    if len(numbers) == len(known) and len(numbers) > MOST_VALUES:
        drawn = [float(v) for v in values.values() if v is not None]
        edges = np.unique(np.quantile(drawn, (0.25, 0.5, 0.75)))
        ends = [min(numbers), *edges.tolist(), max(numbers)]
        labels += [f"{low:.3g} … {high:.3g}" for low, high in pairwise(ends)]
        place = {v: first + int(np.searchsorted(edges, float(v), side="left")) for v in known}
    else:
        order = sorted(known, key=lambda v: (0, v, "") if isinstance(v, int | float) else (1, 0, v))
        labels += [f"{v:g}" if isinstance(v, float) else str(v) for v in order]
        place = {v: first + index for index, v in enumerate(order)}
    bin_of = {number: 0 if value is None else place[value] for number, value in values.items()}
    return Parameter(step=step, name=name, values=values, bins=tuple(labels), bin_of=bin_of)


def _also(known: Parameter, other: Parameter) -> Parameter:
    return replace(known, same=(*known.same, (other.step, other.name)))
