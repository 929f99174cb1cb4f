"""What a study says, as plain data."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from as_kept import of

from edgeslim.errors import EdgeSlimError
from edgeslim.records import RecipeRecord
from edgeslim.report.choice import choice_lines
from edgeslim.report.info import (
    class_info,
    counts,
    headline,
    like_original,
    unchanged,
    worth_it,
)
from edgeslim.report.pareto import pareto_info
from edgeslim.report.text import study_table
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES, axes

Study = dict[str, Any]


def marks(study: Study, x: str = "download", y: str = "mAP", budget: Budget | None = None) -> dict[int, str]:
    info = pareto_info(of(study), x, y, budget)
    return {item.number: item.mark for item in (*info.points, *info.absent)}


def test_front_holds_what_nothing_else_beats_from_the_cheapest_on(study: Study) -> None:
    assert pareto_info(of(study), "download", "mAP").front == (18, 11, 12, 3, 4, 1, 0)


def test_every_trial_is_marked_as_what_it_is(study: Study) -> None:
    found = marks(study)
    assert found[0] == "baseline"
    assert found[12] == "front"
    assert found[2] == "dominated", "the collapsed int8 has values, so it stands on the axes"
    assert found[14] == "failed"
    assert found[15] == "infeasible"
    assert not {16, 17, 19} & set(found), "running, waiting and cancelled trials have nothing to show"


def test_values_are_kept_as_stored_with_their_interval(study: Study) -> None:
    point = pareto_info(of(study), "download", "mAP").point(12)
    assert point is not None
    assert (point.x, point.y) == (121_906, 0.6441)
    assert point.x_bounds == (121_906, 121_906)
    assert point.y_bounds == (0.6261, 0.6621)


def test_an_untimed_trial_is_absent_from_a_latency_axis_but_not_from_others(study: Study) -> None:
    assert marks(study, "latency_ratio")[18] == "untimed"
    assert pareto_info(of(study), "latency_ratio", "mAP").point(18) is None
    assert marks(study, "download")[18] == "front"


def test_the_original_stands_at_no_change_and_ratio_one_by_definition(study: Study) -> None:
    study["trials"][0]["latency"] = None
    point = pareto_info(of(study), "latency_ratio", "paired_delta").point(0)
    assert point is not None
    assert (point.x, point.y) == (1.0, 0.0)


def test_a_budget_takes_trials_off_the_front_and_draws_its_limits(study: Study) -> None:
    info = pareto_info(of(study), "download", "mAP", Budget.of(download=300_000, loss=0.03))
    assert info.front == (12, 3, 4)
    assert info.x_limit == 300_000
    assert info.y_limit == pytest.approx(0.6371)
    found = {point.number: point.mark for point in info.points}
    assert found[1] == "over_budget"
    assert found[0] == "baseline"


def test_a_trial_that_is_not_timed_yet_is_neither_inside_nor_outside_of_a_latency_budget(
    study: Study,
) -> None:
    assert marks(study, budget=Budget.of(latency_ratio=0.7))[18] == "untimed"
    assert marks(study, budget=Budget.of(latency_ratio=0.7))[1] == "over_budget"


def test_an_unknown_axis_is_named(study: Study) -> None:
    with pytest.raises(EdgeSlimError, match="no figure named “downlod”"):
        pareto_info(of(study), "downlod", "mAP")


def test_a_study_without_measurements_gives_an_empty_chart(study: Study) -> None:
    study["baseline"], study["front"] = None, []
    for trial in study["trials"]:
        trial.update(state="waiting", sizes=None, accuracy=None, latency=None, fidelity=None)
    info = pareto_info(of(study), "download", "mAP", Budget.of(loss=0.01))
    assert (info.points, info.absent, info.front) == ((), (), ())
    assert worth_it(of(study)) is None


@pytest.mark.parametrize(
    "damage", [{"mAP": None}, {"ci95": None}, {"ci95": [None, None]}, {"mAP": float("nan")}]
)
def test_missing_figures_never_become_points_with_nulls(study: Study, damage: dict[str, Any]) -> None:
    study["trials"][3]["accuracy"].update(damage)
    for point in pareto_info(of(study), "download", "mAP").points:
        assert all(
            isinstance(v, float) and v == v for v in (point.x, point.y, *point.x_bounds, *point.y_bounds)
        )


def test_axes_offered_are_those_with_a_value(study: Study) -> None:
    names = [axis.name for axis in axes(of(study).trials, cost=False)]
    assert names == [
        "mAP",
        "AP50",
        "AP75",
        "AP_small",
        "AP_medium",
        "AP_large",
        "paired_delta",
        "agreement",
        "int8_share",
        "sqnr_db",
    ]
    assert "top1" not in names
    assert [axis.name for axis in axes(of(study).trials, cost=True)][:3] == [
        "download",
        "file",
        "entropy_bound",
    ]


def test_the_ci_belongs_to_the_headline_measure_only(study: Study) -> None:
    trial = of(study).trials[3]
    assert FIGURES.get("mAP").bounds(trial) == (0.6424, 0.6784)
    assert FIGURES.get("top1").bounds(trial) is None


def test_the_headline_is_computed_against_the_original(study: Study) -> None:
    found = headline(of(study), 12)
    assert found is not None
    assert found.smaller == pytest.approx(1_182_660 / 121_906)
    assert found.faster == pytest.approx(1 / 0.69)
    assert found.change == -0.023
    assert found.interval == (-0.0314, -0.0146)
    assert not found.like_original
    assert headline(of(study), 14) is None


def test_the_original_is_not_compared_with_itself(study: Study) -> None:
    study["trials"][0]["accuracy"].update(paired_delta=0.0, paired_ci95=[0.0, 0.0])
    point = pareto_info(of(study), "download", "mAP").point(0)
    assert point is not None
    assert not point.like_original


def test_worth_it_is_what_saves_most_in_size_and_time_and_whose_loss_is_surely_small(study: Study) -> None:
    assert worth_it(of(study), 0.015) == 3, "4 is as fast, and larger"
    assert worth_it(of(study), 0.04) == 13, "12 is smaller, and much slower"
    assert worth_it(of(study), 0.0) == 11, "nothing is sure to lose nothing: of the front"
    study["trials"][13]["latency"] = None
    assert worth_it(of(study), 0.04) == 12, "where one was not timed, size alone counts"


def test_a_file_larger_than_the_original_is_not_worth_it_however_fast(study: Study) -> None:
    study["trials"][3]["sizes"]["download"] = study["trials"][0]["sizes"]["download"] + 1
    study["trials"][3]["latency"]["ratio"] = 0.001
    assert worth_it(of(study), 0.015) == 4
    for trial in study["trials"][1:]:
        trial["sizes"] = dict(study["trials"][0]["sizes"]) if trial["sizes"] else None
    assert worth_it(of(study)) is None


def test_like_the_original_means_the_paired_interval_spans_zero(study: Study) -> None:
    assert like_original(of(study).trials[1])
    assert not like_original(of(study).trials[9])
    assert not like_original(of(study).trials[0])


def test_classes_that_changed_most_come_worst_first(study: Study) -> None:
    rows = class_info(of(study), 10, limit=3)
    changes = [row.change for row in rows]
    assert len(rows) == 3
    assert changes == sorted(changes)
    everything = class_info(of(study), 10, limit=99)
    assert len(everything) == 10
    assert {row.label for row in rows} == {
        row.label for row in sorted(everything, key=lambda row: -abs(row.change))[:3]
    }


def test_a_class_without_a_score_is_left_out(study: Study) -> None:
    study["trials"][10]["accuracy"]["by_class"]["stop"] = None
    assert "stop" not in {row.label for row in class_info(of(study), 10, limit=99)}


def test_a_trial_is_found_by_its_number(study: Study) -> None:
    found = of(study).trial(7)
    assert found is not None
    assert found.title == "prune 80 % + fine-tune"
    assert of(study).trial(99) is None
    assert of(study).trial(None) is None


EFFECTS = {
    "magnitude_pruning": ["download"],
    "fine_tuning": ["accuracy"],
    "static_int8": ["file", "download", "latency", "memory"],
}


@pytest.mark.parametrize(
    ("number", "expected"),
    [(5, ("file", "latency", "memory")), (12, ()), (19, ("file", "latency", "memory"))],
)
def test_what_a_recipe_does_not_change_is_told(study: Study, number: int, expected: tuple[str, ...]) -> None:
    assert unchanged(of(study).trials[number], EFFECTS) == expected


def test_training_alone_changes_no_size_at_all(study: Study) -> None:
    trial = replace(of(study).trials[5], recipe=RecipeRecord(({"step": "fine_tuning"},)))
    assert unchanged(trial, EFFECTS) == ("latency", "memory", "size")


def test_what_only_waits_to_be_timed_does_not_count_as_running(study: dict[str, Any]) -> None:
    last = copy.deepcopy(study["trials"][1])
    untimed = {**last, "number": 98, "state": "running", "latency": None}
    working = {**untimed, "number": 99, "sizes": None}
    before, found = of(study), of({**study, "trials": [*study["trials"], untimed, working]})
    assert counts(found).get("measured", 0) == counts(before).get("measured", 0) + 1
    assert counts(found).get("running", 0) == counts(before).get("running", 0) + 1


def test_what_time_ran_out_for_is_counted_apart_and_told_once(study: dict[str, Any]) -> None:
    last = copy.deepcopy(study["trials"][1])
    last |= {"state": "out_of_time", "sizes": None, "latency": None}
    last["error"] = {
        "code": "out_of_time",
        "problem": "As earlier versions wrote it.",
        "remedy": "Take more.",
        "values": {"minutes": "5"},
    }
    found = of({**study, "trials": [*study["trials"], *({**last, "number": n} for n in (97, 98, 99))]})
    assert counts(found)["out_of_time"] == 3
    assert sum(counts(found).values()) == len(found.trials)
    assert not {97, 98, 99} & set(found.front)
    told = study_table(found)
    assert "97, 98, 99: Out of time: the study had 5 minutes for its recipes." in told
    assert told.count("the study had 5 minutes") == 1
    assert told.count("out of time") == 3


def test_the_shell_recommends_what_the_screen_does_and_nothing_where_no_loss_is_surely_small(
    study: dict[str, Any],
) -> None:
    number = worth_it(of(study))
    assert number is not None
    told = choice_lines(of(study))
    assert f"recommended: #{number} " in told and "surely lose less than 1.5 points" in told
    assert "it saves most in size and time together" in told
    untimed = {**study, "trials": [{**trial, "latency": None} for trial in study["trials"]]}
    assert "it saves most in size; nothing has been timed" in choice_lines(of(untimed))
    for trial in study["trials"]:
        if (trial.get("accuracy") or {}).get("paired_ci95"):
            trial["accuracy"]["paired_ci95"][0] = -0.5
    study["trials"][0]["accuracy"].pop("paired_ci95", None)
    assert "recommended" not in choice_lines(of(study))
