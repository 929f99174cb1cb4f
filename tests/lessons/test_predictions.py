"""Answers are checked and held against the truth."""

from __future__ import annotations

import pytest

from edgeslim.errors import EdgeSlimError
from edgeslim.lessons.predictions import Choice, Curve, Number, checked, judge
from edgeslim.lessons.views import Axis

AXIS = Axis(name="accuracy", unit="share")
NUMBER = Number(of="x", unit=AXIS, low=0, high=1, step=0.05, near=0.05)
CURVE = Curve(of="x", along="y", unit=AXIS, low=0, high=1, near=0.1)
CHOICE = Choice(options=("a", "b"))


@pytest.mark.parametrize(("given", "right"), [(0.55, True), (0.45, True), (0.56, False), (0.5, True)])
def test_a_number_is_right_within_its_tolerance(given: float, right: bool) -> None:
    found = judge(NUMBER, given, 0.5)
    assert found.right is right and found.off == pytest.approx(abs(given - 0.5))


def test_a_number_inside_the_interval_of_the_truth_is_right() -> None:
    assert judge(NUMBER, 0.7, 0.5, (0.3, 0.75)).right
    assert not judge(NUMBER, 0.8, 0.5, (0.3, 0.75)).right


def test_a_curve_is_judged_by_its_mean_distance() -> None:
    assert judge(CURVE, (0.1, 0.5), (0.2, 0.6)).right
    found = judge(CURVE, (0.0, 0.5), (0.5, 0.5))
    assert not found.right and found.off == pytest.approx(0.25)


def test_a_choice_is_right_or_wrong() -> None:
    assert judge(CHOICE, "a", "a").right and not judge(CHOICE, "b", "a").right
    assert judge(CHOICE, "a", "b").off is None


@pytest.mark.parametrize(
    ("prediction", "given"),
    [(CHOICE, "c"), (CHOICE, 1), (NUMBER, 1.01), (NUMBER, "0.5"), (NUMBER, True), (NUMBER, float("nan")),
     (CURVE, 0.5), (CURVE, [0.5]), (CURVE, [0.1, 2.0]), (CURVE, "ab"), (CURVE, [0.1, None])],
)  # fmt: skip
def test_what_is_no_answer_is_refused(prediction, given: object) -> None:
    with pytest.raises(EdgeSlimError) as caught:
        checked(prediction, given, places=2)
    assert caught.value.code == "bad_answer"


def test_answers_come_back_in_their_own_types() -> None:
    assert checked(CHOICE, "a") == "a"
    assert checked(NUMBER, 1) == 1.0
    assert checked(CURVE, [0, 1], places=2) == (0.0, 1.0)
