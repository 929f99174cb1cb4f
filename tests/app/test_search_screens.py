"""A study that searched, on the screen: what it came to, and that dropped trials disturb nothing."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def searched(world: dict[str, Any]) -> dict[str, Any]:
    """The study as a search's: two trials dropped, the rest measured."""
    search = {"sampler": "nsga2", "spent": 480.0, "ended": "time"}
    pick = next(t["number"] for t in world["trials"] if t["sizes"] and t["recipe"]["steps"])
    world.update(
        search=search,
        objectives=["accuracy", "download"],
        budget={"download": 150_000},
        hypervolume={"value": 1.8342, "reference": {"accuracy": 0.37, "download": 150_000}},
        knee=pick,
        choice={"pick": pick, "runner_up": None, "rejected": {}, "remarks": [], "why": []},
    )
    for trial in world["trials"]:
        trial["proposed"] = bool(trial["recipe"]["steps"])
    cheap = {"share": 0.1, "images": 96, "sizes": {"download": 9}, "accuracy": {"mAP": 0.4}}
    empty = ("sizes", "accuracy", "fidelity", "latency", "sha256", "file", "error", "seconds")
    for trial in world["trials"][-2:]:
        trial.update({"state": "pruned", "rungs": [cheap], **dict.fromkeys(empty)})
    world["front"] = [
        number for number in world["front"] if number not in [t["number"] for t in world["trials"][-2:]]
    ]
    return world


def test_the_search_its_volume_knee_and_pick_are_told(searched: dict[str, Any], show: Any) -> None:
    app = show("study")
    assert not app.exception
    captions = " ".join(each.value for each in app.caption)
    assert "evolution (NSGA-II), 8.0 min" in captions
    assert "until its time was up" in captions
    assert "Hypervolume 1.834" in captions
    assert any("Under its budget" in each.value for each in app.markdown)
    assert any("2 dropped early" in each.value for each in app.markdown)


def test_it_is_told_in_chinese(searched: dict[str, Any], show: Any) -> None:
    app = show("study", "zh-CN")
    assert not app.exception
    assert any("进化搜索" in each.value for each in app.caption)
    assert any("2 提前淘汰" in each.value for each in app.markdown)


def test_a_dropped_trial_can_be_opened(searched: dict[str, Any], show: Any) -> None:
    dropped = searched["trials"][-1]["number"]
    app = show("study", trial=str(dropped))
    assert not app.exception


def test_without_a_pick_that_is_said(searched: dict[str, Any], show: Any) -> None:
    searched["choice"]["pick"] = None
    app = show("study")
    assert not app.exception
    assert any("No file keeps its budget." in each.value for each in app.markdown)


def test_a_search_that_has_found_nothing_yet_shows(searched: dict[str, Any], show: Any) -> None:
    searched.update(hypervolume=None, knee=None, choice=None)
    searched["search"]["ended"] = None
    assert not show("study").exception
