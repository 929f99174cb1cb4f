"""How long a study will take, as a range: from what steps took in earlier studies, in passes of their own model.

A step's time is told in forward passes of the original on one image, timed on the machine where the step was measured.
So what was learned with one model on one machine can be used for another model on another machine. A step that does not
train works on weights too: of another model it takes as many more passes as there are more parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from edgeslim.records import RecipeRecord
from edgeslim.studies.study import FOR_TRIALS, StudyResult

_START = (4.0, 15.0)
"""Seconds until the first trial begins: processes, imports, opening model and data."""
_FILE = (0.1, 0.6)
"""Seconds that each file takes besides making, scoring and timing it: resampling, counting, compressing."""
_LEAST, _LEAST_TRAINING = 0.2, 0.004
"""Seconds of any stage, and of one training step, however small the network."""
_PASSES, _PASSES_TRAINING = 2000.0, 120.0
"""Of a step that was never measured: of a whole one, of one training step on a batch."""
_BY_FORMULA = ("nearest", "compensated")
"""Roundings of weights that are not trained."""
_ROUNDS = 60
"""Runs of each file when it is timed: 30 rounds, each with one run that is not timed."""
_SHORTEST_RUN = 0.002
_CONTENDERS = 20
"""About so many files are scored on held-out images."""
_EXACT, _SCALED, _UNKNOWN = (0.6, 1.7), (0.5, 2.5), (0.25, 4.0)
"""How far a stage may be from its estimate: the same step on the same model, a step scaled, one never measured."""
_WAYS = ("rounding", "calibration")
"""Parameters that decide what a step does, and so how long it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerCheck:
    """What recipes that learn from labels are scored on besides: images of the data that their model had learnt from.

    `recipes` is how many do, but for those that a search will find.
    """

    dataset: str
    images: int
    recipes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds from the start to the end of a study."""

    low: float
    high: float
    may_leave_out: bool = False
    """The study's minutes may end before all recipes are made."""
    former: FormerCheck | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What an estimate depends on besides the recipes."""

    model: str
    params: int
    pass_seconds: float
    """One image through the original, here, on one thread."""
    image_seconds: float
    """Scoring one image, besides the pass."""
    images: int
    held_out: int
    workers: int
    minutes: float | None = None
    """As the study's plan has it: what recipes are made and scored in."""
    former: int = 0
    """Times that an image of the model's former data is scored, over all files."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What one stage took."""

    model: str
    params: int
    parameters: Mapping[str, Any]
    passes: float

    def scaled(self, place: Workplace) -> float:
        """Passes of one training step, or of a whole step that does not train, on the workplace's model."""
        amount = _amount(self.parameters)
        other = amount == 1 and self.model != place.model and self.params > 0
        return self.passes / amount * (place.params / self.params if other else 1.0)


@dataclass(frozen=True, slots=True)
class StepCosts:
    """What steps took in earlier studies, by name of the step."""

    known: Mapping[str, Sequence[_Known]] = field(default_factory=dict)

    @staticmethod
    def of(studies: Iterable[StudyResult]) -> StepCosts:
        found: dict[str, list[_Known]] = {}
        for study in studies:
            original = study.original
            if original is None or original.latency is None:
                continue
            seconds = original.latency.median_ms / 1000
            stages = {stage.sha256: stage for trial in study.trials for stage in trial.stages}
            for stage in stages.values():
                cost = _Known(study.model, original.params or 0, stage.parameters, stage.seconds / seconds)
                found.setdefault(stage.step, []).append(cost)
        return StepCosts(found)

    def seconds(self, step: Mapping[str, Any], place: Workplace) -> tuple[float, float]:
        """The range for one step, as it is kept, on the workplace's model."""
        name, parameters = step["step"], {key: value for key, value in step.items() if key != "step"}
        known, amount = self.known.get(name, ()), _amount(parameters)
        least = _LEAST + _LEAST_TRAINING * (amount if amount > 1 else 0)
        same = [each for each in known if each.model == place.model and each.parameters == parameters]
        if same:
            passes, (low, high) = median(each.passes for each in same), _EXACT
        elif alike := [
            each for each in known if all(each.parameters.get(way) == parameters.get(way) for way in _WAYS)
        ]:
            passes, (low, high) = amount * median(each.scaled(place) for each in alike), _SCALED
        else:
            passes, (low, high) = _PASSES_TRAINING * amount if amount > 1 else _PASSES, _UNKNOWN
        likely = max(least, passes * place.pass_seconds)
        return likely * low, likely * high


def estimated(recipes: Sequence[RecipeRecord], costs: StepCosts, place: Workplace) -> Estimate:
    """The range for the recipes and their baseline; prefixes that they share are computed once."""
    given = float("inf") if place.minutes is None else FOR_TRIALS * 60 * place.minutes
    making = [_making(recipes, costs, place, side) for side in (0, 1)]
    files = len(recipes) + 1
    timing = files * _ROUNDS * max(place.pass_seconds, _SHORTEST_RUN)
    conclusion = min(files, _CONTENDERS) * place.held_out * (place.pass_seconds + place.image_seconds)
    low, high = (
        start + min(made, given) + timing + conclusion for start, made in zip(_START, making, strict=True)
    )
    return Estimate(low, high, may_leave_out=making[1] > given)


def _making(recipes: Sequence[RecipeRecord], costs: StepCosts, place: Workplace, side: int) -> float:
    """Seconds for making and scoring all files."""
    one = place.pass_seconds + place.image_seconds
    scoring = place.images * one + _FILE[side]
    stages: dict[str, float] = {}
    longest = 0.0
    for recipe in recipes:
        chain = scoring
        for index, step in enumerate(recipe.steps):
            seconds = costs.seconds(step, place)[side]
            stages[repr((recipe.seed, recipe.steps[: index + 1]))] = seconds
            chain += seconds
        longest = max(longest, chain)
    together = sum(stages.values()) + (len(recipes) + 1) * scoring + place.former * one
    return max(longest, together / place.workers)


def _amount(parameters: Mapping[str, Any]) -> float:
    """Training steps; 1 of a step that does not train. What trains nothing has a rounding by a formula."""
    given = parameters.get("steps")
    trains = parameters.get("rounding", "trained") not in _BY_FORMULA
    return float(given) if trains and isinstance(given, int) and given > 0 else 1.0
