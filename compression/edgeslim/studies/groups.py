"""What is known of the differences between a study's trials, as plain data (made by studies.statistics)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from edgeslim.studies.trial import Bounds

LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two trials compared on the same images. Shares of 1."""

    first: int
    second: int
    difference: float
    """The first's headline measure minus the second's."""
    bounds: Bounds
    """Its interval, wide enough for all pairs of the study to be looked at together."""
    distinguishable: bool
    images: int
    images_80: int | None
    """How many images would show this difference with a probability of 80 %; None if there is none."""
    images_95: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTrial:
    """A trial's headline measure."""

    number: int
    title: str
    value: float
    ci95: Bounds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialComparison:
    """Two trials and their difference (first − second), paired over images."""

    metric: str
    images: int
    first: ComparedTrial
    second: ComparedTrial
    difference: float
    ci95: Bounds
    distinguishable: bool
    """At 95 %, these two looked at alone."""
    images_80: int | None
    """How many images would show this difference with a probability of 80 %; None if there is none."""
    images_95: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """What is known of the differences between a study's trials. Shares of 1; trials by number."""

    metric: str
    level: float
    images: int
    compared: tuple[int, ...]
    """The trials that were compared with each other: what any front can show. The best first."""
    errors: tuple[tuple[float, ...], ...]
    """Row i holds the standard errors of the differences of compared[i] from compared[0] … compared[i - 1]."""
    critical: float
    """Two compared trials differ if their difference exceeds this many of its standard errors."""
    alike: tuple[tuple[int, ...], ...]
    """Largest sets of compared trials in which no two differ, the best set first. They may overlap."""
    best: tuple[int, ...]
    """The trials, of all that were scored, that could be the best."""

    def pair(self, first: int, second: int, values: Mapping[int, float]) -> Pair | None:
        """Two different trials, whose headline measures are `values`; None if they were not compared."""
        if first == second or first not in self.compared or second not in self.compared:
            return None
        low, high = sorted((self.compared.index(first), self.compared.index(second)))
        error = self.errors[high][low]
        difference, reach = values[first] - values[second], self.critical * error
        return Pair(
            first=first,
            second=second,
            difference=difference,
            bounds=(difference - reach, difference + reach),
            distinguishable=abs(difference) > reach,
            images=self.images,
            images_80=images_needed(difference, error, self.images, 0.80),
            images_95=images_needed(difference, error, self.images, 0.95),
        )

    def like(self, number: int) -> tuple[int, ...]:
        """The other compared trials that are not distinguishable from this one, the best first."""
        near = {other for one in self.alike if number in one for other in one}
        return tuple(other for other in self.compared if other in near and other != number)

    def neighbours(self, values: Mapping[int, float]) -> tuple[Pair, ...]:
        """Each compared trial with the next in rank, the best first."""
        pairs = (self.pair(a, b, values) for a, b in zip(self.compared, self.compared[1:], strict=False))
        return tuple(pair for pair in pairs if pair is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutScore:
    """A trial on images that nothing was chosen by, against the images it was chosen by. Shares of 1.

    `optimism` is the score when choosing − the held-out score; `change_optimism` the same of the change against the
    original, in which cancels how hard the images are.
    """

    number: int
    chosen: float
    value: float
    ci95: Bounds | None
    paired_delta: float
    """Against the original, on the held-out images."""
    paired_ci95: Bounds | None
    optimism: float
    optimism_ci95: Bounds | None
    change_optimism: float
    change_optimism_ci95: Bounds | None


@dataclass(frozen=True, slots=True)
class Mean:
    value: float
    ci95: Bounds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Scores on the held-out images; `trials` is empty until the study's end."""

    images: int
    metric: str | None = None
    looks: int = 0
    """How often new trials were scored on these images: above 1 they are no longer quite unseen."""
    optimism: Mean | None = None
    """Of the change, mean over all trials but the original."""
    trials: tuple[HeldOutScore, ...] = ()

    def score(self, number: int) -> HeldOutScore | None:
        return next((each for each in self.trials if each.number == number), None)


def images_needed(
    difference: float, error: float, images: int, power: float, level: float = LEVEL
) -> int | None:
    """How many images would show this difference with probability `power`, in a two-sided test at `level`.

    n = images · ((z₁₋α⸝₂ + z_power) · error / |difference|)²: `error` is the difference's standard error on
    `images` images, which falls with the square root of their number (the usual sample size for a mean of
    paired differences; Chow, Shao & Wang, Sample Size Calculations in Clinical Research, 2008, 3.2). It takes
    the difference for the true one, and is only as good as that. None if there is no difference.
    """
    if difference == 0:
        return None
    normal = NormalDist()
    z = normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)
    return max(1, math.ceil(images * (z * error / abs(difference)) ** 2))
