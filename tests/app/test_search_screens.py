"""A study that searches, on the screen: starting it, watching it, and what it came to."""

from __future__ import annotations

from typing import Any

import pytest
from app_world import Own, Started, advice

from edgeslim.records import ProgressRecord
from edgeslim.studies.budget import Budget
from edgeslim.studies.search_run import SearchRun


@pytest.fixture
def searched(world: dict[str, Any]) -> dict[str, Any]:
    """The study as a search's: two trials dropped, the rest measured, one in half a minute."""
    world.update(
        search={
            "sampler": "nsga2",
            "minutes": 8.0,
            "trials": None,
            "spent": 480.0,
            "ended": "time",
            "first": 0,
        },
        objectives=["accuracy", "download"],
        budget={"download": 300_000, "loss": 0.01},
    )
    for trial in world["trials"]:
        trial["proposed"] = bool(trial["recipe"]["steps"])
        trial["found_after"] = 30.0 * trial["number"] if trial["sizes"] and trial["proposed"] else None
    cheap = {
        "share": 0.1, "images": 96, "sizes": {"download": 9}, "primary_metric": "mAP", "accuracy": {"mAP": 0.4},
    }  # fmt: skip
    empty = ("sizes", "accuracy", "fidelity", "latency", "sha256", "file", "error", "seconds")
    dropped = world["trials"][-2:]
    for trial in dropped:
        trial.update({"state": "pruned", "rungs": [cheap], "found_after": None, **dict.fromkeys(empty)})
    return world


@pytest.fixture
def mine(searched: dict[str, Any], own: Own) -> Own:
    """That study as one of the user's own."""
    return own


def test_the_pick_under_the_studys_own_budget_is_told(searched: dict[str, Any], show: Any) -> None:
    app = show("study")
    assert not app.exception
    pick = advice(app)
    assert pick.startswith("**Fits 300 KB and loses at most one point: \\#4 int8, per channel, percentile**")
    assert "It is the most accurate of 2 files that do." in pick
    assert "Runner-up: **\\#3 int8, per channel**, −0.2 points" in pick
    assert "ypervolume" not in pick


def test_it_is_told_in_chinese(searched: dict[str, Any], show: Any) -> None:
    app = show("study", "zh-CN")
    assert not app.exception
    assert advice(app).startswith("**下载体积不超过 300 KB，且精度损失不超过 1 个百分点：")
    assert "次选：" in advice(app)
    assert any("提前淘汰 2 个" in each.value for each in app.markdown)
    searched_for = show("study", "zh-CN", section="search")
    assert any("进化搜索" in each.value for each in searched_for.caption)


def test_how_the_search_went_is_told(searched: dict[str, Any], show: Any) -> None:
    app = show("study", section="search")
    captions = " ".join(each.value for each in app.caption)
    assert "evolution (NSGA-II), 8.0 min · 17 recipes tried: 13 measured fully, 2 judged by" in captions
    assert "ended because its time was up" in captions
    assert "Hypervolume 0.001" in captions
    assert any("2 dropped early" in each.value for each in app.markdown)


def test_the_fields_begin_with_the_studys_budget_and_can_be_emptied(
    searched: dict[str, Any], show: Any
) -> None:
    app = show("study")
    assert app.number_input(key="linked_max_download").value == 300.0
    assert app.number_input(key="linked_max_loss").value == 1.0
    assert app.number_input(key="linked_max_latency_ratio").value is None
    app.number_input(key="linked_max_loss").set_value(None).run()
    assert app.query_params["max_loss"] == ""
    assert app.number_input(key="linked_max_loss").value is None
    assert app.number_input(key="linked_max_download").value == 300.0
    assert advice(app).startswith("**Fits 300 KB: "), "what is asked now"


def test_held_out_images_have_their_say_on_the_pick(searched: dict[str, Any], show: Any) -> None:
    claim = {
        "number": 4, "chosen": 0.662, "value": 0.651, "ci95": [0.62, 0.68], "paired_delta": -0.012,
        "paired_ci95": [-0.02, -0.004], "optimism": 0.011, "optimism_ci95": None, "change_optimism": 0.007,
        "change_optimism_ci95": None,
    }  # fmt: skip
    searched["held_out"] = {"metric": "mAP", "images": 96, "looks": 1, "optimism": None, "trials": [claim]}
    told = advice(show("study"))
    assert "On 96 held-out images: mAP 65.1, −1.2 points (95 % interval −2.0 … −0.4)." in told


def test_a_dropped_trial_says_what_was_found_of_it(searched: dict[str, Any], show: Any) -> None:
    app = show("study", trial=str(searched["trials"][-1]["number"]))
    assert not app.exception
    assert any("with 10 % of its training and on 96 images: mAP 40.0" in each.value for each in app.markdown)


def test_without_a_pick_the_closest_is_named(searched: dict[str, Any], show: Any) -> None:
    searched["budget"] = {"download": 41_000, "loss": 0.3}
    app = show("study")
    assert not app.exception
    assert "No file fits 41 KB and loses at most 30 points." in app.warning[0].value
    assert "but it is too large to download: 92.4 KB" in app.warning[0].value


@pytest.mark.parametrize("state", ["paused", "cancelled", "interrupted", "failed", "running"])
def test_no_verdict_is_given_while_files_are_still_to_be_timed(mine: Own, show: Any, state: str) -> None:
    """The search is over, and every file that fits is measured but not timed."""
    mine.study.update(state=state, choice=None, budget={"download": 300_000, "latency_ratio": 0.9})
    mine.status.update(state=state, phase="latency" if state == "running" else "")
    for trial in mine.study["trials"]:
        if trial["proposed"] and trial["sizes"]:
            trial.update(state="running" if state == "running" else "waiting", latency=None)
    app = show("study")
    assert not app.exception
    told = [each.value for kind in (app.info, app.warning, app.success, app.caption) for each in kind]
    assert "still to be measured or timed" in " ".join(told)
    assert not [words for words in told if "No file fits" in words or "Fits 300" in words]
    details = show("study", section="search").caption
    assert "17 recipes tried" in " ".join(each.value for each in details)


def test_after_going_on_the_last_searchs_recipes_are_counted(mine: Own, show: Any) -> None:
    mine.study["search"].update(minutes=None, trials=20, first=6)
    assert "8.0 min · 12 recipes tried: 8 measured fully, 2 judged" in " ".join(
        each.value for each in show("study", section="search").caption
    )
    mine.study.update(state="running", search={**mine.study["search"], "ended": None})
    now = ProgressRecord("searching", 60, 0)
    mine.status.update(state="running", phase="trials", current=now)
    app = show("study")
    assert "12 of 20 recipes tried" in app.get("progress")[0].text
    assert app.metric[0].value == "12"


def test_a_search_that_has_found_nothing_yet_shows(searched: dict[str, Any], show: Any) -> None:
    searched.update(search={**searched["search"], "ended": None})
    for trial in searched["trials"][1:]:
        trial.update({"state": "waiting", "sizes": None, "accuracy": None, "fidelity": None, "latency": None})
    assert not show("study").exception


def test_a_running_search_says_what_it_does_and_how_long_it_will(mine: Own, show: Any) -> None:
    mine.study.update(state="running", search={**mine.study["search"], "spent": 420.0, "ended": None})
    mine.status.update(
        state="running",
        phase="trials",
        current=ProgressRecord("searching", 425, 480),
        progress={5: ProgressRecord("training", 30, 120)},
    )
    app = show("study")
    assert not app.exception
    bars = [bar.text for bar in app.get("progress")]
    assert bars == ["Searching · 0:55 of 8:00 left", "\\#5 prune 50 % · training 30 / 120"]
    found = {metric.label: metric.value for metric in app.metric[:4]}
    assert found == {
        "Recipes tried": "17", "Measured fully": "13", "Cheap trials only": "2", "Last improvement": "5:00 ago",
    }  # fmt: skip
    assert [button for button in app.button if button.key == "improve_study"] == []


def test_a_finished_front_is_improved_for_some_minutes_more(mine: Own, show: Any) -> None:
    app = show("study")
    app.number_input(key="more_minutes").set_value(12.0).run()
    assert app.button(key="improve_study").label == "Improve this front for 12 more minutes"
    app.button(key="improve_study").click().run()
    assert mine.calls == [("improve", "twenty-trials", 12.0)]


def test_the_published_study_is_not_improved(searched: dict[str, Any], show: Any) -> None:
    assert [button for button in show("study").button if button.key == "improve_study"] == []


def test_a_search_is_started_with_its_wishes(show: Any, started: list[Started]) -> None:
    app = show("new", way="search")
    app.number_input(key="search_minutes").set_value(10.0)
    app.multiselect(key="search_costs").set_value(["download", "latency_ratio"])
    app.number_input(key="budget_download").set_value(150.0)
    app.number_input(key="budget_loss").set_value(1.5)
    app.number_input(key="budget_latency_ratio").set_value(0.8)
    app.number_input(key="budget_agreement").set_value(90.0)
    app.selectbox(key="search_preset").set_value("tiny")
    app.number_input(key="search_patience").set_value(20)
    app.button(key="start_study").click().run()
    assert not app.exception
    assert started[0].search == SearchRun(minutes=10.0, patience=20, preset="tiny")
    assert started[0].plan.objectives == ("accuracy", "download", "latency_ratio")
    assert started[0].plan.budget == Budget.of(download=150_000, loss=0.015, latency_ratio=0.8, agreement=0.9)
    assert started[0].plan.preset is None


def test_a_search_is_not_asked_for_seeds_which_it_would_not_use(show: Any, started: list[Started]) -> None:
    app = show("new", way="search")
    assert "plan_held_out" in (keys := [field.key for field in app.number_input])
    assert "plan_seeds" not in keys
    app.button(key="start_study").click().run()
    assert started[0].plan.seeds == 1
    assert "plan_seeds" in [field.key for field in show("new").number_input]


def test_a_search_left_alone_is_a_sensible_one(show: Any, started: list[Started]) -> None:
    show("new", way="search").button(key="start_study").click().run()
    assert started[0].search == SearchRun(sampler="nsga2", minutes=8.0)
    assert started[0].plan.objectives == ("accuracy", "download")
    assert started[0].plan.budget == Budget()


def test_a_search_without_an_end_is_refused(show: Any, started: list[Started]) -> None:
    app = show("new", way="search")
    app.number_input(key="search_minutes").set_value(None).run()
    assert "This search would never stop." in app.error[0].value
    assert app.button(key="start_study").disabled
    app.number_input(key="search_trials").set_value(12).run()
    assert not app.error
    app.multiselect(key="search_costs").set_value([]).run()
    assert "one of Download, File size, Latency ratio, Peak activations, MACs" in app.error[0].value
    assert app.button(key="start_study").disabled


def test_the_search_form_opens_in_chinese(show: Any, started: list[Started]) -> None:
    app = show("new", "zh-CN", way="search")
    assert not app.exception
    assert app.number_input(key="search_minutes").label == "搜索时长（分钟）"
    assert not app.button(key="start_study").disabled
