"""Every screen opens in both languages, and shows what the data say."""

from typing import Any

import pytest
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


def test_the_headline_is_computed_from_the_study(show: Any, world: dict[str, Any]) -> None:
    assert show().header[0].value == "4.1× smaller, 1.5× as fast, −0.7 points of mAP"
    world["trials"][3]["sizes"]["download"] = 100_000
    assert show().header[0].value.startswith("12× smaller")


def test_figures_stand_beside_the_originals(show: Any) -> None:
    found = {metric.label: metric.value for metric in show().metric}
    assert found == {
        "Download": "287 KB",
        "Latency, one thread": "6.41 ms",
        "mAP": "66.0",
        "Agreement": "95 %",
    }


def test_a_click_on_the_first_screen_opens_the_study(show: Any) -> None:
    app = show(trial="12")
    assert app.title[0].value == FINDING
    assert app.query_params["trial"] == "12"


def test_without_a_sample_study_the_first_screen_says_how_to_begin(
    show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "sample_version", lambda: None)
    app = show()
    assert not app.exception
    assert "not part of this copy" in app.info[0].value
    assert "no study yet" in show("study").info[0].value


def test_the_address_opens_a_trial(show: Any) -> None:
    app = show("study", trial="12")
    assert "\\#12 prune 80 % \\+ fine-tune \\+ int8" in [element.value for element in app.subheader]
    assert "Magnitude pruning → Fine-tuning → Static int8" in words(app)
    assert {metric.value for metric in app.metric} == {"122 KB", "6.50 ms", "64.4", "88 %"}
    assert "/study?study=twenty-trials&trial=12`" in words(app)


def test_a_failed_trial_tells_why_in_the_language_of_the_screen(show: Any) -> None:
    assert "has no calibration split" in show("study", trial="14").error[0].value
    assert "没有 校准 划分" in show("study", "zh-CN", trial="14").error[0].value


def test_what_a_recipe_does_not_change_is_said(show: Any) -> None:
    assert "zeros are stored like any other weight" in words(show("study", trial="5"))
    assert "not meant to run faster" in words(show("study", trial="5"))
    assert "not meant to run faster" not in words(show("study", trial="11"))


def test_a_budget_names_a_pick_and_a_runner_up(show: Any) -> None:
    app = show("study", max_download="300", max_loss="3")
    assert app.success[0].value.startswith(
        "**Fits 300 KB and loses at most 3 points: \\#4 int8, per channel, percentile**"
    )
    assert (
        "292 KB, mAP 66.2, −0.5 points (95 % interval −0.8 … −0.1). 4.1× smaller, 1.4× as fast."
        in app.success[0].value
    )
    assert "It is the most accurate of 4 files that do." in app.success[0].value
    assert "Runner-up: **\\#3 int8, per channel**, −0.2 points and 4.18 KB smaller" in app.success[0].value


def test_a_budget_that_nothing_keeps_says_what_comes_closest(show: Any) -> None:
    app = show("study", max_download="10")
    assert "No file fits 10 KB." in app.warning[0].value
    assert "but it is too large to download: 41.4 KB" in app.warning[0].value


def test_a_budget_typed_in_goes_into_the_address(show: Any) -> None:
    app = show("study")
    app.number_input[0].set_value(150.0).run()
    assert app.query_params["max_download"] == "150.0"
    assert "Fits 150 KB: " in app.success[0].value


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
    assert by_number.loc[14, "standing"] == "failed"
    assert by_number.loc[12, "download"] == pytest.approx(121.906)
    assert by_number.loc[12, "mAP"] == pytest.approx(64.41)


def test_a_users_error_is_a_message_and_never_a_traceback(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise StudyError("study_damaged", "Damaged.", "Delete it.", name="x", path="/y")

    monkeypatch.setattr(workbench, "study_versions", broken)
    app = show("study", "zh-CN")
    assert not app.exception
    assert "的日志已损坏" in app.error[0].value


def test_titles_that_people_write_do_not_format_the_screen(show: Any, world: dict[str, Any]) -> None:
    world["trials"][12]["recipe"]["name"] = "![x](http://127.0.0.1/x.png)"
    app = show("study", trial=str(world["trials"][12]["number"]))
    assert any("\\!\\[x\\]\\(http" in each.value for each in app.subheader)


def test_a_study_that_cannot_be_read_says_how_to_forget_it(
    show: Any, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(name: str) -> None:
        raise StoreError("x", "The database is gone.", "Bring it back.")

    monkeypatch.setattr(workbench, "study_versions", lambda: {"lost": "1"})
    monkeypatch.setattr(workbench, "study_version", lambda name: "1")
    monkeypatch.setattr(workbench, "study_result", unreachable)
    app = show("study", study="lost")
    assert not app.exception
    assert [error.value for error in app.error] == ["The database is gone. Bring it back."]
    assert "study delete lost --force" in app.caption[0].value
    assert "study delete" not in " ".join(each.value for each in show("study").caption)
