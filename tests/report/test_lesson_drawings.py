"""Views of lessons as drawings: marks stand where the numbers are, and the device's line says what does not fit."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.distillation import Few, Unseen
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.predictions import Curve
from edgeslim.lessons.views import Axis, Bars, Lines, Series, Table, Tile, Tiles
from edgeslim.params import param
from edgeslim.report.lesson_axes import Drawing, Limit
from edgeslim.report.lesson_charts import bars_svg, lines_svg, out_of_sight
from edgeslim.report.lesson_reveal import beside_truth
from edgeslim.report.lesson_views import tile_address, views_html
from edgeslim.report.lesson_words import LessonWords
from edgeslim.report.palette import LOSS
from edgeslim.report.svg import Scale, scale, ticks

WORDS = LessonWords("en", "distillation")
SIZES = Bars(
    y=Axis(name="size", unit="bytes"),
    groups=("small", "large"),
    series=(Series(name="", y=(100_000, 400_000)),),
)


def test_bars_are_as_long_as_their_values() -> None:
    widths = [
        float(found) for found in re.findall(r'<rect [^>]*width="([\d.]+)"', bars_svg(SIZES, Drawing(WORDS)))
    ]
    assert widths[1] / widths[0] == pytest.approx(4, rel=0.01)


def test_a_bar_that_does_not_fit_the_device_is_red_and_so_is_the_line() -> None:
    drawn = bars_svg(SIZES, Drawing(WORDS, Limit("Tiny", 200_000)))
    bars = re.findall(r'<rect [^>]*fill="(#\w+)"', drawn)
    assert bars[0] != LOSS and bars[1] == LOSS
    assert f'stroke="{LOSS}"' in drawn and "Tiny: 200 KB" in drawn
    assert LOSS not in bars_svg(SIZES, Drawing(WORDS, Limit("Roomy", 500_000)))


def test_a_limit_beyond_the_chart_is_told_in_words_instead() -> None:
    phone = Limit("Phone", 20_000_000)
    assert out_of_sight(SIZES, phone) and not out_of_sight(SIZES, Limit("Near", 500_000))
    assert "Phone: 20.0 MB" not in bars_svg(SIZES, Drawing(WORDS, phone))
    assert "20.0 MB" in views_html([SIZES], Drawing(WORDS, phone))


def test_a_line_ends_where_its_values_do_and_says_them() -> None:
    view = Lines(
        x=Axis(name="x"),
        y=Axis(name="accuracy", unit="share"),
        series=(Series(name="one", x=(0, 1, 2), y=(0.1, 0.5, 0.9), low=(0, 0.4, 0.8), high=(0.2, 0.6, 1.0)),),
    )
    drawn = lines_svg(view, Drawing(WORDS))
    points = re.search(r'<polyline points="([^"]+)"', drawn)
    assert points is not None
    heights = [float(point.split(",")[1]) for point in points[1].split()]
    assert (
        heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.2) and heights[0] > heights[2]
    )
    assert "one: 10 %, 50 %, 90 %" in drawn


def test_ticks_are_round_and_inside() -> None:
    assert ticks(Scale(0, 1, 0, 100), 5) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(Scale(20_000, 2_000_000, 0, 1, log=True), 4) == [100_000, 1_000_000]
    assert scale([3, 9], 0, 100, zero=True)(0) == 0


def test_names_are_escaped() -> None:
    view = Table(columns=(Axis(name="<b>"),), rows=("<script>",), values=((None,),))
    assert "<script>" not in views_html([view], Drawing(WORDS)) and "&lt;b&gt;" in views_html(
        [view], Drawing(WORDS)
    )


def test_a_tile_is_white_at_zero_and_coloured_to_either_side() -> None:
    address = tile_address(Tile(name="w", rows=((-1, 0, 1),)), -1, 1)
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"))
    left, middle, right = pixels[0].tolist()
    assert middle == [255, 255, 255] and left[2] > left[0] and right[0] > right[2]
    assert "data:image/png" in views_html(
        [Tiles(tiles=(Tile(name="w", rows=((0, 1),)),), low=0, high=1)], Drawing(WORDS)
    )


def test_tiny_shares_are_not_called_nothing() -> None:
    assert [WORDS.amount("share", value) for value in (0, 0.0001, 0.123, 1)] == [
        "0 %",
        "<0.1 %",
        "12.3 %",
        "100 %",
    ]


def test_a_difference_is_told_with_its_interval() -> None:
    assert WORDS.fact(Fact(value=-0.01, unit="points", low=-0.02, high=0.0)) == (
        "−1.0 points (95 % interval −2.0 … ±0.0)"
    )


def test_a_choice_shows_what_was_predicted_and_what_was_true() -> None:
    html = beside_truth(Few, "neither", "all_images", None, Drawing(WORDS))
    rows = {
        WORDS.answer(Few, option): row
        for option, row in zip(Few.predicts.options, html.split("<li>")[1:], strict=True)
    }
    assert "your prediction" in rows[WORDS.answer(Few, "neither")]
    assert "measured" in rows[WORDS.answer(Few, "all_images")]
    assert "measured" not in rows[WORDS.answer(Few, "neither")]


def test_a_number_stands_beside_the_truth_on_one_line() -> None:
    html = beside_truth(Unseen, 0.25, 0.75, (0.7, 0.8), Drawing(WORDS))
    assert "your prediction: 25 %" in html and "measured: 75 %" in html


class Falling(Experiment):
    """A curve over a control."""

    name = "falling"
    predicts = Curve(of="y", along="share", unit=Axis(name="accuracy", unit="share"), low=0, high=1, near=0.1)
    share: float = param(0.0, low=0, high=1, search=(0.0, 0.5, 1.0))

    def run(self, lab: Lab) -> Outcome:
        return Outcome(facts={}, views=(), on=MeasuredOn())


def test_a_drawn_curve_lies_beside_the_true_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LessonWords, "control", lambda *_: "share of zeros")
    html = beside_truth(_declared(), (0.9, 0.5, 0.1), (1.0, 1.0, 0.0), None, Drawing(WORDS))
    assert html.count("<polyline") == 4 and "measured: 100 %, 100 %, 0 %" in html


def _declared() -> type[Experiment]:
    from dataclasses import dataclass

    return dataclass(frozen=True, kw_only=True)(Falling)
