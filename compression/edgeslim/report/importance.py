"""Which parameters decide whether a recipe is among the best.

How differently a parameter is distributed among the best trials and among all: the Pearson divergence of the two,
which is its share in the variance of being among the best (Watanabe et al., PED-ANOVA, IJCAI 2023, arXiv 2304.10255;
densities of the best against the rest guide TPE: Bergstra et al., 2011). How much divergence chance alone would give
is told by drawing the best at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from edgeslim.report.recipe_parameters import Parameter, compared, varied
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.pareto import front
from edgeslim.studies.study import StudyResult

FEWEST = 20
"""Trials below which nothing is told."""
BEST = 0.25
"""Share of the trials that counts as the best."""
FRONT = "front"
"""Being the best by all objectives together, instead of by one figure."""
DRAWS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Of one parameter. Above `chance` it is more than draws at random give, at 95 % over all parameters together.

    `all` and `best` are counts of trials by the parameter's bins.
    """

    parameter: Parameter
    divergence: float
    chance: float
    all: tuple[int, ...]
    best: tuple[int, ...]

    @property
    def clear(self) -> bool:
        return self.divergence > self.chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Importances:
    """The most important parameter first."""

    trials: int
    best: tuple[int, ...]
    """Numbers of the best trials."""
    parameters: tuple[Importance, ...]


def importances(study: StudyResult, target: str = FRONT) -> Importances | None:
    """By a figure's name, or by the study's front. None where too few trials or parameters are there to compare."""
    parameters = varied(study)
    groups = ranked(study, target)
    numbers = [number for group in groups for number in group]
    if len(numbers) < FEWEST or not parameters:
        return None
    best = _best(groups, len(numbers))
    draws = np.random.default_rng(0)
    level = 1 - 0.05 / len(parameters)
    found = [_importance(parameter, numbers, best, draws, level) for parameter in parameters]
    found.sort(key=lambda each: -each.divergence)
    return Importances(trials=len(numbers), best=best, parameters=tuple(found))


def ranked(study: StudyResult, target: str) -> list[list[int]]:
    """Numbers of the trials that have what is needed, in groups of equally good ones, the best first.

    By the front: it, the front without it, and so on, until there are enough; all others come last.
    """
    trials = compared(study)
    if target != FRONT:
        figure = FIGURES.get(target)
        sign = 1.0 if figure.cost else -1.0
        groups: dict[float, list[int]] = {}
        for trial in trials:
            if (value := figure.value(trial, study.original)) is not None:
                groups.setdefault(sign * value, []).append(trial.number)
        return [groups[value] for value in sorted(groups)]
    weighed = [FIGURES.get(name) for name in study.objectives]
    points = {trial.number: [figure.value(trial, study.original) for figure in weighed] for trial in trials}
    left = {number: point for number, point in points.items() if None not in point}
    enough = len(left) - ceil(BEST * len(left))
    found = []
    while len(left) > enough:
        order = list(left)
        found.append([order[i] for i in front(list(left.values()), [each.better for each in weighed])])
        left = {number: left[number] for number in order if number not in found[-1]}
    return [*found, list(left)] if left else found


def _best(groups: Sequence[Sequence[int]], trials: int) -> tuple[int, ...]:
    """Whole groups, until they are the share of the best."""
    best: list[int] = []
    for group in groups:
        if len(best) >= ceil(BEST * trials):
            break
        best += group
    return tuple(best)


def _importance(
    parameter: Parameter,
    numbers: Sequence[int],
    best: Sequence[int],
    draws: np.random.Generator,
    level: float,
) -> Importance:
    bins = len(parameter.bins)
    every = np.bincount([parameter.bin_of[number] for number in numbers], minlength=bins)
    chosen = np.bincount([parameter.bin_of[number] for number in best], minlength=bins)
    drawn = draws.multivariate_hypergeometric(every, len(best), size=DRAWS)
    return Importance(
        parameter=parameter,
        divergence=float(divergence(chosen, every)),
        chance=float(np.quantile(divergence(drawn, every), level)),
        all=tuple(every.tolist()),
        best=tuple(chosen.tolist()),
    )


def divergence(best: NDArray[np.int64], every: NDArray[np.int64]) -> NDArray[np.float64]:
    """Pearson's: the sum over bins of (share of the best − share of all)² / share of all; (…, bins) against (bins,)."""
    filled = every > 0
    shares = every[filled] / every.sum()
    of_best = best[..., filled] / best.sum(axis=-1, keepdims=True)
    found: NDArray[np.float64] = ((of_best - shares) ** 2 / shares).sum(axis=-1)
    return found
