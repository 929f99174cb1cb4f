"""What a click on the chart brings back."""

from typing import Any

import pytest

from edgeslim.ui.components.pareto import trial_clicked


@pytest.mark.parametrize(
    ("points", "number"),
    [
        ([{"customdata": [12, "card"]}], 12),
        ([{"customdata": {"0": 12, "1": "card"}}], 12),
        ([{"customdata": None}, {"customdata": [0, "card"]}], 0),
        ([{}], None),
        ([], None),
    ],
)
def test_a_click_names_its_trial(points: list[dict[str, Any]], number: int | None) -> None:
    assert trial_clicked(points) == number
