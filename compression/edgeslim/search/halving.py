"""Asynchronous successive halving over several objectives: who, of those measured cheaply, deserves more.

Li et al. 2020, arXiv 1810.05934 (ASHA), ranked by non-dominated sorting as in Schmucker et al. 2021, arXiv 2106.12639.
Recipes with recovery and those without climb ladders of their own: the first are judged before they have
recovered, the second are as good as they will ever be, and to compare them would be to drop the first. Likewise
shapes and storages (search.strategy): a storage is small and accurate at once, a shape is worth what it is with one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgeslim.studies.hypervolume import Gains, contributions
from edgeslim.studies.pareto import front


@dataclass(frozen=True, slots=True)
class Rung:
    """How thoroughly a recipe is tried: that share of its recovery's steps, scored on so many images (None: all)."""

    share: float
    images: int | None

    @property
    def full(self) -> bool:
        return self.share == 1.0 and self.images is None


@dataclass(frozen=True, slots=True)
class Standing:
    """What was measured on a rung. `miss` sums up by how much limits on costs are missed, 0 if all are kept."""

    gains: Gains
    miss: float = 0.0


FULL = Rung(1.0, None)
_FEW_IMAGES = 96
"""Images of the cheap rung; without recovery, scoring must take much longer for it to be worth it."""
_SHARE = 0.1
"""Of the recovery's steps, on the cheap rung."""


def rungs(recovers: bool, images: int, multi_fidelity: bool = True) -> tuple[Rung, ...]:
    """The rungs for a recipe with or without recovery, where `images` can be scored on; the last is the full one."""
    few = _FEW_IMAGES if images > _FEW_IMAGES else None
    if multi_fidelity and recovers:
        return Rung(_SHARE, few), FULL
    if multi_fidelity and images >= 10 * _FEW_IMAGES:
        return Rung(1.0, few), FULL
    return (FULL,)


@dataclass(slots=True)
class Ladder:
    """Recipes by fingerprint on their way up. One in `keep` of a rung's goes on, once `grace` were measured there."""

    height: int
    keep: int
    grace: int
    standings: list[dict[str, Standing]] = field(init=False)
    promoted: list[set[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.standings = [{} for _ in range(self.height - 1)]
        self.promoted = [set() for _ in range(self.height - 1)]

    def record(self, name: str, rung: int, standing: Standing) -> None:
        """It has been measured on a rung below the last."""
        self.standings[rung][name] = standing

    def passed(self, name: str, rung: int) -> None:
        """It has gone on to the next rung."""
        self.promoted[rung].add(name)

    def next(self, closing: bool = False) -> list[tuple[str, int]]:
        """(recipe, its rung) of those that may go on now, the highest first; `closing`: nothing else will come."""
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
        """It is out of the race."""
        for standings in self.standings:
            standings.pop(name, None)


def ranked(standings: Mapping[str, Standing]) -> list[str]:
    """The recipes, the best first: those inside the limits before those near them, then front by front.

    Within a front, those without whom it would lose most come first.
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
    # What lies beyond the reference has no volume: the nearest goes first.
    nearness = [min(each) for each in gains]
    places = sorted(range(len(names)), key=lambda i: (lost[i], nearness[i]), reverse=True)
    return [names[place] for place in places]
