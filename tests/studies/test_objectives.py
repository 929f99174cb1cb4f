"""Objectives, gains, stop rules, and what a study's measurements come to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from edgeslim.studies.objectives import check_objectives, reference_point, values_of
from made_studies import made_study, made_trial

from edgeslim.errors import StudyError
from edgeslim.studies.budget import Budget, excesses
from edgeslim.studies.front_summary import findings
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyResult
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
    names = ("agreement", "latency", "memory", "macs")
    assert check_objectives(names) == names
    assert values_of(ORIGINAL) == {
        "accuracy": 0.8, "agreement": 1.0, "download": 1000.0, "file": 2000.0, "macs": 100,
        "latency": 1.0, "memory": 50.0,
    }  # fmt: skip


def test_the_original_gains_one_in_quality_and_nothing_in_costs():
    scale = reference_point(ORIGINAL, ("accuracy", "download"), Budget())
    assert scale.reference == {"accuracy": 0.4, "download": 1000.0}
    assert scale.gains(values_of(ORIGINAL)) == pytest.approx((1.0, 0.0))
    assert scale.gains({"accuracy": 0.6, "download": 250}) == pytest.approx((0.5, 2.0))
    assert scale.gains({"accuracy": 0.6}) is None


def test_a_budget_moves_the_reference_only_inwards():
    tight = reference_point(ORIGINAL, ("accuracy", "download"), Budget(download=500, loss=0.02))
    assert tight.reference == pytest.approx({"accuracy": 0.78, "download": 500.0})
    assert tight.gains({"accuracy": 0.8, "download": 250}) == pytest.approx((0.05, 1.0))
    loose = reference_point(ORIGINAL, ("accuracy", "download"), Budget(download=5000, accuracy=0.1))
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
    assert study(fast, small, objectives=("accuracy", "latency")).front == [0, 1]
    assert study(fast, small, objectives=("accuracy", "latency", "download")).front == [0, 1, 2]


def test_findings_count_what_keeps_the_budget():
    found = findings(study(trial(1, 0.7, 250), trial(2, 0.78, 500), trial(3, 0.2, 10), trial(4, 0.42, 200)))
    assert found["hypervolume"]["value"] == pytest.approx(0.95 * 1 + 0.75 * 1 + 0.05 * 0.321928, abs=1e-5)
    assert found["knee"] == 1
    assert found["choice"] is None
    inside = findings(study(trial(1, 0.7, 250), trial(2, 0.78, 500), budget={"download": 400}))
    assert inside["hypervolume"]["reference"]["download"] == 400.0
    assert inside["choice"]["pick"] == 1
    assert inside["choice"]["why"] == [
        {"code": "only_one", "values": {"count": 1}},
        {"code": "keeps_limit", "values": {"limit": "download", "most": 400, "value": 250.0}},
    ]


def test_a_runner_up_is_told_apart_by_what_it_lacks():
    choice = findings(study(trial(1, 0.7, 250), trial(2, 0.72, 300), budget={"download": 400}))["choice"]
    assert (choice["pick"], choice["runner_up"]) == (2, 1)
    assert choice["why"][0] == {"code": "most_accurate", "values": {"count": 2}}
    assert choice["why"][-1]["values"] == pytest.approx({"accuracy": -0.02, "download": -50})


def test_without_a_measured_original_nothing_is_said():
    waiting = study(baseline=None)
    assert findings(waiting) == {"hypervolume": None, "knee": None, "choice": None}


def test_excesses_are_relative_for_costs_and_plain_for_qualities():
    limits = Budget(download=200, latency_ratio=0.8, accuracy=0.7, loss=0.05, agreement=0.9, memory=100)
    found = excesses({"accuracy": 0.72, "download": 300, "latency": 0.4, "agreement": 0.8}, limits, 0.8)
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


def test_a_stint_survives_json():
    search_run = SearchRun(sampler="tpe", patience=9, spent=3.5, ended="patience")
    assert SearchRun.from_json(search_run.to_json()) == search_run
