"""Every screen opens in both languages, and shows what the data say."""

import json
import math
from typing import Any

import pytest
from app_world import advice
from streamlit.testing.v1 import AppTest

from edgeslim import workbench
from edgeslim.errors import StoreError, StudyError

FINDING = "4.1× smaller at −0.7 points of mAP"
PAGES = ("overview", "study", "compare", "new")


def words(app: AppTest) -> str:
    """All that is written on the screen."""
    kinds = (
        app.title,
        app.header,
        app.subheader,
        app.markdown,
        app.caption,
        app.info,
        app.warning,
        app.error,
        app.success,
    )
    return "\n".join(str(element.value) for kind in kinds for element in kind)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("page", PAGES)
def test_a_screen_opens_without_errors(show: Any, page: str, locale: str) -> None:
    app = show(page, locale)
    assert not app.exception
    assert not app.error
    assert app.title[0].value


def test_the_first_language_is_the_browsers_and_the_address_overrules_it(show: Any) -> None:
    assert show("new", "zh-CN").title[0].value == "新建实验"
    assert show("new", "de-DE").title[0].value == "New study"
    assert show("new", "en-US", lang="zh").title[0].value == "新建实验"


def test_switching_the_language_goes_into_the_address(show: Any) -> None:
    app = show("new")
    app.sidebar.segmented_control[0].set_value("zh").run()
    assert app.title[0].value == "新建实验"
    assert app.query_params["lang"] == "zh"


def test_the_title_is_what_the_recommended_file_saves(show: Any, world: dict[str, Any]) -> None:
    assert show().title[0].value == "4.1× smaller, 1.5× as fast, and it still sees"
    world["trials"][3]["sizes"]["download"] = 100_000
    assert show().title[0].value.startswith("12× smaller")


def test_an_audience_is_shown_the_walk_and_nothing_around_it(show: Any) -> None:
    app = show(present="1")
    assert not app.exception and not app.title and not app.sidebar.segmented_control
    assert len(app.get("bidi_component")) == 1


def test_without_a_sample_study_the_first_screen_says_how_to_begin(
    show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "sample_version", lambda: None)
    app = show()
    assert not app.exception
    assert "not part of this copy" in app.info[0].value
    assert "No studies yet" in show("study").info[0].value


def test_the_address_opens_a_trial(show: Any) -> None:
    app = show("study", trial="12")
    assert "\\#12 prune 80 % \\+ fine-tune \\+ int8" in [element.value for element in app.header]
    assert "Magnitude pruning → Fine-tuning → Static int8" in words(app)
    assert {metric.value for metric in app.metric} == {"122 KB", "6.50 ms", "64.4", "88 %"}
    assert "/study?study=twenty-trials&trial=12`" in words(app)


def test_a_failed_trial_tells_why_in_the_language_of_the_screen(show: Any) -> None:
    assert "has no calibration split" in show("study", trial="14").error[0].value
    assert "没有校准划分" in show("study", "zh-CN", trial="14").error[0].value


def test_what_a_recipe_does_not_change_is_said(show: Any) -> None:
    assert "zeros are stored like any other weight" in words(show("study", trial="5"))
    assert "It is not faster" in words(show("study", trial="5"))
    assert "It is not faster" not in words(show("study", trial="11"))


def test_a_budget_names_a_pick_and_a_runner_up(show: Any) -> None:
    told = advice(show("study", max_download="300", max_loss="3"))
    assert told.startswith("**Fits 300 KB and loses at most 3 points: \\#4 int8, per channel, percentile**")
    assert (
        "292 KB to download, mAP 66.2, −0.5 points (95 % interval −0.8 … −0.1). 4.1× smaller, 1.4× as fast."
        in told
    )
    assert "It is the most accurate of 4 files that do." in told
    assert "Loses most on " in told and "no interval" in told, "what the saving costs"
    assert "Runner-up: **\\#3 int8, per channel**, −0.2 points and 4.18 KB smaller" in told


def test_without_a_budget_the_recommended_file_is_named(show: Any) -> None:
    told = advice(show("study"))
    assert told.startswith(
        "**Recommended: \\#3 int8, per channel** 287 KB to download, mAP 66.0, −0.7 points"
    )
    assert "surely lose less than 1.5 points" in told


def test_a_budget_that_nothing_keeps_says_what_comes_closest_and_which_limit_excludes_most(show: Any) -> None:
    app = show("study", max_download="10")
    assert "No file fits 10 KB." in app.warning[0].value
    assert "but it is too large to download: 41.4 KB" in app.warning[0].value
    assert "excludes most" not in app.warning[0].value, "there is but one limit"
    app = show("study", max_download="50", max_loss="1")
    assert "The tightest limit: 14 of 15 files miss “fits 50 KB”." in app.warning[0].value
    app.button(key="show_chosen").click().run()
    assert app.query_params["trial"] == "18"


def test_a_budget_typed_in_goes_into_the_address(show: Any) -> None:
    app = show("study")
    app.number_input(key="linked_max_download").set_value(150.0).run()
    assert app.query_params["max_download"] == "150.0"
    assert "Fits 150 KB: " in advice(app)
    assert app.select_slider(key="slide_max_download").value == 150_000


def test_a_slider_dims_what_does_not_fit_and_is_in_the_address(show: Any) -> None:
    app = show("study")
    slider = app.select_slider(key="slide_max_download")
    assert slider.value == math.inf
    assert "over budget" not in names_on_chart(app)
    slider.set_value(200_000).run()
    assert app.query_params["max_download"] == "200"
    assert app.number_input(key="linked_max_download").value == 200.0
    assert "over budget" in names_on_chart(app)
    assert app.title[0].value.startswith("9.7× smaller"), "the title is the answer"
    app.select_slider(key="slide_max_download").set_value(math.inf).run()
    assert "max_download" not in app.query_params


def test_a_device_sets_the_limits_and_its_speed_is_called_an_estimate(
    show: Any, world: dict[str, Any]
) -> None:
    for trial in world["trials"]:
        if trial["sizes"] and trial["number"] not in (0, 1):
            trial["memory"] = {"peak_activation": 829_440}
    app = show("study", device="stm32h7")
    assert app.select_slider(key="slide_max_file").value == 2_000_000
    assert app.select_slider(key="slide_max_memory").value == 1_000_000
    assert advice(app).startswith("**Fits “Microcontroller (STM32H7)”: \\#4")
    estimate = [each for each in app.caption if "Estimate, not measured" in each.value]
    assert len(estimate) == 1 and "STM32H743" in estimate[0].help
    app.select_slider(key="slide_max_memory").set_value(math.inf).run()
    assert app.query_params["max_memory"] == "", "a limit of the device can be lifted"
    assert advice(app).startswith("**Is a file of at most 2 MB: ")
    app.selectbox(key="linked_device").set_value("rpi5").run()
    assert "max_memory" not in app.query_params
    assert app.select_slider(key="slide_max_ram").value == 500_000_000


def test_what_the_pick_loses_is_shown_in_one_picture_on_demand(show: Any) -> None:
    app = show("study", max_download="300")
    assert not app.get("bidi_component"), "no file is run before"
    app.toggle(key="linked_lost").set_value(True).run()
    assert app.toggle(key="linked_lost").label == "Show what #4 changes most"
    assert "Of 4 scenes, the one that changed most" in words(app)
    assert json.loads(app.get("bidi_component")[0].proto.json)["bare"], (
        "without the controls of the large one"
    )
    assert app.query_params["lost"] == "True"


def test_a_link_keeps_all_that_was_chosen(show: Any) -> None:
    given = {
        "x": "file", "y": "agreement", "colour": "memory", "band": "all", "bars": "True", "groups": "True",
        "device": "rpi4", "max_download": "300", "max_ram": "", "section": "certainty", "trial": "12",
    }  # fmt: skip
    app = show("study", **given)
    assert not app.exception
    boxes = {box.key: box.value for box in (*app.selectbox, *app.segmented_control, *app.toggle)}
    assert {f"linked_{name}": boxes[f"linked_{name}"] for name in ("x", "y", "colour", "band", "device")} == {
        f"linked_{name}": given[name] for name in ("x", "y", "colour", "band", "device")
    }
    assert boxes["linked_bars"] is boxes["linked_groups"] is True
    assert app.number_input(key="linked_max_download").value == 300.0
    assert app.number_input(key="linked_max_ram").value is None
    assert "Could be the best" in words(app) or "earlier version" in words(app)


def test_the_page_says_when_it_shows_another_file_than_the_pick(show: Any) -> None:
    app = show("study", max_download="300", trial="12")
    assert "You are looking at **#12**; the file to take is **#4**." in words(app)
    app.button(key="show_pick").click().run()
    assert app.query_params["trial"] == "4"
    assert "You are looking at" not in words(app)


def names_on_chart(app: AppTest) -> set[str]:
    """The legend of the study's chart."""
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    return {trace["name"] for trace in figure["data"] if trace.get("name")}


@pytest.mark.parametrize(
    "axis", [("x", "latency_ratio"), ("x", "entropy_bound"), ("y", "paired_delta"), ("y", "agreement")]
)
def test_axes_are_chosen_and_linked(show: Any, axis: tuple[str, str]) -> None:
    app = show("study", **dict([axis]))
    assert not app.exception
    assert axis[1] in [box.value for box in app.selectbox]


@pytest.mark.parametrize(
    "junk",
    [{"trial": "999"}, {"study": "nope"}, {"x": "nope", "y": "7"}, {"max_download": "-3"}, {"lang": "xx"}],
)
def test_a_broken_link_still_opens(show: Any, junk: dict[str, str]) -> None:
    app = show("study", **junk)
    assert not app.exception
    assert app.title[0].value == FINDING


def test_the_table_holds_every_trial_and_its_state(show: Any, world: dict[str, Any]) -> None:
    frame = show("study").dataframe[0].value
    assert len(frame) == len(world["trials"])
    by_number = frame.set_index("number")
    assert by_number.loc[12, "standing"] == "on the front"
    assert by_number.loc[3, "standing"] == "recommended", "as on the chart"
    assert by_number.loc[14, "standing"] == "failed"
    assert by_number.loc[12, "download"] == pytest.approx(121.906)
    assert by_number.loc[12, "mAP"] == pytest.approx(64.41)


def test_a_users_error_is_a_message_and_never_a_traceback(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise StudyError("study_damaged", name="x", path="/y")

    monkeypatch.setattr(workbench, "study_versions", broken)
    app = show("study", "zh-CN")
    assert not app.exception
    assert "的日志已损坏" in app.error[0].value


def test_titles_that_people_write_do_not_format_the_screen(show: Any, world: dict[str, Any]) -> None:
    world["trials"][12]["recipe"]["name"] = "![x](http://127.0.0.1/x.png)"
    app = show("study", trial=str(world["trials"][12]["number"]))
    assert any("\\!\\[x\\]\\(http" in each.value for each in app.header)


def test_a_study_that_cannot_be_read_says_how_to_forget_it(
    show: Any, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(name: str) -> None:
        raise StoreError("database_unreachable", storage="s", reason="gone", variable="V")

    monkeypatch.setattr(workbench, "study_versions", lambda: {"lost": "1"})
    monkeypatch.setattr(workbench, "study_version", lambda name: "1")
    monkeypatch.setattr(workbench, "study_result", unreachable)
    app = show("study", study="lost")
    assert not app.exception
    assert len(app.error) == 1 and "The database “s” cannot be used: gone." in app.error[0].value
    assert "study delete lost --force" in app.caption[0].value
    assert "study delete" not in " ".join(each.value for each in show("study").caption)


def test_a_link_to_a_trial_keeps_what_was_asked_for(show: Any) -> None:
    app = show("study", trial="12", max_loss="1.0", y="mAP")
    (link,) = [one.value for one in app.markdown if "/study?" in one.value]
    assert all(part in link for part in ("trial=12", "max_loss=1.0", "y=mAP"))


def test_nothing_is_recommended_before_the_original_is_measured(show: Any, world: dict[str, Any]) -> None:
    assert "Recommended" in words(show("study"))
    world["trials"][0].update(state="running", sizes=None, accuracy=None, latency=None)
    app = show("study")
    assert not app.exception
    assert "Recommended" not in words(app)


def test_a_device_keeps_the_limits_that_are_not_about_its_room(show: Any) -> None:
    app = show("study", max_loss="1.0", max_file="100")
    app.selectbox(key="linked_device").set_value("stm32h7").run()
    assert app.query_params["max_loss"] == "1.0"
    assert "max_file" not in app.query_params, "the device's own room instead"
