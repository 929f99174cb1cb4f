"""What a class predicted, counted."""

from __future__ import annotations

import pytest

from edgeslim.lessons.predictions import Choice, Curve, Number
from edgeslim.lessons.views import Axis
from edgeslim.report.distribution import BINS, distribution
from edgeslim.report.distribution_charts import distribution_chart

SHARE = Axis(name="mAP", unit="share")
NUMBER = Number(of="quality", unit=SHARE, low=0, high=1, step=0.01, near=0.055)
CURVE = Curve(of="quality", along="share", unit=SHARE, low=0, high=1, near=0.1)
WORDS = {"a": "A", "b": "B", "c": "C", "answers": "answers", "truth": "true"}


def test_options_are_counted_by_round_and_judged_once_the_truth_is_told() -> None:
    rounds = [["a", "b", "b"], ["b", "b", "b", "c"]]
    hidden = distribution(Choice(options=("a", "b", "c")), rounds)
    assert [each.counts for each in hidden.rounds] == [(1, 2, 0), (0, 3, 1)]
    assert [each.right for each in hidden.rounds] == [None, None]
    told = distribution(Choice(options=("a", "b", "c")), rounds, "b")
    assert [(each.right, each.answers) for each in told.rounds] == [(2, 3), (3, 4)]


def test_every_number_that_can_be_answered_falls_into_one_bin() -> None:
    answers = [round(step * 0.01, 2) for step in range(101)]
    found = distribution(NUMBER, [answers], 0.5)
    assert sum(found.rounds[0].counts) == 101 and len(found.rounds[0].counts) <= BINS
    assert (found.edges[0], found.edges[-1] >= 1) == (0, True)
    assert found.rounds[0].right == 11, "0.45 to 0.55"
    wide = distribution(NUMBER, [answers], 0.5, (0.4, 0.6))
    assert wide.rounds[0].right == 21, "whatever lies in the truth's own interval is right"


@pytest.mark.parametrize("high", [3, 7, 0.35])
def test_bins_are_whole_steps(high: float) -> None:
    found = distribution(Number(of="x", unit=SHARE, low=0, high=high, step=high / 7, near=1), [[high, 0]])
    assert sum(found.rounds[0].counts) == 2 and len(found.edges) == 8


def test_curves_are_told_by_their_quartiles() -> None:
    found = distribution(CURVE, [[(0.0, 1.0), (0.2, 0.8), (0.4, 0.6)], []])
    assert found.rounds[0].curves[1] == pytest.approx((0.2, 0.8))
    assert found.rounds[0].curves[0] == pytest.approx((0.1, 0.7))
    assert found.rounds[1].curves == ()


def test_a_chart_marks_the_truth_and_draws_only_rounds_with_answers() -> None:
    choice = Choice(options=("a", "b", "c"))
    one = distribution_chart(distribution(choice, [["a"], []], "b"), WORDS, ("first", "second"), "")
    assert [(trace.name, trace.x) for trace in one.data] == [("first", (1, 0, 0))]
    assert one.data[0].y == ("A", "✓ B", "C") and not one.layout.showlegend
    numbers = distribution_chart(
        distribution(NUMBER, [[0.5], [0.6]], 0.55), WORDS, ("first", "second"), "mAP", scale=100
    )
    assert [trace.name for trace in numbers.data] == ["first", "second", "true"]
    assert tuple(numbers.data[2].x) == pytest.approx((55, 55)) and numbers.layout.xaxis.range[1] > 99
    curves = distribution_chart(
        distribution(CURVE, [[(0.0, 1.0)], []], (0.5, 0.4)), WORDS, ("first", "second"), "mAP", (1, 2)
    )
    assert [trace.name for trace in curves.data if trace.name] == ["first", "true"]
