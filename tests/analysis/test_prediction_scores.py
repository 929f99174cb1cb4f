"""Predictions against what happened: right ones, reversed ones, and files."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.analysis.scoring import correlation, score_files, score_layers, score_predictions

ERRORS = [0.001, 0.004, 0.002, 0.05, 0.2]


def xray(errors: list[float] = ERRORS) -> dict[str, Any]:
    """Five layers; 4 bits and half the weights pruned, which is twice as bad and saves less."""
    layers = [
        {
            "name": f"layer {k}",
            "predictions": {
                "techniques": {
                    "low_bit_weights": [{"strength": 4.0, "error": error, "saved": 0.875}],
                    "magnitude_pruning": [{"strength": 0.5, "error": 2 * error, "saved": 0.47}],
                }
            },
        }
        for k, error in enumerate(errors)
    ]
    whole = {
        "low_bit_weights": [{"strength": 8.0, "error": 0.01}, {"strength": 4.0, "error": 1.0}],
        "magnitude_pruning": [{"strength": 0.3, "error": 0.1}, {"strength": 0.5, "error": 10.0}],
        "channel_pruning": [{"strength": 0.1, "error": 1.0}],
        "int8_activations": [{"strength": 8.0, "error": 0.02}],
    }
    return {"layers": layers, "predictions": whole}


def measured(four_bits: list[float], pruned: list[float]) -> dict[str, Any]:
    return {
        "techniques": [
            {
                "technique": name,
                "strength": strength,
                "values": {f"layer {k}": v for k, v in enumerate(values)},
            }
            for name, strength, values in (
                ("low_bit_weights", 4.0, four_bits),
                ("magnitude_pruning", 0.5, pruned),
            )
        ]
    }


def test_a_right_ranking_scores_one_and_a_reversed_one_minus_one() -> None:
    found = score_layers(xray(), measured([10 * e for e in ERRORS], [1 / e for e in ERRORS]))
    right, reverse = found["techniques"]
    assert (right["layers"], right["spearman"]) == (5, pytest.approx(1.0))
    assert right["ratio"] == pytest.approx(10.0)
    assert right["ratio_range"] == pytest.approx([10.0, 10.0])
    assert reverse["spearman"] == pytest.approx(-1.0)


def test_the_technique_that_pays_is_compared_with_the_one_that_was_promised() -> None:
    """Tolerance 0.01. Promised: 4 bits for three layers, nothing for two. Measured: 4 bits is bad in layer 0."""
    found = score_layers(xray(), measured([0.02, 0.004, 0.002, 0.05, 0.005], [0.002, 0.008, 0.004, 0.1, 0.4]))
    assert found["best"] == {
        "layers": 5,
        "agree": 3,  # not layer 0 (pruning pays), nor layer 4 (4 bits pay, nothing was promised)
        "promised": 3,
        "within_tolerance": 2,
        "loses": pytest.approx((0.47 + 0.875) / 5),
    }


def test_layers_that_were_not_foreseen_are_not_scored() -> None:
    blind = xray()
    for line in blind["layers"][1:]:
        line["predictions"] = None
    found = score_layers(blind, measured(ERRORS, ERRORS))
    assert [line["layers"] for line in found["techniques"]] == [1, 1]
    assert [line["spearman"] for line in found["techniques"]] == [None, None]


def test_no_rank_correlation_of_few_or_equal_values() -> None:
    nothing = {"spearman": None, "p_value": None}
    assert correlation([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == nothing
    assert correlation([1.0] * 5, ERRORS) == nothing
    found = correlation([1, 2, 3, 4, 5], [1, 3, 2, 4, 5])
    assert found["spearman"] == pytest.approx(0.9)  # 1 - 6 · 2 / (5 · 24)
    assert found["p_value"] == pytest.approx(0.0374, abs=1e-3)


def trial(number: int, loss: float | None, *steps: dict[str, Any]) -> dict[str, Any]:
    accuracy = None if loss is None else {"paired_delta": -loss}
    fidelity = None if loss is None else {"agreement": 1 - loss}
    return {
        "number": number,
        "title": str(number),
        "recipe": {"steps": list(steps)},
        "accuracy": accuracy,
        "fidelity": fidelity,
    }


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
    found = score_files(xray(), trials)
    promised = {line["number"]: line["predicted"] for line in found["trials"]}
    assert promised[1] == pytest.approx(
        10**0.5
    )  # three quarters of the way from 0.1 to 10, by their logarithms
    assert promised[2] == pytest.approx(0.03)  # activations and weights in 8 bits
    assert promised[3] == pytest.approx(1.0)
    assert promised[4] == pytest.approx(10.0 + 0.1)  # held beyond the last strength; 6 bits: 0.01 … 1
    reasons = {line["number"]: line["reason"] for line in found["left_out"]}
    assert reasons == {5: "recovery", 6: "no_rule", 7: "not_measured"}
    assert found["loss"]["trials"] == found["disagreement"]["trials"] == 4
    assert found["loss"]["spearman"] == pytest.approx(0.8)  # two neighbours changed places


def test_what_was_not_given_is_not_scored() -> None:
    assert score_predictions(xray()) == {"layers": None, "files": None}
    nothing = score_predictions(xray(), trials=[trial(0, 0.0)])["files"]
    assert nothing == {"trials": [], "left_out": [], "loss": None, "disagreement": None}
