"""The noisiest of many roundings are found by measuring few groups of them."""

import numpy as np
import pytest

from edgeslim.analysis.doctor.noisiest import noisiest
from edgeslim.progress import silent

MOST, PART = 3, 0.5


class Alone:
    """Noises of single tensors; a group's is their sum."""

    def __init__(self, noises: np.ndarray) -> None:
        self.noises, self.asked = noises, list[range]()

    def __call__(self, group: range) -> float:
        assert group not in self.asked, "nothing is measured twice"
        self.asked.append(group)
        return float(self.noises[group.start : group.stop].sum())


@pytest.mark.parametrize("seed", range(5))
def test_the_few_that_make_most_of_the_noise_are_found_in_a_tenth_of_the_measurements(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noises = rng.gamma(0.3, 1, 478)
    loud = rng.choice(478, 2, replace=False)
    noises[loud] = np.array([0.7, 0.5]) * noises.sum()
    alone = Alone(noises)
    found = noisiest(478, alone, MOST, PART, silent)
    assert found.places == tuple(loud), "one alone makes less than half"
    assert found.part == pytest.approx(noises[loud].sum() / noises.sum())
    assert found.measured == len(alone.asked) < 48


def test_spread_noise_is_seen_from_the_groups_alone() -> None:
    alone = Alone(np.random.default_rng(0).uniform(1, 2, 400))
    found = noisiest(400, alone, MOST, PART, silent)
    assert found.places == () and len(alone.asked) == 8
    assert 3 * 2 / alone.noises.sum() < found.part < PART, "the most that three can have"


@pytest.mark.parametrize(("count", "named"), [(1, (0,)), (2, (1,)), (7, (6, 5, 4)), (9, (8, 7, 6)), (16, ())])
def test_few_tensors_are_told_apart(count: int, named: tuple[int, ...]) -> None:
    """Noises 1, 2, 3 …: the three noisiest of 9 make 24 of 45, those of 16 make 45 of 136."""
    assert noisiest(count, Alone(np.arange(1.0, count + 1)), MOST, PART, silent).places == named


def test_without_any_noise_nothing_is_named() -> None:
    assert noisiest(20, lambda _: 0.0, MOST, PART, silent).places == ()
