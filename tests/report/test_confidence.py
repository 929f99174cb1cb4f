"""Groups, held-out scores and seeds as plain data, on the chart and in a terminal; and a thousand trials in time."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from as_kept import of

from counting import lines
from edgeslim.report.certainty import certainty_lines, comparison_lines
from edgeslim.report.certainty_info import headline_values
from edgeslim.report.charts import TEXTS, View, pareto_chart
from edgeslim.report.info import noisy
from edgeslim.report.pareto import pareto_info
from edgeslim.report.repeats import by_recipe, spreads
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.workbench.confidence import ComparedTrial, TrialComparison

Study = dict[str, Any]
Words = {key: f"<{key}>" for key in TEXTS}


@pytest.fixture
def grouped(study: Study) -> Study:
    """0 (66.71), 1 and 3 hang together in a chain; 12 (64.41) is apart from all."""
    groups = {
        "metric": "mAP",
        "level": 0.95,
        "images": 400,
        "compared": [0, 1, 3, 12],
        "errors": [[], [0.002], [0.004, 0.002], [0.004, 0.004, 0.004]],
        "critical": 2.5,
        "alike": [[0, 1], [1, 3], [12]],
        "best": [0, 1],
    }
    return {**study, "groups": groups}


@pytest.fixture
def repeated(study: Study) -> Study:
    """Trial 12 with two more seeds: 65.01 and 63.51, and 300 bytes more."""
    trials = copy.deepcopy(study["trials"])
    twelve = next(trial for trial in trials if trial["number"] == 12)
    for number, seed, value in ((21, 2, 0.6351), (20, 1, 0.6501)):
        other = copy.deepcopy(twelve)
        other |= {"number": number, "title": f"{twelve['title']} · seed {seed}"}
        other["recipe"]["seed"] = seed
        other["accuracy"]["mAP"] = value
        other["sizes"]["download"] += 150
        trials.append(other)
    return {**study, "trials": trials}


def test_a_pair_is_compared_by_its_own_error(grouped: Study) -> None:
    found, values = of(grouped).groups, headline_values(of(grouped))
    assert found is not None
    pair = found.pair(12, 0, values)
    assert pair is not None
    assert pair.difference == pytest.approx(0.6441 - 0.6671)
    assert pair.bounds == pytest.approx((-0.033, -0.013))
    assert (pair.distinguishable, pair.images) == (True, 400)
    assert pair.images_80 == 95, "400 · ((1.960 + 0.842) · 0.004 / 0.023)²"
    turned = found.pair(0, 12, values)
    assert turned is not None
    assert (turned.difference, turned.images_80) == (-pair.difference, 95)
    assert turned.bounds == pytest.approx((0.013, 0.033))
    assert found.pair(0, 0, values) is None
    assert found.pair(0, 2, values) is None, "2 was not compared"


def test_who_is_like_whom_follows_the_sets(grouped: Study) -> None:
    found = of(grouped).groups
    assert found is not None
    assert (found.like(0), found.like(1), found.like(12), found.like(2)) == ((1,), (0, 3), (), ())


def test_studies_of_earlier_versions_know_no_groups_and_say_that_nothing_was_held_out(study: Study) -> None:
    assert (of(study).groups, of(study).held_out) == (None, None)
    again = StudyResult.from_json(study).to_json()
    assert (again["groups"], again["held_out"], again["concluded"]) == (None, None, 0)
    assert "no images were held out" in certainty_lines(of(study))
    assert "told apart" not in certainty_lines(of(study))


def test_a_running_study_says_that_images_are_held_out(study: Study) -> None:
    to_come = {"metric": None, "images": 100, "looks": 0, "optimism": None, "trials": []}
    waiting = {**study, "held_out": to_come}
    assert "100 validation images are held out" in certainty_lines(of(waiting))


def claims(looks: int = 1) -> dict[str, Any]:
    one = {
        "number": 12,
        "chosen": 0.6441,
        "value": 0.6301,
        "ci95": [0.60, 0.66],
        "paired_delta": -0.03,
        "paired_ci95": [-0.05, -0.01],
        "optimism": 0.014,
        "optimism_ci95": [-0.02, 0.05],
        "change_optimism": 0.007,
        "change_optimism_ci95": [-0.01, 0.02],
    }
    mean = {"value": 0.007, "ci95": [-0.01, 0.02]}
    return {"metric": "mAP", "images": 96, "looks": looks, "optimism": mean, "trials": [one]}


def test_held_out_scores_are_read_as_they_were_stored(study: Study) -> None:
    found = of({**study, "held_out": claims()}).held_out
    assert found is not None and found.optimism is not None
    one = found.score(12)
    assert one is not None
    assert (one.chosen, one.value, one.ci95, one.paired_ci95) == (
        0.6441, 0.6301, (0.60, 0.66), (-0.05, -0.01),
    )  # fmt: skip
    assert (found.images, found.optimism.value, found.optimism.ci95) == (96, 0.007, (-0.01, 0.02))
    assert found.score(3) is None


def test_the_terminal_says_how_much_choosing_flattered(study: Study) -> None:
    text = certainty_lines(of({**study, "held_out": claims()}))
    assert "on 96 images that nothing was chosen by" in text
    assert "63.0 (60.0 … 66.0)" in text
    assert "by +0.7 points in the mean (−1.0 … +2.0)" in text
    assert "no longer quite unseen" not in text
    assert "2 times: they are no longer quite unseen" in certainty_lines(of({**study, "held_out": claims(2)}))


def test_the_terminal_names_what_cannot_be_told_apart_and_what_would_do(grouped: Study) -> None:
    text = certainty_lines(of(grouped))
    assert "could be the best: 0, 1" in text
    assert "on 400 images (95% for all pairs together): {0, 1}  {1, 3}" in text
    assert "  0 and 1: " in text
    assert "  3 and 12: " not in text, "these differ"


def test_a_comparison_in_a_terminal() -> None:
    found = TrialComparison(
        metric="mAP",
        images=300,
        first=ComparedTrial(number=1, title="int8", value=0.66, ci95=(0.64, 0.68)),
        second=ComparedTrial(number=0, title="float32", value=0.67, ci95=(0.65, 0.69)),
        difference=-0.01,
        ci95=(-0.02, 0.001),
        distinguishable=False,
        images_80=1234,
        images_95=2345,
    )
    text = comparison_lines(found)
    assert "#1 int8: mAP 66.0 (64.0 … 68.0)" in text
    assert "difference: −1.0 (−2.0 … +0.1) points on the same 300 images: they cannot be told apart" in text
    assert "1,234 images in 80 % of cases, with 2,345 in 95 %" in text
    equal = replace(found, difference=0.0, images_80=None, images_95=None)
    assert "no difference that more images could show" in comparison_lines(equal)


def test_seeds_of_one_recipe_are_found_whatever_their_order_and_name(repeated: Study) -> None:
    groups = [[trial.number for trial in group] for group in by_recipe(of(repeated).trials)]
    assert [12, 20, 21] in groups
    assert sum(len(group) for group in groups) == len(repeated["trials"])
    (spread,) = spreads(of(repeated), FIGURES.get("mAP"))
    assert (spread.numbers, spread.bounds) == ((12, 20, 21), (0.6351, 0.6501))
    assert spread.mean == pytest.approx(0.6431)
    assert spread.middle == 12
    assert spreads(of(repeated), FIGURES.get("top1")) == ()
    assert "3 seeds (12, 20, 21): mAP 64.3 in the mean, 63.5 … 65.0" in certainty_lines(of(repeated))


def test_a_repeated_recipe_is_one_point_at_its_mean(repeated: Study) -> None:
    info = pareto_info(of(repeated), "download", "mAP")
    point = info.point(20)
    assert point is info.point(12) is info.point(21)
    assert point is not None
    assert (point.number, point.numbers, point.mark) == (12, (12, 20, 21), "front")
    assert point.y == pytest.approx(0.6431)
    assert point.y_bounds == (0.6351, 0.6501)
    assert point.x == pytest.approx(121_906 + 100)
    assert point.x_bounds == (121_906, 122_056)
    assert "seed" not in point.title
    assert [seed.y for seed in point.seeds] == [0.6441, 0.6501, 0.6351]
    assert len(info.points) == len(
        pareto_info(of({**repeated, "trials": repeated["trials"][:-2]}), "download", "mAP").points
    )
    assert info.front == (18, 11, 12, 3, 4, 1, 0)


def test_a_lucky_seed_does_not_lift_its_recipe_onto_the_front(study: Study) -> None:
    """Of a dominated recipe one seed would be the best of all; the mean of three is not."""
    trials = copy.deepcopy(study["trials"])
    worst = next(trial for trial in trials if trial["number"] == 2)
    for number, value in ((20, 0.99), (21, worst["accuracy"]["mAP"])):
        other = copy.deepcopy(worst)
        other["number"], other["recipe"]["seed"], other["accuracy"]["mAP"] = number, number, value
        trials.append(other)
    info = pareto_info(of({**study, "trials": trials}), "download", "mAP")
    point = info.point(20)
    assert point is not None
    assert (point.mark, point.number in info.front) == ("dominated", False)


def test_a_recipe_is_over_the_budget_if_all_its_seeds_are(repeated: Study) -> None:
    def mark(limit: float) -> str:
        point = pareto_info(of(repeated), "download", "mAP", Budget.of(accuracy=limit)).point(12)
        assert point is not None
        return point.mark

    assert mark(0.64) == "front", "12 and 20 keep it"
    assert mark(0.66) == "over_budget"


def test_who_is_alike_is_on_the_points_of_the_compared_measure_only(grouped: Study) -> None:
    point = pareto_info(of(grouped), "download", "mAP").point(1)
    other = pareto_info(of(grouped), "download", "AP50").point(1)
    assert point is not None and other is not None
    assert (point.alike, other.alike) == ((0, 3), ())


def test_rings_mark_what_cannot_be_told_from_the_selected(grouped: Study) -> None:
    info = pareto_info(of(grouped), "download", "mAP")
    rings = [
        trace
        for trace in pareto_chart(info, Words, selected=1, view=View(groups=True)).data
        if trace.name == Words["chart.alike_selected"]
    ]
    assert len(rings) == 1
    assert sorted(rings[0].y) == pytest.approx(sorted(100 * info.point(n).y for n in (0, 3)))  # type: ignore[union-attr]
    apart = pareto_chart(info, Words, selected=12).data
    assert not [trace for trace in apart if trace.name == Words["chart.alike_selected"]]
    cards = [row[1] for trace in apart if trace.customdata is not None for row in trace.customdata]
    assert [card for card in cards if f"{Words['chart.alike']} #0, #3" in card]


def test_seeds_are_drawn_and_clickable_under_a_hollow_mark(repeated: Study) -> None:
    figure = pareto_chart(pareto_info(of(repeated), "download", "mAP"), Words)
    seeds = next(trace for trace in figure.data if trace.name == Words["chart.seed"])
    assert [row[0] for row in seeds.customdata] == [12, 20, 21]
    assert list(seeds.y) == pytest.approx([64.41, 65.01, 63.51])
    hollow = [
        trace
        for trace in figure.data
        if trace.marker.symbol == "circle-open" and trace.customdata is not None
    ]
    assert [list(trace.y) for trace in hollow] == [pytest.approx([64.31])]
    assert f"3 {Words['chart.seeds']} 63.5 … 65.0" in hollow[0].customdata[0][1]
    assert json.loads(figure.to_json())


def test_noisy_timings_are_named(study: Study) -> None:
    trials = copy.deepcopy(study["trials"])
    for trial in trials:
        if trial["latency"]:
            spread = 1.2 if trial["number"] in (3, 7) else 1.02
            ratio = trial["latency"]["ratio"]
            trial["latency"]["ratio_ci95"] = [ratio / spread, ratio * spread]
    busy = {**study, "trials": trials}
    assert noisy(of(busy)) == (3, 7)
    assert "wider than ±10%: 3, 7" in certainty_lines(of(busy))


def test_a_chart_of_twice_as_many_trials_is_twice_the_work(study: Study) -> None:
    trials = []
    for number in range(600):
        trial = copy.deepcopy(study["trials"][12 if number else 0])
        trial["number"] = number
        if number:
            trial["recipe"]["steps"][0]["sparsity"] = number / 600
        trial["sizes"]["download"] = 1_000_000 - 900 * number
        trial["accuracy"]["mAP"] = 0.7 - (number / 600) ** 2 * 0.5 - 0.01 * (number % 7)
        trials.append(trial)

    read = {count: of({**study, "trials": trials[:count]}) for count in (300, 600)}

    def draw(count: int) -> None:
        many = read[count]
        pareto_chart(pareto_info(many, "download", "mAP", Budget.of(download=500_000)), Words)

    half = lines(lambda: draw(300))
    assert lines(lambda: draw(600)) < 2.2 * half < 1_000_000
