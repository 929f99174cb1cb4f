"""Hypervolume against its definition, and the knee on fronts small enough to see."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.studies.hypervolume import contributions, growth, hypervolume, knee


def test_two_measures_by_hand():
    assert hypervolume([(1.0, 4.0), (2.0, 2.0), (3.0, 1.0)]) == pytest.approx(4 + 2 + 1)
    assert hypervolume([(1.0, 4.0), (1.0, 4.0), (0.5, 1.0)]) == pytest.approx(4.0)


def test_what_gains_nothing_adds_nothing():
    assert hypervolume([]) == 0.0
    assert hypervolume([(1.0, 0.0), (-1.0, 5.0)]) == 0.0
    assert hypervolume([(1.0, 1.0), (5.0, -0.1)]) == pytest.approx(1.0)


@pytest.mark.parametrize("measures", [1, 2, 3, 4])
def test_volume_is_what_random_points_below_the_front_say(measures: int):
    draw = np.random.default_rng(measures)
    points = draw.random((12, measures))
    samples = draw.random((200_000, measures))
    covered = (samples[:, None, :] <= points[None]).all(axis=2).any(axis=1).mean()
    assert hypervolume([tuple(point) for point in points.tolist()]) == pytest.approx(covered, abs=0.005)


@pytest.mark.parametrize("measures", [1, 2, 3, 4])
def test_growth_is_the_volume_of_every_prefix(measures: int):
    draw = np.random.default_rng(measures)
    points = [tuple(point) for point in (draw.random((40, measures)) - 0.1).tolist()]
    points += points[:3]
    assert growth(points) == pytest.approx([hypervolume(points[: k + 1]) for k in range(len(points))])
    assert growth([]) == []


def test_contributions_are_what_would_be_lost():
    points = [(1.0, 4.0), (2.0, 2.0), (3.0, 1.0), (0.5, 0.5)]
    assert contributions(points) == pytest.approx([2.0, 1.0, 1.0, 0.0])


def test_the_knee_is_where_the_front_bends():
    assert knee([(0.1, 4.0), (0.9, 3.6), (1.0, 0.5), (0.5, 0.5)]) == 1
    assert knee([(1.0, 1.0)]) == 0
    assert knee([(1.0, -1.0)]) is None
    assert knee([]) is None


def test_the_knee_does_not_depend_on_units():
    points = [(0.1, 4.0), (0.7, 3.0), (0.95, 1.0), (1.0, 0.1)]
    scaled = [(a * 1000, b / 7) for a, b in points]
    assert knee(points) == knee(scaled) == 1


def test_a_hundred_points_in_three_measures_take_no_time():
    points = [tuple(point) for point in np.random.default_rng(0).random((300, 3)).tolist()]
    assert 0.8 < hypervolume(points) < 1.0
