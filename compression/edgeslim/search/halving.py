"""Asynchronous successive halving over several objectives: which of the cheaply measured recipes are promoted.

Li et al. 2020, arXiv 1810.05934 (ASHA), ranked by non-dominated sorting as in Schmucker et al. 2021, arXiv 2106.12639.
Recipes with recovery and recipes without climb separate ladders: the first are judged before they have recovered, the
second are final, so that comparing them would drop the first. Likewise shapes and storages (search.strategy): a storage
is small and accurate at once, a shape only together with one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgeslim.studies.hypervolume import Gains, contributions
from edgeslim.studies.pareto import front


@dataclass(frozen=True, slots=True)
class Rung:
    """The fidelity of a trial: the share of its recovery steps, and the number of images scored (None: all)."""

    share: float
    images: int | None

    @property
    def full(self) -> bool:
        return self.share == 1.0 and self.images is None


@dataclass(frozen=True, slots=True)
class Standing:
    """A measurement on a rung. `miss` is the sum of the excesses over limits on costs, 0 if all are kept."""

    gains: Gains
    miss: float = 0.0


FULL = Rung(1.0, None)
_FEW_IMAGES = 96
"""Images of the cheap rung with recovery, and without: there only a large split makes the rung worth it."""
_SHARE = 0.1
"""Share of the recovery steps on the cheap rung."""


def rungs(recovers: bool, images: int, multi_fidelity: bool = True) -> tuple[Rung, ...]:
    """The rungs of a recipe with or without recovery, given the number of images; the last is the full measurement."""
    few = _FEW_IMAGES if images > _FEW_IMAGES else None
    if multi_fidelity and recovers:
        return Rung(_SHARE, few), FULL
    if multi_fidelity and images >= 10 * _FEW_IMAGES:
        return Rung(1.0, few), FULL
    return (FULL,)


@dataclass(slots=True)
class Ladder:
    """Recipes by fingerprint. One in `keep` of a rung is promoted, once `grace` were measured there."""

    height: int
    keep: int
    grace: int
    standings: list[dict[str, Standing]] = field(init=False)
    promoted: list[set[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.standings = [{} for _ in range(self.height - 1)]
        self.promoted = [set() for _ in range(self.height - 1)]

    def record(self, name: str, rung: int, standing: Standing) -> None:
        """Record a measurement on a rung below the last."""
        self.standings[rung][name] = standing

    def passed(self, name: str, rung: int) -> None:
        """Record a promotion to the next rung."""
        self.promoted[rung].add(name)

    def next(self, closing: bool = False) -> list[tuple[str, int]]:
        """(recipe, its rung) of the recipes to promote, the highest rung first; `closing`: no other recipe will join."""
        found = []
        for rung in reversed(range(self.height - 1)):
            standings = self.standings[rung]
            if len(standings) < self.grace and not closing:
                continue
            count = -(-len(standings) // self.keep) if closing else len(standings) // self.keep
            best = ranked(standings)[:count]
            found += [(name, rung) for name in best if name not in self.promoted[rung]]
        return found

    def drop(self, name: str) -> None:
        """Remove a recipe that failed."""
        for standings in self.standings:
            standings.pop(name, None)


def ranked(standings: Mapping[str, Standing]) -> list[str]:
    """The recipes, the best first: by how little they miss the limits, then by non-dominated front, and within a front
    by their contribution to its volume.
    """
    inside = [name for name in standings if standings[name].miss <= 0.0]
    outside = sorted((n for n in standings if standings[n].miss > 0.0), key=lambda n: standings[n].miss)
    order: list[str] = []
    while inside:
        points = [standings[name].gains for name in inside]
        best = {points[i] for i in front(points, ["maximize"] * len(points[0]))}
        order += _by_contribution([n for n in inside if standings[n].gains in best], standings)
        inside = [n for n in inside if standings[n].gains not in best]
    return order + outside


def _by_contribution(names: Sequence[str], standings: Mapping[str, Standing]) -> list[str]:
    gains = [standings[name].gains for name in names]
    lost = contributions(gains)
    # Beyond the reference point there is no volume: the nearest comes first.
    nearness = [min(each) for each in gains]
    places = sorted(range(len(names)), key=lambda i: (lost[i], nearness[i]), reverse=True)
    return [names[place] for place in places]
