"""Predictions against what happened: right ones, reversed ones, and files."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.analysis.results import (
    BestScore,
    FileScores,
    LayerPredictions,
    NetworkPrediction,
    Prediction,
    TechniqueSensitivity,
)
from edgeslim.analysis.scoring import rank_correlation, score_files, score_layers
from edgeslim.records import RecipeRecord
from edgeslim.studies.trial import TrialResult

ERRORS = [0.001, 0.004, 0.002, 0.05, 0.2]


def predicted() -> dict[str, LayerPredictions]:
    """Five layers; 4 bits and half the weights pruned, which is twice as bad and saves less."""
    return {
        f"layer {k}": LayerPredictions(
            reach=1.0,
            techniques={
                "low_bit_weights": (Prediction(strength=4.0, error=error, saved=0.875),),
                "magnitude_pruning": (Prediction(strength=0.5, error=2 * error, saved=0.47),),
            },
            best=None,
        )
        for k, error in enumerate(ERRORS)
    }


WHOLE = {
    name: tuple(NetworkPrediction(strength=s, error=e, saved=None, layers=5) for s, e in errors)
    for name, errors in {
        "low_bit_weights": ((8.0, 0.01), (4.0, 1.0)),
        "magnitude_pruning": ((0.3, 0.1), (0.5, 10.0)),
        "channel_pruning": ((0.1, 1.0),),
        "int8_activations": ((8.0, 0.02),),
    }.items()
}


def measured(four_bits: list[float], pruned: list[float]) -> list[TechniqueSensitivity]:
    return [
        TechniqueSensitivity(
            technique=name,
            strength=strength,
            unit="",
            values={f"layer {k}": v for k, v in enumerate(values)},
            ranks={},
        )
        for name, strength, values in (
            ("low_bit_weights", 4.0, four_bits),
            ("magnitude_pruning", 0.5, pruned),
        )
    ]


def test_a_right_ranking_scores_one_and_a_reversed_one_minus_one() -> None:
    right, reverse = score_layers(
        predicted(), measured([10 * e for e in ERRORS], [1 / e for e in ERRORS])
    ).techniques
    assert (right.layers, right.spearman) == (5, pytest.approx(1.0))
    assert right.ratio == pytest.approx(10.0)
    assert right.ratio_range == pytest.approx((10.0, 10.0))
    assert reverse.spearman == pytest.approx(-1.0)


def test_the_technique_that_pays_is_compared_with_the_one_that_was_promised() -> None:
    """Tolerance 0.01. Promised: 4 bits for three layers, nothing for two. Measured: 4 bits is bad in layer 0."""
    found = score_layers(
        predicted(), measured([0.02, 0.004, 0.002, 0.05, 0.005], [0.002, 0.008, 0.004, 0.1, 0.4])
    )
    assert found.best == BestScore(
        layers=5,
        agree=3,  # not layer 0 (pruning pays), nor layer 4 (4 bits pay, nothing was promised)
        promised=3,
        within_tolerance=2,
        loses=pytest.approx((0.47 + 0.875) / 5),
    )


def test_layers_that_were_not_foreseen_are_not_scored() -> None:
    blind = {"layer 0": predicted()["layer 0"]}
    lines = score_layers(blind, measured(ERRORS, ERRORS)).techniques
    assert [(line.layers, line.spearman) for line in lines] == [(1, None), (1, None)]


def test_no_rank_correlation_of_few_or_equal_values() -> None:
    assert rank_correlation([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == (None, None)
    assert rank_correlation([1.0] * 5, ERRORS) == (None, None)
    spearman, p_value = rank_correlation([1, 2, 3, 4, 5], [1, 3, 2, 4, 5])
    assert spearman == pytest.approx(0.9)  # 1 - 6 · 2 / (5 · 24)
    assert p_value == pytest.approx(0.0374, abs=1e-3)


def trial(number: int, loss: float | None, *steps: dict[str, Any]) -> TrialResult:
    return TrialResult(
        number=number,
        state="complete",
        recipe=RecipeRecord(steps),
        title=str(number),
        recipe_fingerprint=str(number),
        model="m",
        accuracy=None if loss is None else {"paired_delta": -loss},
        fidelity=None if loss is None else {"agreement": 1 - loss},
    )


def test_files_are_promised_the_error_between_strengths_and_ranked_by_their_loss() -> None:
    prune, low_bit = {"step": "magnitude_pruning"}, {"step": "low_bit_weights", "scheme": "uniform"}
    trials = [
        trial(0, 0.0),
        trial(1, 0.1, {**prune, "sparsity": 0.45}),
        trial(2, 0.02, {"step": "static_int8"}),
        trial(3, 0.3, {**low_bit, "bits": 4}),
        trial(4, 0.5, {**prune, "sparsity": 0.9}, {**low_bit, "bits": 6}),
        trial(5, 0.2, {**prune, "sparsity": 0.4}, {"step": "fine_tuning"}),
        trial(6, 0.2, {"step": "float16"}),
        trial(7, None, {**low_bit, "bits": 8}),
    ]
    found = score_files(WHOLE, trials)
    promised = {line.number: line.predicted for line in found.trials}
    # Three quarters of the way from 0.1 to 10, by their logarithms.
    assert promised[1] == pytest.approx(10**0.5)
    assert promised[2] == pytest.approx(0.03)  # activations and weights in 8 bits
    assert promised[3] == pytest.approx(1.0)
    assert promised[4] == pytest.approx(10.0 + 0.1)  # held beyond the last strength; 6 bits: 0.01 … 1
    assert {line.number: line.reason for line in found.left_out} == {
        5: "recovery",
        6: "no_rule",
        7: "not_measured",
    }
    assert found.loss is not None and found.disagreement is not None
    assert found.loss.trials == found.disagreement.trials == 4
    assert found.loss.spearman == pytest.approx(0.8)  # two neighbours changed places


def test_a_study_of_nothing_but_its_original_has_no_scores() -> None:
    assert score_files(WHOLE, [trial(0, 0.0)]) == FileScores(
        trials=(), left_out=(), loss=None, disagreement=None
    )
