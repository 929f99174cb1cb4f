"""Objectives, gains, stop rules, and what a study's measurements come to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from made_studies import made_study, made_trial

from edgeslim.errors import StudyError
from edgeslim.records import decoded, encoded
from edgeslim.studies.budget import Budget, excesses
from edgeslim.studies.choice import Reason
from edgeslim.studies.figures import objective_values
from edgeslim.studies.front_summary import FrontSummary, front_summary
from edgeslim.studies.reference_point import reference_point
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyResult, check_objectives
from edgeslim.studies.trial import TrialResult


def trial(number: int, accuracy: float, download: int, **more: Any) -> TrialResult:
    known: dict[str, Any] = {
        "sizes": {"download": download, "file": download * 2},
        "accuracy": {"mAP": accuracy},
        "fidelity": {"agreement": accuracy / 0.8},
        "latency": {"ratio": 1.0},
        "macs": 100,
        "memory": {"peak_activation": 50},
        "primary_metric": "mAP",
    }
    return made_trial(number, download, **{**known, **more})


ORIGINAL = trial(0, 0.8, 1000)


def study(*trials: TrialResult, **more: Any) -> StudyResult:
    return made_study((ORIGINAL, *trials), **more)


@pytest.mark.parametrize(
    "names",
    [("accuracy",), ("download", "file"), ("accuracy", "speed"), ("accuracy", "download", "download"), ()],
)
def test_a_quality_and_a_cost_are_needed_each_once(names: tuple[str, ...]):
    with pytest.raises(StudyError) as caught:
        check_objectives(names)
    assert caught.value.code == "objectives"


def test_any_costs_go_with_any_quality():
    names = ("agreement", "latency_ratio", "memory", "macs")
    assert check_objectives(names) == names
    assert objective_values(ORIGINAL) == {
        "accuracy": 0.8, "agreement": 1.0, "download": 1000.0, "file": 2000.0, "macs": 100,
        "latency_ratio": 1.0, "memory": 50.0,
    }  # fmt: skip


def test_the_original_gains_one_in_quality_and_nothing_in_costs():
    scale = reference_point(ORIGINAL, ("accuracy", "download"), Budget())
    assert scale.reference == {"accuracy": 0.4, "download": 1000.0}
    assert scale.gains(objective_values(ORIGINAL)) == pytest.approx((1.0, 0.0))
    assert scale.gains({"accuracy": 0.6, "download": 250}) == pytest.approx((0.5, 2.0))
    assert scale.gains({"accuracy": 0.6}) is None


def test_a_budget_moves_the_reference_only_inwards():
    tight = reference_point(ORIGINAL, ("accuracy", "download"), Budget.of(download=500, loss=0.02))
    assert tight.reference == pytest.approx({"accuracy": 0.78, "download": 500.0})
    assert tight.gains({"accuracy": 0.8, "download": 250}) == pytest.approx((0.05, 1.0))
    loose = reference_point(ORIGINAL, ("accuracy", "download"), Budget.of(download=5000, accuracy=0.1))
    assert loose.reference == {"accuracy": 0.4, "download": 1000.0}


def test_decibels_have_a_scale_of_their_own():
    raw = replace(ORIGINAL, accuracy=None, fidelity={"sqnr_db": 144.0}, primary_metric="sqnr_db")
    scale = reference_point(raw, ("accuracy", "download"), Budget())
    assert scale.gains({"accuracy": 144.0, "download": 500}) == pytest.approx((1.0, 1.0))
    assert scale.gains({"accuracy": 33.0, "download": 500}) == pytest.approx((0.5, 1.0))
    with pytest.raises(StudyError) as caught:
        reference_point(raw, ("agreement", "download"), Budget())
    assert caught.value.code == "objective_not_measured"


def test_the_front_is_that_of_the_studys_objectives():
    fast, small = trial(1, 0.7, 900, latency={"ratio": 0.5}), trial(2, 0.7, 300)
    assert study(fast, small).front == [0, 2]
    assert study(fast, small, objectives=("accuracy", "latency_ratio")).front == [0, 1]
    assert study(fast, small, objectives=("accuracy", "latency_ratio", "download")).front == [0, 1, 2]


def test_the_summary_counts_what_keeps_the_budget():
    found = front_summary(
        study(trial(1, 0.7, 250), trial(2, 0.78, 500), trial(3, 0.2, 10), trial(4, 0.42, 200))
    )
    assert found.hypervolume is not None
    assert found.hypervolume.value == pytest.approx(0.95 * 1 + 0.75 * 1 + 0.05 * 0.321928, abs=1e-5)
    assert (found.knee, found.choice) == (1, None)
    inside = front_summary(study(trial(1, 0.7, 250), trial(2, 0.78, 500), budget={"download": 400}))
    assert inside.hypervolume is not None and inside.choice is not None
    assert inside.hypervolume.reference["download"] == 400.0
    assert inside.choice.pick == 1
    assert inside.choice.why == (
        Reason("only_one", {"count": 1}),
        Reason("keeps_limit", {"limit": "download", "most": 400, "value": 250.0}),
    )


def test_a_runner_up_is_told_apart_by_what_it_lacks():
    choice = front_summary(study(trial(1, 0.7, 250), trial(2, 0.72, 300), budget={"download": 400})).choice
    assert choice is not None
    assert (choice.pick, choice.runner_up) == (2, 1)
    assert choice.why[0] == Reason("most_accurate", {"count": 2})
    assert choice.why[-1].values == pytest.approx({"accuracy": -0.02, "download": -50})


def test_without_a_measured_original_nothing_is_said():
    assert front_summary(study(baseline=None)) == FrontSummary(None, None, None)


def test_excesses_are_relative_for_costs_and_plain_for_qualities():
    limits = Budget.of(download=200, latency_ratio=0.8, accuracy=0.7, loss=0.05, agreement=0.9, memory=100)
    found = excesses({"accuracy": 0.72, "download": 300, "latency_ratio": 0.4, "agreement": 0.8}, limits, 0.8)
    assert found == pytest.approx(
        {"download": 0.5, "loss": 0.03, "accuracy": -0.02, "latency_ratio": -0.5, "agreement": 0.1}
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"sampler": "magic", "minutes": 1.0}, "sampler"),
        ({}, "stop_rule"),
        ({"minutes": 0.0}, "stop_rule_value"),
        ({"trials": -1}, "stop_rule_value"),
        ({"minutes": float("nan")}, "stop_rule_value"),
    ],
)
def test_a_search_needs_a_sampler_there_is_and_a_limit_above_zero(given: dict[str, Any], code: str):
    with pytest.raises(StudyError) as caught:
        SearchRun(**given)
    assert caught.value.code == code


def test_a_search_run_survives_json():
    search_run = SearchRun(sampler="tpe", patience=9, spent=3.5, ended="patience")
    assert decoded(SearchRun, json.loads(json.dumps(encoded(search_run)))) == search_run


def test_an_unknown_limit_is_refused_with_those_there_are():
    with pytest.raises(StudyError, match="latency_ratio") as caught:
        Budget.of(latency=0.8)
    assert caught.value.code == "unknown_limit"


def test_objectives_and_budgets_of_older_studies_are_read_by_their_names_of_today():
    older = {**study().to_json(), "objectives": ["accuracy", "latency"], "budget": {"latency_ratio": 0.8}}
    read = StudyResult.from_json(json.loads(json.dumps(older)))
    assert (read.objectives, read.budget) == (("accuracy", "latency_ratio"), Budget.of(latency_ratio=0.8))
