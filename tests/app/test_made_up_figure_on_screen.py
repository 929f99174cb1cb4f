"""A new figure is one declaration: the screens offer it on an axis, in the table, as a limit and as an objective."""

from collections.abc import Iterator
from typing import Any

import pytest
from app_world import Started, advice

from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES, Figure
from edgeslim.units import DASH, Kind


def joules(value: float | None) -> str:
    return DASH if value is None else f"{value * 1000:.0f} mJ"


@pytest.fixture(autouse=True)
def energy() -> Iterator[Figure]:
    """A file's energy for one image, in joules: as many as its download has megabytes."""
    made_up = Figure(
        name="energy",
        label="Energy of an image",
        kind=Kind(1000.0, "mJ", joules, relative=True),
        better="minimize",
        read=lambda trial, _: None if trial.sizes is None else trial.sizes.download / 1e6,
        limit=True,
        objective=True,
    )
    with FIGURES.with_item(made_up) as found:
        yield found


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_it_is_an_axis_and_a_column(show: Any, locale: str) -> None:
    app = show("study", locale, x="energy")
    assert not app.exception
    chosen = next(box for box in app.selectbox if box.key == "linked_x")
    assert chosen.value == "energy"
    assert any("Energy of an image" in option for option in chosen.options)
    frame = app.dataframe[0].value.set_index("number")
    assert frame.loc[12, "energy"] == pytest.approx(121.906)


def test_it_is_a_limit_by_which_a_file_is_chosen(show: Any) -> None:
    app = show("study", max_energy="130")
    assert not app.exception
    assert app.number_input(key="linked_max_energy").label == "Energy of an image (mJ), at most"
    assert advice(app).startswith("**Has Energy of an image of at most 130 mJ: \\#12 prune 80 %")
    missed = show("study", max_energy="10").warning[0].value
    assert "No file has Energy of an image of at most 10 mJ." in missed
    assert "misses the limit on Energy of an image" in missed


def test_a_search_can_look_for_it(show: Any, started: list[Started]) -> None:
    app = show("new", way="search")
    app.multiselect(key="search_costs").set_value(["energy"])
    app.number_input(key="budget_energy").set_value(250.0)
    app.button(key="start_study").click().run()
    assert not app.exception
    assert started[0].plan.objectives == ("accuracy", "energy")
    assert started[0].plan.budget == Budget.of(energy=0.25)
