"""A recipe whose further steps gain nothing is marked, with the shorter one that gives as much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgeslim.records import Latency, RecipeRecord, Sizes
from edgeslim.report.charts import TEXTS
from edgeslim.report.marks import card
from edgeslim.report.pareto import pareto_info
from edgeslim.report.pointless import pointless, pointless_lines
from edgeslim.report.study_words import StudyWords
from edgeslim.report.table import standings
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

MIXED, ROBUST, PRUNED = (
    {"step": name} for name in ("mixed_low_bit_weights", "robust_int8", "channel_pruning")
)


@pytest.fixture
def plain_words() -> StudyWords:
    return StudyWords("en", {})


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


def test_a_pointless_recipe_says_so_in_the_table(plain_words: StudyWords) -> None:
    found = study(trial(1, MIXED), trial(2, MIXED, ROBUST, size=120))
    standing = standings(found, pareto_info(found, "download", "mAP"), plain_words)
    assert standing[1] == "on the front"
    assert standing[2] == "dominated; gains nothing over #1"


def test_a_file_that_stayed_float_is_on_no_front_as_int8(plain_words: StudyWords) -> None:
    undone = replace(trial(1, ROBUST), macs=100, int8_macs=4, int8_asked=True)
    title = plain_words.title(replace(undone, int8_macs=5))
    assert plain_words.title(undone) == f"{title} (computes in float)"
    (point,) = (
        point
        for point in pareto_info(plain_words.titled(study(undone)), "download", "mAP").points
        if point.number
    )
    texts = plain_words.chart(TEXTS)
    assert (point.mark, point.int8_share) == ("front", 0.04)
    assert "computes in float" in card(point, pareto_info(study(undone), "download", "mAP"), texts)
    assert "MACs in int8: <b>4 %</b>" in card(point, pareto_info(study(undone), "download", "mAP"), texts)
