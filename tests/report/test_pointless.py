"""A recipe whose further steps gain nothing is marked, with the shorter one that gives as much."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.records import Latency, RecipeRecord, Sizes
from edgeslim.report.pointless import pointless, pointless_lines
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

MIXED, ROBUST, PRUNED = (
    {"step": name} for name in ("mixed_low_bit_weights", "robust_int8", "channel_pruning")
)


def trial(
    number: int, *steps: dict[str, Any], score: float = 0.3, size: int = 100, ratio: float = 1.0
) -> TrialResult:
    return TrialResult(
        number=number,
        state="complete",
        recipe=RecipeRecord(tuple(steps)),
        title=str(number),
        recipe_fingerprint=str(number),
        model="m",
        sizes=Sizes(size, size),
        accuracy={"mAP": score},
        primary_metric="mAP",
        latency=Latency(1.0, 1.0, ratio, (ratio - 0.01, ratio + 0.01), 30),
    )


def study(*trials: TrialResult) -> StudyResult:
    return StudyResult(
        name="s", state="complete", model="m", dataset="d", baseline=0, trials=(trial(0, size=400), *trials)
    )


def test_a_step_that_changed_nothing_but_the_size_is_pointless() -> None:
    found = study(trial(1, MIXED), trial(2, MIXED, ROBUST, size=120))
    assert pointless(found) == {2: 1}
    assert pointless_lines(found).startswith("2: gains nothing over 1")


@pytest.mark.parametrize("gain", [{"score": 0.31}, {"size": 99}, {"ratio": 0.8}])
def test_a_step_that_gains_anything_is_not(gain: dict[str, Any]) -> None:
    assert pointless(study(trial(1, MIXED), trial(2, MIXED, ROBUST, **gain))) == {}


def test_recipes_are_compared_with_parts_of_themselves_alone() -> None:
    others = trial(1, ROBUST), trial(2, PRUNED, MIXED, size=120), trial(3, MIXED, PRUNED, size=130)
    assert pointless(study(*others)) == {}
    assert pointless(study(trial(1, MIXED), trial(2, PRUNED, MIXED, ROBUST, size=120))) == {2: 1}
