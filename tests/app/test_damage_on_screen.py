"""The compare page's gallery of damage: what it counts, filters, sends to the page, and keeps in the address."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from edgeslim import workbench

CHANGED = {"section": "damage", "trials": "12"}


def sent(app: AppTest) -> dict[str, Any]:
    (component,) = app.get("bidi_component")
    found: dict[str, Any] = json.loads(component.proto.json)
    return found


def chips(app: AppTest) -> dict[str, str]:
    return {one.key: one.label for one in app.button if one.key and one.key.startswith("chip_")}


def test_every_change_is_a_crop_and_every_kind_a_count(show: Any) -> None:
    app = show("compare", **CHANGED)
    assert not app.exception
    assert chips(app) == {
        "chip_kind_lost": "lost · 9",
        "chip_kind_relabelled": "relabelled · 0",
        "chip_kind_gained": "gained · 0",
        "chip_kind_moved": "moved · 0",
        "chip_kind_kept": "kept · 18",
        "chip_size_small": "small · 0",
        "chip_size_medium": "medium · 9",
        "chip_size_large": "large · 0",
    }
    given = sent(app)
    assert (given["total"], given["look"]["grid"], given["look"]["truth"]) == (9, True, False)
    assert [one["title"] for one in given["pictures"]] == ["lost: crossing 0.80"] * 9
    focus = given["pictures"][0]["focus"]
    assert focus == {"box": [200, 90, 260, 150], "model": 1, "reference": 2, "detection": None}
    assert any("9 crops on 9 of 9 images" in one.value for one in app.caption)


def test_against_the_truth_the_mistakes_of_either_file_are_shown(show: Any) -> None:
    app = show("compare", **CHANGED, against="truth")
    assert chips(app)["chip_kind_missed"] == "missed · 9"
    assert sent(app)["look"]["truth"] is True
    original = show("compare", **CHANGED, against="truth", of="original")
    wrong = {key: label for key, label in chips(original).items() if key != "chip_kind_right"}
    assert {label.partition(" · ")[2] for label in wrong.values()} == {"0"}
    assert chips(original)["chip_kind_right"] == "right · 27"
    right = sent(show("compare", **CHANGED, against="truth", of="original", kind="right"))
    assert right["total"] == 27 and right["pictures"][0]["title"].startswith("right: ")
    assert original.info[0].value == "No mistakes at this threshold."


def test_filters_stand_in_the_address_and_a_second_press_takes_one_away(show: Any) -> None:
    app = show("compare", **CHANGED)
    app.button(key="chip_kind_lost").click().run()
    assert app.query_params["kind"] == "lost"
    app.button(key="chip_kind_lost").click().run()
    assert "kind" not in app.query_params
    assert sent(show("compare", **CHANGED, **{"class": "crossing"}))["total"] == 9
    nothing = show("compare", **CHANGED, **{"class": "stop"})
    assert nothing.info[0].value == "Nothing fits these filters."
    nothing.button(key="clear_filters").click().run()
    assert sent(nothing)["total"] == 9 and "class" not in nothing.query_params


@pytest.mark.parametrize(
    "junk", [{"kind": "nope"}, {"class": "<b>"}, {"against": "9"}, {"confidence": "x"}, {"base": "99"}]
)
def test_a_broken_link_filters_nothing(show: Any, junk: dict[str, str]) -> None:
    app = show("compare", **CHANGED, **junk)
    assert not app.exception
    assert sent(app)["total"] == 9


def test_a_file_can_be_compared_with_any_other(show: Any) -> None:
    app = show("compare", section="damage", trials="12", base="3")
    assert app.info[0].value == "Nothing changed at this threshold."
    assert app.title[0].value.endswith("loses none of 18 boxes on 9 images (score ≥ 0.50)")


def test_the_title_counts_what_the_gallery_shows(show: Any) -> None:
    lost = "loses 9 of 27 boxes on 9 images (score ≥ 0.50)"
    assert show("compare", **CHANGED).title[0].value.endswith(lost)
    none = show("compare", **CHANGED, confidence="0.85").title[0].value
    assert none.endswith("loses none of 0 boxes on 9 images (score ≥ 0.85)")
    truth = show("compare", **CHANGED, against="truth").title[0].value
    assert truth.endswith("makes 9 mistakes on 9 images (score ≥ 0.50)")
    assert (
        "27 个检测框丢失 9 个（9 张图像，得分 ≥ 0.50）" in show("compare", "zh-CN", **CHANGED).title[0].value
    )


def test_of_several_files_one_is_looked_at(show: Any) -> None:
    app = show("compare", section="damage", trials="3,12", file="12")
    assert [model["title"].partition(" ")[0] for model in sent(app)["models"]] == ["#0", "#12"]
    assert sent(show("compare", section="damage", trials="3,12"))["models"][1]["title"].startswith("#3")


def test_the_images_are_those_of_the_study_the_gallery_or_a_folder(
    show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[workbench.Images] = []
    scored = workbench.scored_images

    def images(which: workbench.Images, *given: Any, **options: Any) -> workbench.ScoredImages:
        asked.append(which)
        return scored(which, *given, **options)

    monkeypatch.setattr(workbench, "scored_images", images)
    for link in ({}, {"over": "gallery"}):
        assert not show("compare", **CHANGED, **link).exception
    app = show("compare", **CHANGED, over="folder", folder="/pictures")
    assert not app.get("bidi_component"), "a link makes the server read no folder"
    app.text_input(key="damage_folder").set_value("/pictures").run()
    assert [(one.dataset, one.split, one.held_out) for one in asked] == [
        ("street-signs", "validation", None), ("street-signs", "gallery", 0.0), ("/pictures", "validation", 0.0),
    ]  # fmt: skip


def test_a_classifiers_changed_images_come_first(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = tuple("0123456789")
    known = workbench.ScoredImages("classification", ("a", "b", "c"), labels, (1, 2, 3))
    before = np.eye(10, dtype=np.float32)[[1, 2, 3]]
    after = before.copy()
    after[0] = 0.9 * after[0] + 0.1 * np.eye(10, dtype=np.float32)[4]
    after[2] = np.eye(10, dtype=np.float32)[5]
    original = workbench.sample_study().original.sha256  # type: ignore[union-attr]
    monkeypatch.setattr(workbench, "scored_images", lambda *_, **__: known)
    monkeypatch.setattr(
        workbench, "kept_predictions", lambda sha256, *_, **__: tuple(before if sha256 == original else after)
    )
    app = show("compare", **CHANGED)
    assert [one["title"] for one in sent(app)["pictures"]] == ["3 → 5 · c", "1 · a", "2 · b"]
    assert app.title[0].value.endswith("changes the class on 1 of 3 images")
    assert any("changed on 1 of 3 images" in one.value for one in app.caption)
    assert chips(app) == {"chip_kind_broken": "was right · 1", "chip_kind_right": "right · 2"}
    broken = show("compare", **CHANGED, kind="broken", **{"class": "3", "as": "5"})
    assert [one["title"] for one in sent(broken)["pictures"]] == ["3 → 5 · c"]
    original = show("compare", **CHANGED, of="original", **{"as": "3"})
    assert [one["title"] for one in sent(original)["pictures"]] == ["3 → 5 · c"]


def test_the_threshold_of_the_slider_stays_in_the_address(show: Any) -> None:
    given = sent(show("compare", **CHANGED, confidence="0.7"))
    assert (given["look"]["confidence"], given["plain"]["confidence"]) == (0.7, 0.5)


def test_a_box_of_the_truth_is_counted_without_crowds(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known = workbench.scored_images()  # type: ignore[call-arg]
    truth = known.truths[0]
    crowded = replace(truth, crowd=np.array([True, False, False]))
    monkeypatch.setattr(workbench, "scored_images", lambda *_, **__: replace(known, truths=(crowded,) * 9))
    given = sent(show("compare", **CHANGED, against="truth"))
    assert given["pictures"][0]["focus"]["reference"] == 1, "the second of the two that are no crowd"
    assert len(given["pictures"][0]["truth"]) == 2 * 6
