"""Choosing under a budget."""

from __future__ import annotations

from typing import Any

import pytest
from made_studies import made_study, made_trial

from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import choose
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult


def trial(
    number: int, mean_ap: float | None, download: int, ratio: float | None = None, **extra: Any
) -> TrialResult:
    known: dict[str, Any] = {
        "title": f"trial {number}",
        "sizes": {"file": download + 100, "download": download},
        "accuracy": None if mean_ap is None else {"mAP": mean_ap, "ci95": [mean_ap - 0.02, mean_ap + 0.02]},
        "latency": None if ratio is None else {"ratio": ratio, "ratio_ci95": (ratio, ratio)},
        "primary_metric": "mAP",
    }
    return made_trial(number, download, **{**known, **extra})


def study(*trials: TrialResult) -> StudyResult:
    return made_study(trials)


FIVE = study(
    trial(0, 0.65, 1000, 1.0),
    trial(1, 0.64, 250, 0.9),
    trial(2, 0.60, 120, 0.5),
    trial(3, 0.62, 120, 1.4),
    trial(4, 0.20, 60, 0.4),
)


def test_without_limits_the_most_accurate_is_picked():
    choice = choose(FIVE, Budget())
    assert (choice.pick, choice.runner_up, choice.rejected) == (0, 1, {})


def test_under_limits_of_quality_alone_the_smallest_is_picked():
    choice = choose(FIVE, Budget.of(loss=0.05))
    assert (choice.pick, choice.runner_up, choice.why[0].code) == (3, 2, "smallest")
    assert choose(FIVE, Budget.of(loss=0.05, download=2000)).why[0].code == "most_accurate"


def test_the_original_as_runner_up_is_told_apart_by_the_paired_interval():
    clear = {"mAP": 0.66, "ci95": [0.64, 0.68], "paired_delta": 0.01, "paired_ci95": [0.005, 0.015]}
    one = study(trial(0, 0.65, 1000), trial(1, None, 900, accuracy=clear))
    assert (choose(one, Budget()).pick, choose(one, Budget()).remarks) == (1, ())


def test_limits_are_inclusive_and_each_rejection_is_explained():
    choice = choose(FIVE, Budget.of(download=250, loss=0.05, latency_ratio=0.9))
    assert (choice.pick, choice.runner_up) == (1, 2)
    assert choice.rejected == {
        0: ("over_download", "over_latency_ratio"),
        3: ("over_latency_ratio",),
        4: ("over_loss",),
    }


def test_file_and_accuracy_limits():
    choice = choose(FIVE, Budget.of(file=220, accuracy=0.61))
    assert choice.pick == 3
    assert choice.rejected[2] == ("under_accuracy",)
    assert choice.rejected[0] == ("over_file",)


def test_nothing_fits():
    choice = choose(FIVE, Budget.of(download=10))
    assert (choice.pick, choice.runner_up, choice.remarks) == (None, None, ())
    assert len(choice.rejected) == 5


def test_of_equally_accurate_trials_the_smaller_download_is_picked():
    choice = choose(study(trial(0, 0.6, 900), trial(1, 0.6, 300)), Budget())
    assert (choice.pick, choice.runner_up) == (1, 0)


def test_the_paired_loss_decides_and_a_crossing_interval_is_remarked():
    accuracy = {"mAP": 0.645, "ci95": [0.63, 0.66], "paired_delta": -0.009, "paired_ci95": [-0.013, -0.005]}
    one = study(trial(0, 0.65, 1000), trial(1, None, 250, accuracy=accuracy))
    choice = choose(one, Budget.of(loss=0.01, download=500))
    assert choice.pick == 1
    assert choice.remarks == ("loss_uncertain",)
    assert choose(one, Budget.of(loss=0.008, download=500)).rejected[1] == ("over_loss",)


def test_overlapping_accuracy_intervals_are_remarked():
    assert choose(FIVE, Budget()).remarks == ("not_distinguishable",)
    assert choose(study(trial(0, 0.65, 1000), trial(1, 0.3, 100)), Budget()).remarks == ()


def test_a_noisy_latency_is_remarked_when_it_decided():
    noisy = study(trial(0, 0.6, 10, latency={"ratio": 0.7, "ratio_ci95": (0.6, 0.9)}))
    assert choose(noisy, Budget.of(latency_ratio=0.8)).remarks == ("latency_noisy",)
    assert choose(noisy, Budget()).remarks == ()


@pytest.mark.parametrize("state", ["failed", "infeasible", "cancelled", "waiting"])
def test_trials_without_a_result_take_no_part(state: str):
    choice = choose(study(trial(0, 0.5, 10), trial(1, None, 1, state=state)), Budget())
    assert (choice.pick, choice.rejected) == (0, {})


def test_an_unmeasured_latency_cannot_meet_a_latency_budget():
    choice = choose(study(trial(0, 0.5, 10, 1.0), trial(1, 0.6, 10, None)), Budget.of(latency_ratio=1.0))
    assert choice.pick == 0
    assert choice.rejected == {1: ("not_measured",)}


def test_without_labels_fidelity_decides():
    label_free = [
        trial(0, None, 100, fidelity={"agreement": 1.0}, primary_metric="agreement"),
        trial(1, None, 50, fidelity={"agreement": 0.93}, primary_metric="agreement"),
        trial(2, None, 40, fidelity={"agreement": 0.70}, primary_metric="agreement"),
    ]
    assert choose(study(*label_free), Budget.of(download=60, loss=0.1)).pick == 1
