"""What the screens give the picture component, and what it sends back."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


def given(app: AppTest) -> dict[str, Any]:
    """The data of the one picture component on the screen."""
    (component,) = app.get("bidi_component")
    found: dict[str, Any] = json.loads(component.proto.json)
    return found


def test_the_first_screen_walks_from_the_original_to_the_smallest_file(
    show: Any, world: dict[str, Any]
) -> None:
    sent = given(show())
    walk = sent["walk"]
    titles = [stop["title"] for stop in walk["stops"]]
    assert titles == [model["title"] for model in sent["models"]]
    assert titles[0] == "float32" and titles[walk["start"]] == "int8, per channel"
    assert [stop["recommended"] for stop in walk["stops"]].index(True) == walk["start"]
    sizes = [stop["x"] for stop in walk["stops"]]
    assert sizes == sorted(sizes, reverse=True)
    by_size = {trial["sizes"]["download"]: trial for trial in world["trials"] if trial["sizes"]}
    for stop in walk["stops"]:
        trial = by_size[stop["x"]]
        assert stop["y"] == trial["accuracy"]["mAP"]
        assert [stop["low"], stop["high"]] == trial["accuracy"]["ci95"]
    shown = walk["stops"][walk["start"]]
    assert shown["finding"] == "4.1× smaller, 1.5× as fast, −0.7 points of mAP"
    figures = {one["label"]: one["value"] for one in shown["figures"]}
    assert figures == {
        "Download": "287 KB",
        "Latency, one thread": "6.41 ms",
        "mAP": "66.0",
        "Agreement": "95 %",
    }
    boxes = [len(model["boxes"]) for model in sent["pictures"][0]["models"]]
    assert boxes == [3 * 6] + [2 * 6] * (len(titles) - 1)
    assert (sent["look"]["view"], sent["linked"], sent["total"]) == ("swipe", False, 4)


def test_compare_gives_the_picture_looked_at_and_the_next(show: Any) -> None:
    sent = given(show("compare", trials="12,3", image="2", confidence="0.35", view="changes", truth="1"))
    assert [model["title"].partition(" ")[0] for model in sent["models"]] == ["#0", "#3", "#12"]
    assert sent["look"] == {"picture": 2, "confidence": 0.35, "view": "changes", "truth": True, "grid": False}
    assert (sent["first"], sent["total"], sent["linked"]) == (2, 24, True)
    assert [picture["title"] for picture in sent["pictures"]] == ["scene-2", "scene-3"]
    assert len(sent["pictures"][0]["truth"]) == 3 * 6
    assert sent["labels"][8] == "light red"


def test_a_grid_is_given_all_its_pictures(show: Any) -> None:
    sent = given(show("compare", trials="12", image="3", grid="1"))
    assert sent["first"] == 0
    assert [picture["title"] for picture in sent["pictures"]] == [f"scene-{k}" for k in range(4)]


def test_files_and_pictures_make_a_series_of_their_own(show: Any) -> None:
    links = [{"trials": "12"}, {"trials": "3"}, {"trials": "12", "from": "validation"}]
    assert len({given(show("compare", **link))["series"] for link in links}) == 3


@pytest.mark.parametrize(
    "junk",
    [{"trials": "999"}, {"image": "77"}, {"confidence": "nan", "view": "nope"}, {"grid": "2", "truth": "x"}],
)
def test_a_broken_link_shows_pictures_all_the_same(show: Any, junk: dict[str, str]) -> None:
    app = show("compare", **junk)
    assert not app.exception
    assert given(app)["look"]["view"] == "side"


def test_words_are_in_the_language_of_the_screen(show: Any) -> None:
    assert given(show("compare", "zh-CN"))["texts"]["swipe"] == "滑动对比"
    assert given(show("compare"))["language"] == "en"
