"""How a search went, as data: what it tried, and when its front grew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgeslim.report.choice import choice_lines, closest
from edgeslim.report.search_progress import search_info
from edgeslim.studies.budget import Budget
from edgeslim.studies.study import StudyResult
from edgeslim.units import format_clock


def timed(ratio: float) -> dict[str, Any]:
    return {
        "median_ms": ratio,
        "p95_ms": ratio,
        "ratio": ratio,
        "ratio_ci95": [ratio, ratio],
        "rounds": 30,
        "noisy": False,
    }


def trial(
    number: int, top1: float | None, download: int, minutes: float | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "number": number,
        "state": "complete",
        "recipe": {"name": "", "seed": 0, "steps": [] if number == 0 else [{"step": "float16"}]},
        "title": f"t{number}",
        "recipe_fingerprint": str(number),
        "model": "m",
        "sizes": {"download": download, "file": download},
        "accuracy": {"top1": top1},
        "primary_metric": "top1",
        "latency": timed(1.0 - number / 10),
        "proposed": number > 0,
        "found_after": None if minutes is None else 60 * minutes,
        **more,
    }


def study(*trials: dict[str, Any], first: int = 1, **more: Any) -> StudyResult:
    told = {
        "name": "s", "state": "complete", "model": "m", "dataset": "d", "preset": None, "created": "", "baseline": 0,
        "trials": [trial(0, 0.8, 1000), *trials], "objectives": ["accuracy", "download"], "budget": {},
        "search": {"sampler": "nsga2", "minutes": 6.0, "spent": 360.0, "ended": "time", "first": first}, **more,
    }  # fmt: skip
    return StudyResult.from_json(told)


def test_the_front_grows_only_where_it_gains() -> None:
    info = search_info(
        study(
            trial(1, 0.8, 500, 1.0), trial(2, 0.7, 600, 2.0), trial(3, 0.6, 250, 3.0), trial(4, 0.3, 10, 4.0)
        )
    )
    assert info is not None
    found = [(moment.minutes, round(moment.volume, 6)) for moment in info.moments]
    # One halving at the original's accuracy; the dominated adds nothing; then a second halving at half the gain.
    assert found == [(0.0, 0.0), (1.0, 1.0), (3.0, 1.5)]
    assert (info.tried, info.full, info.cheap, info.failed) == (4, 4, 0, 0)
    assert (info.improved, info.minutes) == (3.0, 6.0)


def test_what_was_there_before_the_stint_is_where_it_begins() -> None:
    info = search_info(study(trial(1, 0.8, 500, 5.0), trial(2, 0.8, 250, 2.0), first=2))
    assert info is not None
    assert [(moment.minutes, moment.volume) for moment in info.moments] == [(0.0, 1.0), (2.0, 2.0)]


def test_what_was_tried_is_counted_in_the_stint_that_the_time_is_of() -> None:
    dropped = trial(2, None, 0, state="pruned", sizes=None, accuracy=None, latency=None)
    earlier = [trial(1, 0.8, 500, 5.0), dropped]
    improved = study(*earlier, trial(3, 0.8, 250, 2.0), first=3)
    info = search_info(improved)
    assert info is not None
    assert (info.tried, info.full, info.cheap, info.minutes) == (1, 1, 0, 6.0)
    assert "6.0 min, until its time was up; 1 recipes proposed, 1 measured fully, 0 dropped" in choice_lines(
        improved
    )


@pytest.mark.parametrize(("state", "known"), [("complete", True), ("cancelled", False), ("paused", False)])
def test_that_nothing_keeps_the_budget_is_said_only_when_all_is_timed(state: str, known: bool) -> None:
    told = choice_lines(study(budget={"download": 300}, state=state))
    assert ("No file keeps this budget." in told) == known
    assert ("still to be measured or timed" in told) != known


def test_files_over_the_budget_are_no_gain() -> None:
    info = search_info(study(trial(1, 0.8, 500, 1.0), trial(2, 0.8, 250, 2.0), budget={"download": 300}))
    assert info is not None
    assert [moment.minutes for moment in info.moments] == [0.0, 2.0]


def test_dropped_and_failed_proposals_are_counted_as_such() -> None:
    nothing = {"sizes": None, "accuracy": None, "latency": None}
    info = search_info(
        study(
            trial(1, 0.8, 500, 1.0),
            trial(2, None, 0, state="pruned", rungs=[{"share": 0.1}], **nothing),
            trial(3, None, 0, state="failed", **nothing),
        )
    )
    assert info is not None
    assert (info.tried, info.full, info.cheap, info.failed) == (3, 1, 1, 1)


def test_without_a_measured_original_nothing_is_known_yet() -> None:
    first = replace(study().trials[0], state="waiting", sizes=None, accuracy=None, primary_metric=None)
    waiting = replace(study(), trials=(first,))
    info = search_info(waiting)
    assert info is not None
    assert (info.moments, info.improved) == ((), None)
    assert search_info(replace(waiting, search=None)) is None


def test_the_closest_to_a_budget_misses_it_by_least() -> None:
    found = study(trial(1, 0.8, 120), trial(2, 0.3, 90), trial(3, 0.79, 400))
    # 20 % too large, against half of the accuracy.
    assert closest(found, Budget.of(download=100, loss=0.02)) == (1, ["download"])
    assert closest(found, Budget.of(download=100, latency_ratio=0.5)) == (2, ["latency_ratio"])
    assert closest(found, Budget.of(agreement=0.9)) is None, "nobody measured that"


@pytest.mark.parametrize(("seconds", "text"), [(5, "0:05"), (103.4, "1:43"), (7500, "2:05:00")])
def test_a_clock_counts_minutes_and_hours(seconds: float, text: str) -> None:
    assert format_clock(seconds) == text
