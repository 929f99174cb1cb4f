"""Decompositions of one weight, and the choice of ranks, as plain arrays."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.steps.low_rank.decompositions import compose, energy_kept
from edgeslim.steps.low_rank.factorized_layers import DECOMPOSITIONS
from edgeslim.steps.low_rank.rank_options import (
    admitted,
    cheaper_options,
    first_keeping,
    share_equally,
    share_globally,
)
from edgeslim.steps.low_rank.whitening import whitening

METHODS = sorted(DECOMPOSITIONS)


def weight(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=shape)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(8, 6, 3, 3), (5, 7, 3, 5), (6, 4, 1, 1)])
def test_full_rank_is_exact(method: str, shape: tuple[int, ...]) -> None:
    original = weight(*shape)
    made = DECOMPOSITIONS[method](original, 0)
    factors = made.factors(made.ranks[-1].tolist())
    assert compose(factors).shape == shape
    assert np.abs(compose(factors) - original).max() < 1e-5


@pytest.mark.parametrize("method", METHODS)
def test_error_falls_with_rank(method: str) -> None:
    original = weight(12, 10, 3, 3)
    made = DECOMPOSITIONS[method](original, 0)
    if method == "tucker2":
        wanted = [(2, 2), (4, 5), (7, 8), (10, 12)]
    else:
        wanted = [made.ranks[place - 1].tolist() for place in np.geomspace(2, len(made.ranks), 5).astype(int)]
    kept = [energy_kept(original, compose(made.factors(ranks))) for ranks in wanted]
    assert np.diff(kept).min() > 0.01 and kept[-1] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("method", ["svd", "spatial"])
def test_energy_of_a_matrix_method_is_what_its_factors_keep(method: str) -> None:
    original = weight(9, 6, 3, 3)
    made = DECOMPOSITIONS[method](original, 0)
    for place in (0, 3, len(made.ranks) - 1):
        kept = energy_kept(original, compose(made.factors(made.ranks[place].tolist())))
        assert kept == pytest.approx(made.energy[place], abs=1e-10)


def test_tucker_keeps_at_least_and_cp_at_most_what_was_said() -> None:
    original = weight(12, 10, 3, 3)
    for method, sign in (("tucker2", 1), ("cp", -1)):
        made = DECOMPOSITIONS[method](original, 0)
        for place in np.linspace(0, len(made.ranks) - 1, 5).astype(int):
            kept = energy_kept(original, compose(made.factors(made.ranks[place].tolist())))
            assert sign * (kept - made.energy[place]) > -1e-6


def test_tucker_offers_every_pair_of_ranks_that_a_core_can_have() -> None:
    made = DECOMPOSITIONS["tucker2"](weight(12, 10, 2, 2), 0)
    pairs = [tuple(pair) for pair in made.ranks.tolist()]
    assert pairs == [(i, o) for i in range(1, 11) for o in range(1, 13) if o <= 4 * i and i <= 4 * o]
    for ranks in ((1, 4), (3, 1), (10, 12)):
        inputs, core, outputs = made.factors(ranks)
        assert core.shape[:2] == ranks[::-1] and inputs.shape[0] == ranks[0] and outputs.shape[1] == ranks[1]


@pytest.mark.parametrize("method", METHODS)
def test_a_weight_of_zeros_stays_finite(method: str) -> None:
    made = DECOMPOSITIONS[method](np.zeros((4, 4, 3, 3)), 0)
    factors = made.factors(made.ranks[0].tolist())
    assert not compose(factors).any() and (made.energy == 1.0).all()


def test_whitening_is_undone_exactly_and_weighs_errors_by_inputs() -> None:
    original = weight(8, 6, 3, 3)
    inputs = weight(500, 54) * np.geomspace(10, 0.1, 54) + 5
    white = whitening(np.cov(inputs.T, bias=True), inputs.mean(0))
    np.testing.assert_allclose(white.undone(white.applied(original)), original, atol=1e-8)
    response = inputs @ original.reshape(8, -1).T
    assert np.sum(white.applied(original) ** 2) == pytest.approx(response.var(0).sum(), rel=1e-4)
    np.testing.assert_allclose(white.mean_response(original), response.mean(0), rtol=1e-8)
    channels = whitening(np.diag(np.arange(1.0, 7.0) ** 2), np.arange(6.0))
    np.testing.assert_allclose(
        channels.applied(original), original * np.arange(1, 7)[:, None, None], rtol=1e-4
    )
    np.testing.assert_allclose(
        channels.mean_response(original), np.einsum("oihw,i->o", original, np.arange(6.0)), rtol=1e-8
    )


def matrix_options(singular: np.ndarray, out: int, channels: int) -> object:
    ranks = np.arange(1, len(singular) + 1)[:, None]
    energy = np.cumsum(singular**2) / np.sum(singular**2)
    cost = ranks[:, 0] * (out + channels)
    return cheaper_options(ranks, energy, (cost, cost), (out * channels, out * channels), "macs")


def test_only_cheaper_ranks_are_options() -> None:
    options = matrix_options(np.ones(8), 8, 8)
    assert options.ranks[:, 0].tolist() == [1, 2, 3]  # rank 4 costs 64, as much as the layer
    assert options.macs.tolist() == [16, 32, 48, 64] and options.energy[-1] == 1.0


def test_global_budget_goes_where_energy_needs_it() -> None:
    flat, steep = matrix_options(np.ones(16), 16, 16), matrix_options(0.3 ** np.arange(16), 16, 16)
    costs, losses = [flat.macs, steep.macs], [flat.loss, steep.loss]
    best = min(
        (float(flat.loss[i] + steep.loss[j]), i, j)
        for i in range(len(flat.macs))
        for j in range(len(steep.macs))
        if flat.macs[i] + steep.macs[j] <= 320
    )
    chosen = share_globally(costs, losses, 320)
    assert chosen == [flat.untouched, 1] == [best[1], best[2]]
    assert share_equally(costs, losses, 320) == [4, 4]  # rank 5 of 8 affordable ones in both


def test_a_bound_is_checked_against_what_is_measured() -> None:
    options = matrix_options(np.ones(16), 16, 16)
    asked: list[int] = []

    def measure(option: int) -> float:
        asked.append(option)
        return float(options.energy[option]) - 0.1

    assert options.energy[first_keeping(options, 0.25, measure)] >= 0.35
    assert len(asked) < 5
    assert first_keeping(options, 0.99, measure) == options.untouched


def test_share_of_rank_is_rounded_up_to_the_multiple() -> None:
    ranks = np.argwhere(np.ones((16, 24), bool)) + 1
    assert ranks[admitted(ranks, 8, 0.4)].tolist() == [[8, 16]]
    assert (ranks[admitted(ranks, 8, None)] % 8 == 0).all()
