"""Predictions that a browser kept come from outside: only those of this course are taken over."""

from __future__ import annotations

import json

import pytest

from edgeslim.lessons.pruning import Shares
from edgeslim.ui.lesson.alone import Given
from edgeslim.ui.lesson.browser import read


def test_what_was_kept_is_read_back_in_its_types() -> None:
    curve = [0.1] * len(Shares.along("share"))
    kept = [["pruning", "shares", curve, True], ["distillation", "few", "neither", False]]
    assert read(json.dumps(kept)) == {
        ("pruning", "shares"): Given(tuple(curve), revealed=True),
        ("distillation", "few"): Given("neither", revealed=False),
    }


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "7", '{"a": 1}', None, '[["pruning", "shares", [0.1], true]]', '[["pruning", "shares", "x", true]]',
        '[["pruning", "nothing", 0.5, true]]', '[["none", "shares", 0.5, true]]',
        '[["distillation", "few", "<b>", true]]',
        '[["distillation", "unseen", 7, true]]', '[["distillation", "few", "neither", 1]]', "[[[]]]",
    ],
)  # fmt: skip
def test_what_is_no_prediction_is_left_out(text: str | None) -> None:
    assert read(text) == {}
