"""Plain data → figures: what a click brings back, and that nothing drawn is null."""

import json
import math
import subprocess
import sys
from typing import Any

import plotly.graph_objects as go
import pytest
from as_kept import of

from edgeslim.report.bars import class_chart
from edgeslim.report.charts import TEXTS, View, drawing_scale, pareto_chart
from edgeslim.report.info import class_info
from edgeslim.report.league_chart import league_chart
from edgeslim.report.palette import DIMMED, MARK_COLORS, MARK_SYMBOLS, SCALE
from edgeslim.report.pareto import MARKS, pareto_info
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES

Words = {key: f"<{key}>" for key in TEXTS}


def chart(study: dict[str, Any], x: str = "download", y: str = "mAP", **options: Any) -> go.Figure:
    return pareto_chart(pareto_info(of(study), x, y), Words, **options)


def clickable(figure: go.Figure) -> dict[int, go.Scatter]:
    return {
        row[0]: trace for trace in figure.data if trace.customdata is not None for row in trace.customdata
    }


def intervals(figure: go.Figure) -> go.Scatter:
    """The trace of error bars."""
    return next(trace for trace in figure.data if trace.error_y.array is not None)


def test_every_clickable_mark_carries_its_trial_number(study: dict[str, Any]) -> None:
    numbers = set(clickable(chart(study)))
    assert numbers == {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18}


def test_nothing_that_reaches_the_browser_is_null(study: dict[str, Any]) -> None:
    for trace in chart(study, "latency_ratio", "paired_delta").data:
        data = json.loads(trace.to_json())
        for key in ("x", "y", "customdata"):
            assert "null" not in json.dumps(data.get(key, []))


def test_values_are_drawn_in_kilobytes_and_points(study: dict[str, Any]) -> None:
    figure = chart(study, labels={0: "original"})
    star = clickable(figure)[0]
    assert [*star.x, *star.y] == pytest.approx([1182.66, 66.71])
    assert intervals(figure).error_y.array[0] == pytest.approx(1.8)


def test_large_files_are_drawn_in_megabytes() -> None:
    assert drawing_scale(FIGURES.get("download"), [3.1e6]) == (1e-3, "KB")
    assert drawing_scale(FIGURES.get("download"), [31e6, 2.0]) == (1e-6, "MB")
    assert drawing_scale(FIGURES.get("macs"), [4e8]) == (1e-6, "M")
    assert drawing_scale(FIGURES.get("mAP"), []) == (100.0, "")


def test_trials_without_values_stand_outside_of_the_axes(study: dict[str, Any]) -> None:
    marks = clickable(chart(study))
    assert marks[14].yaxis == "y2"
    assert marks[12].yaxis in (None, "y")


def test_titles_that_people_write_are_escaped(study: dict[str, Any]) -> None:
    study["trials"][12]["title"] = "<img src=x onerror=alert(1)>"
    cards = [row[1] for row in clickable(chart(study))[12].customdata if row[0] == 12]
    assert "&lt;img" in cards[0]
    assert "<img" not in cards[0]


def test_the_card_names_both_measures_with_their_intervals(study: dict[str, Any]) -> None:
    cards = {row[0]: row[1] for row in clickable(chart(study, "latency_ratio"))[12].customdata}
    assert "<axis.mAP>: <b>64.4</b> (<chart.interval> 62.6 … 66.2)" in cards[12]
    assert "<axis.latency_ratio>: <b>0.69</b>" in cards[12]


def test_a_trial_like_the_original_says_so(study: dict[str, Any]) -> None:
    cards = {
        row[0]: row[1]
        for trace in chart(study).data
        if trace.customdata is not None
        for row in trace.customdata
    }
    assert "<chart.like_original>" in cards[1]
    assert "<chart.like_original>" not in cards[9]


def test_a_budget_is_a_line_on_the_axis_it_limits(study: dict[str, Any]) -> None:
    figure = pareto_chart(pareto_info(of(study), "download", "mAP", Budget.of(download=200_000)), Words)
    assert [shape.x0 for shape in figure.layout.shapes] == [200.0]
    assert [note.text for note in figure.layout.annotations if note.text == "<chart.budget>"]


def test_every_limit_is_drawn_where_its_axis_is_shown_even_beyond_all_trials(study: dict[str, Any]) -> None:
    generous = Budget.of(download=9_000_000, agreement=0.1, macs=10**12, memory=10**9, accuracy=0.01)
    lines = {
        (x, y): pareto_info(of(study), x, y, generous)
        for x, y in (("download", "agreement"), ("macs", "mAP"), ("memory", "mAP"))
    }
    assert [(info.x_limit, info.y_limit) for info in lines.values()] == [
        (9_000_000, 0.1), (10**12, 0.01), (10**9, 0.01),
    ]  # fmt: skip
    figure = pareto_chart(lines["download", "agreement"], Words)
    assert figure.layout.xaxis.range[1] > math.log10(9_000)
    assert figure.layout.yaxis.range[0] < 10.0


def test_intervals_are_shown_of_what_matters_and_of_all_on_demand(study: dict[str, Any]) -> None:
    few = intervals(chart(study, selected=9, labels={12: "Pick"}))
    assert sorted(few.x) == pytest.approx([121.906, 630.404]), "those of the pinned and of the selected one"
    every = intervals(chart(study, view=View(bars=True)))
    assert len(every.x) == len(pareto_info(of(study), "download", "mAP").points)


def test_near_the_original_the_front_fills_the_chart_and_the_others_stand_at_its_edge(
    study: dict[str, Any],
) -> None:
    figure = chart(study, view=View(near=True))
    low, high = figure.layout.yaxis.range
    assert 55 < low < 56.64 and 68.51 < high < 71, (
        "from the original down to the front's 58.4, with its interval"
    )
    edge = next(trace for trace in figure.data if trace.marker.symbol == "triangle-down")
    below = [point.number for point in pareto_info(of(study), "download", "mAP").below]
    assert [row[0] for row in edge.customdata] == below == [18, 6, 2, 8]
    assert all(low < y < low + 0.05 * (high - low) for y in edge.y)
    assert [note.text for note in figure.layout.annotations if "<chart.below>" in note.text] == [
        "4 <chart.below>#18 #6 #2 #8"
    ]
    assert set(clickable(figure)) == set(clickable(chart(study))), "all can still be clicked"
    assert chart(study).layout.yaxis.range[0] < 0


def test_sizes_are_shown_as_factors_and_times_as_differences(study: dict[str, Any]) -> None:
    figure = chart(study)
    low, high = (10**value for value in figure.layout.xaxis.range)
    assert low < 41.4 and high > 1182.66
    assert figure.layout.xaxis.type == "log"
    assert list(figure.layout.xaxis.tickvals) == [50, 100, 200, 500, 1000]
    assert chart(study, x="latency_ratio").layout.xaxis.type != "log"


def test_the_plot_keeps_its_place_whatever_the_legend_holds(study: dict[str, Any]) -> None:
    """The legend grows, plotly's buttons appear, a colour bar is asked for: nothing but the latter moves the plot."""
    marks = (
        chart(study),
        chart(study, selected=12, view=View(groups=True)),
        chart(study, view=View(near=True)),
    )
    assert len({json.dumps(figure.layout.margin.to_plotly_json()) for figure in marks}) == 1
    assert not marks[0].layout.margin.autoexpand
    assert not any(figure.layout[axis].automargin for figure in marks for axis in ("xaxis", "yaxis"))
    assert marks[0].layout.modebar.orientation == "v", "beside the plot, not over the legend"


def test_a_third_figure_is_the_colour_from_better_to_worse(study: dict[str, Any]) -> None:
    info = pareto_info(of(study), "download", "mAP", third="latency_ratio")
    figure = pareto_chart(info, Words)
    trace = clickable(figure)[12]
    place = [row[0] for row in trace.customdata].index(12)
    assert trace.marker.color[place] == pytest.approx(0.69)
    assert figure.layout.coloraxis.colorscale[0] == (0.0, SCALE[0]), "less time is better, and blue"
    untimed = clickable(figure)[18]
    assert isinstance(untimed.marker.color, str), "what was not timed has no colour on that scale"
    other = pareto_chart(pareto_info(of(study), "download", "mAP", third="agreement"), Words)
    assert other.layout.coloraxis.colorscale[0] == (0.0, SCALE[-1]), "more agreement is better"


def test_colours_of_a_third_figure_stand_out_and_differ_in_more_than_hue() -> None:
    for color in SCALE:
        assert contrast(color, "#ffffff") >= 3.0 and contrast(color, "#0f1514") >= 3.0, color
    blue = [int(color[5:7], 16) - int(color[1:3], 16) for color in SCALE]
    assert blue == sorted(blue, reverse=True), "from blue to orange, which every colour vision tells apart"


def test_words_are_pinned_to_the_trials_they_are_about_and_do_not_overlap(study: dict[str, Any]) -> None:
    words = {3: "Pick #3", 4: "Runner-up", 12: "recommended", 0: "original", 18: "smallest", 14: "no place"}
    figure = chart(study, labels=words)
    notes = [note for note in figure.layout.annotations if note.showarrow]
    assert {note.text: round(10**note.x, 3) for note in notes} == {
        "<b>Pick #3</b>": 287.33, "<b>Runner-up</b>": 291.508, "<b>recommended</b>": 121.906,
        "<b>original</b>": 1182.66, "<b>smallest</b>": 41.388,
    }  # fmt: skip


def test_no_axis_reaches_beyond_a_hundred_per_cent(study: dict[str, Any]) -> None:
    for trial in study["trials"]:
        if trial["accuracy"]:
            trial["accuracy"].update(mAP=0.99, ci95=[0.98, 0.995])
    assert chart(study).layout.yaxis.range[1] <= 100.1


def test_the_selected_trial_gets_a_ring(study: dict[str, Any]) -> None:
    figure = chart(study, selected=12)
    rings = [trace for trace in figure.data if trace.marker.symbol == "circle-open"]
    assert [list(ring.x) for ring in rings] == [[121.906]]
    failed = chart(study, selected=14)
    assert [trace.yaxis for trace in failed.data if trace.marker.symbol == "circle-open"] == ["y2"]


def test_what_does_not_fit_is_dimmed_and_not_hidden(study: dict[str, Any]) -> None:
    figure = pareto_chart(pareto_info(of(study), "download", "mAP", Budget.of(download=200_000)), Words)
    found = clickable(figure)
    assert found[3].marker.opacity == DIMMED < found[12].marker.opacity == 1
    assert set(found) == set(clickable(chart(study)))


def test_marks_differ_in_shape_and_in_colour() -> None:
    assert set(MARK_SYMBOLS) == set(MARK_COLORS) == set(MARKS)
    assert len(set(MARK_SYMBOLS.values())) == len(set(MARK_COLORS.values())) == len(MARKS)


@pytest.mark.parametrize("paper", ["#ffffff", "#0f1514"])
def test_marks_stand_out_from_a_light_and_from_a_dark_screen(paper: str) -> None:
    for mark, color in MARK_COLORS.items():
        assert contrast(color, paper) >= 3.0, mark


def test_words_take_the_colour_of_the_screen(study: dict[str, Any]) -> None:
    drawn = chart(study, selected=12, labels={12: "Pick"}).to_plotly_json()["layout"]
    assert "color" not in drawn["font"]
    assert all("color" not in note["font"] for note in drawn["annotations"])
    assert all("gridcolor" not in drawn[axis] for axis in ("xaxis", "yaxis"))


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours."""

    def light(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_bars_show_classes(study: dict[str, Any]) -> None:
    classes = class_chart(class_info(of(study), 10), Words)
    assert min(classes.data[0].x) < 0
    assert class_chart((), Words).data[0].x in (None, ())


def test_a_chart_needs_no_torch_and_no_streamlit() -> None:
    code = (
        "import sys, edgeslim.report.charts, edgeslim.report.bars, edgeslim.report.waterfall;"
        "print([m for m in ('torch', 'streamlit', 'onnxruntime', 'optuna') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_leagues_chart_names_the_original_and_no_markup() -> None:
    files = {"<b>Anna</b> · 1": (12_300, 0.991, (0.97, 1.0)), "original": (77_500, 0.99, None)}
    words = {name: name for name in ("size", "quality", "budget", "front", "original")}
    _, points = league_chart(files, 15_000, frozenset(), words).data
    assert list(points.text) == ["", "original"]
    assert points.customdata[0].startswith("&lt;b&gt;Anna")
