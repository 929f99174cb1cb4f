"""How far a limit can sensibly be moved: round values over the range that a study's files were measured at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from edgeslim.studies.budget import Budget, reason
from edgeslim.studies.choice import Choice
from edgeslim.studies.figures import FIGURES, Figure
from edgeslim.studies.study import StudyResult
from edgeslim.units import POINTS, RATIO

DIGITS = (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9)
LOSSES = (0, 0.2, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15, 20, 30, 40, 50, 75, 100)
"""Points that may be lost."""
STEPS = 40
"""About as many values has a scale of differences."""


def measured(study: StudyResult, figure: Figure) -> tuple[float, ...]:
    """The figure's values over the study's measured files, rising."""
    values = (figure.value(trial, study.original) for trial in study.trials if trial.measured)
    return tuple(sorted(value for value in values if value is not None))


def stops(study: StudyResult, figure: Figure) -> tuple[float, ...]:
    """Limits from the strictest that one file still keeps to one that all keep, as stored; empty without values.

    Sizes, counts and milliseconds rise by factors, points lost by ever larger steps, ratios and all else evenly.
    """
    values = measured(study, figure)
    if not values:
        return ()
    low, high = values[0], values[-1]
    scale = figure.kind.scale
    if figure.kind is POINTS and figure.cost:
        steps = [points / scale for points in LOSSES]
    elif figure.kind.relative and figure.kind is not RATIO and low > 0 and high > 2.5 * low:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = [round(digit * 10.0**decade, 12) for decade in decades for digit in DIGITS]
    else:
        step = _round_step((high - low) * scale / STEPS) / scale
        first, last = math.floor(low / step), math.ceil(high / step)
        steps = [round(place * step, 12) for place in range(first, last + 1)]
    return tuple(_between(steps, low, high, figure.cost))


def hardest(study: StudyResult, budget: Budget, choice: Choice) -> tuple[str, int] | None:
    """The limit that excludes most of the study's files, and how many; None where none excludes any."""
    found = Counter(code for codes in choice.rejected.values() for code in codes)
    excluded = {name: found[reason(name)] for name, _ in budget if found[reason(name)]}
    if not excluded:
        return None
    name = max(excluded, key=lambda name: excluded[name])
    return FIGURES.get(name).name, excluded[name]


def _between(steps: Sequence[float], low: float, high: float, cost: bool) -> list[float]:
    """The steps that part the values from each other, and the one that all values keep."""
    rising = sorted(set(steps))
    if cost:
        kept = [step for step in rising if low <= step < high]
        return [*kept, *[step for step in rising if step >= high][:1]]
    kept = [step for step in rising if low < step <= high]
    return [*[step for step in rising if step <= low][-1:], *kept]


def _round_step(about: float) -> float:
    """The nearest of 1, 2, 5 times a power of ten above."""
    if about <= 0:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(about))
    return next(digit * decade for digit in (1, 2, 5, 10) if digit * decade >= about)


def limit_parameter(figure: Figure) -> str:
    """The parameter of an address that carries the limit."""
    return f"{'max' if figure.cost else 'min'}_{figure.name}"


def limit_parameters(study: StudyResult, budget: Budget) -> dict[str, str]:
    """The parameters of an address that sets exactly these limits, whatever the study's own are."""
    own = {limit_parameter(FIGURES.get(name)): "" for name, _ in study.budget}
    given = {
        limit_parameter(figure): f"{round(limit * figure.kind.scale, 6):g}"
        for name, limit in budget
        for figure in (FIGURES.get(name),)
    }
    return own | given
