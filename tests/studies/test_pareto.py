"""The Pareto front against its definition, on points small enough to see and on random ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeslim.studies.pareto import front


def test_front_keeps_what_nothing_dominates_in_order_of_the_first_measure():
    points = [(0.70, 500.0), (0.69, 130.0), (0.60, 130.0), (0.72, 900.0), (0.71, 950.0)]
    assert front(points, ["maximize", "minimize"]) == [3, 0, 1]


def test_missing_and_nan_measures_take_no_part():
    points = [(0.9, None), (math.nan, 1.0), (0.5, 10.0)]
    assert front(points, ["maximize", "minimize"]) == [2]


def test_infinite_measures_are_measures():
    assert front([(math.inf, 2.0), (1.0, 1.0), (0.5, 3.0)], ["maximize", "minimize"]) == [0, 1]


def test_of_equal_points_the_first_is_kept():
    assert front([(1.0, 1.0), (1.0, 1.0), (1.0, 2.0)], ["minimize", "minimize"]) == [0]


def test_no_points_no_front():
    assert front([], ["minimize", "minimize"]) == []


@pytest.mark.parametrize("measures", [2, 3])
def test_front_equals_the_definition_on_random_points(measures: int):
    points = np.random.default_rng(measures).integers(0, 12, (200, measures)).astype(float)
    unique, first = np.unique(points, axis=0, return_index=True)
    by_definition = {
        int(first[i])
        for i, p in enumerate(unique)
        if not any((q <= p).all() and (q < p).any() for q in unique)
    }
    found = front([tuple(p) for p in points], ["minimize"] * measures)
    assert set(found) == by_definition
    assert len(found) == len(by_definition)
