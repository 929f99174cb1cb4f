"""Entropy, rank, likeness of weights: figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.metrics.redundancy import (
    effective_rank,
    energy_by_rank,
    entropy,
    histogram,
    largest_cosines,
    redundancy,
    singular_values,
)


def test_entropy_of_values_in_equal_bins() -> None:
    """Four even bins: 2 bits. Three quarters in one of two bins: 0.8113. One value: nothing to say."""
    assert entropy(np.array([0.0, 1.0, 2.0, 3.0] * 5), 2) == pytest.approx(2.0)
    assert entropy(np.array([0.0, 0.1, 0.2, 1.0]), 1) == pytest.approx(0.8112781)
    assert entropy(np.full(10, 0.7), 8) == 0.0


def test_low_entropy_means_redundancy() -> None:
    even, peaked = np.linspace(-1, 1, 4096), np.r_[np.zeros(4000), np.linspace(-1, 1, 96)]
    assert redundancy(entropy(even, 8), 8) == pytest.approx(0.0, abs=1e-9)
    assert redundancy(entropy(peaked, 8), 8) > 0.8
    assert redundancy(2.0, 8) == 0.75


def test_histogram_counts_every_value_once_with_both_ends() -> None:
    found = histogram(np.array([[-1.0, 1.0], [0.0, 0.999]]), 4)
    assert (found.low, found.high, found.counts) == (-1.0, 1.0, (1, 0, 1, 2))
    assert histogram(np.full(3, 2.0), 4).counts == (3, 0, 0, 0)


def test_rank_of_a_constructed_matrix() -> None:
    """Three orthogonal directions of equal strength: effective rank 3, all energy at rank 3, a third at rank 1."""
    random = np.random.default_rng(0)
    left, right = (np.linalg.qr(random.normal(size=(size, 3)))[0] for size in (20, 50))
    singular = singular_values(2 * left @ right.T)
    assert len(singular) == 20
    assert singular[:3] == pytest.approx([2, 2, 2])
    assert effective_rank(singular) == pytest.approx(3, abs=1e-3)
    assert energy_by_rank(singular)[:4] == pytest.approx([1 / 3, 2 / 3, 1, 1])


def test_singular_values_are_those_of_the_decomposition_whichever_side_is_longer() -> None:
    matrix = np.random.default_rng(1).normal(size=(12, 40))
    expected = np.linalg.svd(matrix, compute_uv=False)
    assert singular_values(matrix) == pytest.approx(expected)
    assert singular_values(matrix.T) == pytest.approx(expected)


def test_a_weight_of_zeros_has_no_rank_and_no_likeness() -> None:
    singular = singular_values(np.zeros((4, 9)))
    assert effective_rank(singular) == 0.0
    assert energy_by_rank(singular).tolist() == [1, 1, 1, 1]
    assert largest_cosines(np.zeros((4, 9))).tolist() == [0, 0, 0, 0]


def test_unequal_singular_values_give_the_exponential_of_their_entropy() -> None:
    """Shares ¾ and ¼: exp(0.5623) = 1.7548. Source: Roy & Vetterli 2007, definition 1."""
    assert effective_rank(np.array([3.0, 1.0])) == pytest.approx(1.7547654)


def test_duplicate_filters_are_found_whatever_their_scale() -> None:
    rows = np.random.default_rng(2).normal(size=(6, 27))
    rows[4] = 3.0 * rows[1]
    rows[5] = -rows[0]
    found = largest_cosines(rows)
    assert found[[1, 4]] == pytest.approx([1.0, 1.0])
    assert found[[0, 2, 3, 5]].max() < 0.7
    assert (found > 0.9).sum() == 2


def test_likeness_of_many_filters_is_that_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(3).normal(size=(50, 9))
    expected = largest_cosines(rows)
    monkeypatch.setattr("edgeslim.metrics.redundancy._ROWS", 7)
    assert largest_cosines(rows) == pytest.approx(expected)
