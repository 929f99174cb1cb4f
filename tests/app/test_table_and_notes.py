"""The table of trials: filters and columns that the address holds; stars and notes."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from edgeslim import workbench


def table(app: AppTest) -> Any:
    assert not app.exception
    return app.dataframe[0].value


def test_filters_and_columns_come_from_the_address(show: Any) -> None:
    frame = table(
        show("study", find="int8", where="download", most="150", sort="download", columns="mAP,file")
    )
    assert list(frame["number"]) == [18, 11, 12]
    assert list(frame.columns) == ["number", "title", "standing", "mAP", "mAP interval", "file"]


def test_filters_go_into_the_address_and_can_be_taken_back(show: Any) -> None:
    app = show("study")
    everything = list(table(app)["number"])
    app.multiselect(key="linked_with").set_value(["channel_pruning", "static_int8"]).run()
    app.text_input(key="linked_find").set_value("#18").run()
    assert (app.query_params["with"], app.query_params["find"]) == ("channel_pruning,static_int8", "#18")
    assert list(table(app)["number"]) == [18]
    assert "1 of 18 trials" in [caption.value for caption in app.caption]
    app.text_input(key="linked_find").set_value("").run()
    app.multiselect(key="linked_with").set_value([]).run()
    assert {"with", "find"}.isdisjoint(app.query_params)
    assert list(table(app)["number"]) == everything


def test_a_range_loses_its_limits_with_its_figure(show: Any) -> None:
    app = show("study", where="download", least="100", most="150")
    assert set(table(app)["number"]) == {12}
    app.selectbox(key="linked_where").set_value("file").run()
    assert {"least", "most"}.isdisjoint(app.query_params)


def test_no_column_but_the_first_need_be_shown(show: Any) -> None:
    assert list(table(show("study", columns="")).columns) == ["number", "title", "standing"]


@pytest.mark.parametrize("nonsense", ["where=weight", "sort=x", "state=sleeping", "most=much", "columns=a,b"])
def test_an_address_that_names_nothing_shows_everything(show: Any, nonsense: str) -> None:
    name, value = nonsense.split("=")
    assert len(table(show("study", **{name: value}))) == 18


def test_a_star_is_kept_shown_and_taken_back(show: Any, world: dict[str, Any]) -> None:
    app = show("study", trial="12")
    assert "star" not in table(app)
    app.button(key="star_trial").click().run()
    assert table(app).set_index("number")["star"].to_dict()[12] == "★"
    assert list(table(show("study", starred="True"))["number"]) == [12]
    assert workbench.trial_notes(world["name"], sample=True)[12].star
    app.button(key="star_trial").click().run()
    assert workbench.trial_notes(world["name"], sample=True) == {}


def test_a_note_is_added_read_by_others_and_removed(show: Any, world: dict[str, Any]) -> None:
    app = show("study", trial="12")
    app.text_area[0].set_value("for *Tuesday*")
    next(button for button in app.button if button.label == "Keep").click().run()
    assert not app.exception
    other = show("study", trial="12", find="tuesday")
    assert table(other).set_index("number")["notes"].to_dict() == {12: "for *Tuesday*"}
    assert any(r"for \*Tuesday\*" in each.value for each in other.markdown), "no Markdown of its own"
    next(button for button in other.button if button.label == "Remove").click().run()
    assert workbench.trial_notes(world["name"], sample=True) == {}
