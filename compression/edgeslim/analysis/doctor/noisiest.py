"""The few of many roundings that make most of the noise, found by halving what makes much of it.

Errors of roundings are nearly independent, so the noise of a group is about the sum of its members' and at least that
of its noisiest: what makes little as a group needs no second look. Of hundreds of tensors some tens of groups are
measured. Large errors add up to less than their sum, which makes the share of the noisiest look larger.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from edgeslim.progress import Progress

GROUPS = 8
"""To begin with: neighbours in order of computation, so blocks of layers."""


@dataclass(frozen=True, slots=True)
class Noisiest:
    """`places` of the noisiest, the noisiest first; none where the noise is spread.

    `part` is their share of all noise, or the most that so many can have.
    """

    places: tuple[int, ...]
    part: float
    measured: int
    """Groups that were measured, of one or more."""


def noisiest(
    count: int, noise_of: Callable[[range], float], most: int, part: float, progress: Progress
) -> Noisiest:
    """The fewest of `count`, at most `most`, that together make this `part` of the noise.

    `noise_of` gives the noise of those in a range, rounded together.
    """
    expected, noises = GROUPS + 2 * most * math.ceil(math.log2(max(2, count / GROUPS))), dict[range, float]()

    def measure(group: range) -> None:
        progress("groups_rounded", len(noises), max(expected, len(noises) + 1))
        noises[group] = noise_of(group)

    edges = [place * count // GROUPS for place in range(GROUPS + 1)]
    groups = [range(first, last) for first, last in pairwise(edges) if first < last]
    for group in groups:
        measure(group)
    while True:
        total = sum(noises[group] for group in groups)
        groups.sort(key=lambda group: -noises[group])
        shares = [
            sum(noises[group] for group in groups[:few]) / total if total else 0.0 for few in range(most + 1)
        ]
        few = next((few for few in range(1, most + 1) if shares[few] >= part), None)
        if few is None:
            return Noisiest((), shares[most], len(noises))
        wide = next((group for group in groups[:few] if len(group) > 1), None)
        if wide is None:
            return Noisiest(tuple(group.start for group in groups[:few]), shares[few], len(noises))
        middle = (wide.start + wide.stop) // 2
        groups.remove(wide)
        for half in (range(wide.start, middle), range(middle, wide.stop)):
            measure(half)
            groups.append(half)
