"""The form of a new study: presets, recipes, data and what it refuses."""

from dataclasses import replace
from typing import Any

import pytest
from app_world import Started

from edgeslim import workbench
from edgeslim.errors import DatasetError, Notice
from edgeslim.models.base import ModelSpec
from edgeslim.studies.preset import LeftOut
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.datasets import DatasetInfo
from edgeslim.workbench.presets import FittingPreset


def test_a_preset_is_started_with_its_options(show: Any, started: list[Started]) -> None:
    app = show("new")
    app.text_input(key="plan_name").set_value("my-study")
    app.number_input(key="plan_limit").set_value(40)
    app.number_input(key="plan_seeds").set_value(3)
    app.number_input(key="plan_held_out").set_value(0.4)
    app.button(key="start_study").click().run()
    assert not app.exception
    plan = StudyPlan(
        model="digits-cnn", dataset="digits", preset="quick", name="my-study", limit=40, seeds=3, held_out=0.4
    )
    assert started == [Started(plan, ())]
    assert "twenty-trials" in app.query_params["study"], "the new study opens at once"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("plan_limit", 999, "Must be from 1 to"),
        ("plan_held_out", 1.5, "Must be from 0 to 0.9."),
        ("plan_seeds", 0, "Must be from 1 to 20."),
        ("plan_name", "My study", "“My study” cannot be the name of a study"),
        ("plan_name", "twenty-trials", "already a study named “twenty-trials”"),
    ],
)
def test_nothing_starts_while_a_field_holds_what_cannot_be_used(
    show: Any, started: list[Started], field: str, value: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeslim.studies.storage.taken", lambda _: {"twenty-trials"})
    app = show("new")
    fields = app.text_input if isinstance(value, str) else app.number_input
    fields(key=field).set_value(value).run()
    assert not app.exception
    assert reason in app.error[0].value
    assert app.button(key="start_study").disabled
    fields(key=field).set_value(
        "mine" if isinstance(value, str) else 0.5 if field == "plan_held_out" else 3
    ).run()
    assert not app.error
    assert not app.button(key="start_study").disabled


def test_a_model_that_no_dataset_fits_is_met_with_what_to_do_and_not_with_an_error(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ModelSpec(input_width=8, input_height=8, task="classification", labels=("cat", "dog"))
    monkeypatch.setattr(workbench, "model_spec", lambda *_: other)
    app = show("new")
    assert not app.exception and not app.error
    assert "has this model's classes (cat, dog)" in app.info[0].value
    assert app.button(key="start_study").disabled
    assert len(show("new", data="digits").error) == 1


@pytest.mark.parametrize("asked", ["model", "data", "calibration", "preset"])
def test_an_address_that_asks_for_what_is_not_there_is_told(
    show: Any, started: list[Started], asked: str
) -> None:
    app = show("new", **{asked: "gone"})
    assert not app.exception
    assert ["“gone”" in each.value for each in app.warning] == [True]
    assert not show("new", model="digits-cnn", data="digits", preset="tiny").warning


def test_what_a_preset_leaves_out_is_said(show: Any, started: list[Started]) -> None:
    assert "Recipes left out: 1 (calibration images are missing)" in "\n".join(
        c.value for c in show("new").caption
    )


def test_recipes_that_lack_calibration_images_get_them_from_the_dataset_itself(
    show: Any, started: list[Started]
) -> None:
    app = show("new")
    app.button(key="calibrate_here").click().run()
    assert not app.exception
    app.button(key="start_study").click().run()
    assert (started[0].plan.dataset, started[0].plan.calibration) == ("digits", "digits")


def test_what_presets_lack_can_be_added_above_them(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = FittingPreset("tiny", (), (LeftOut("trained", ("train",)),))
    listed = [*workbench.list_presets("digits-cnn", "digits"), absent]
    monkeypatch.setattr(workbench, "list_presets", lambda *_: listed)
    app = show("new")
    keys = [button.key for button in app.button]
    assert keys.index("calibrate_here") < keys.index("add_labelled") < keys.index("preset_own")
    assert "add_labelled" not in [button.key for button in show("new", preset="own").button], (
        "nothing was asked"
    )


def test_images_added_for_calibration_are_not_evaluated_on(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = list(workbench.list_datasets())

    def add(source: str, name: str, file_name: str, shared: bool) -> DatasetInfo:
        listed.append(replace(listed[-1], name=name, sizes={"validation": 7}))
        return listed[-1]

    monkeypatch.setattr(workbench, "list_datasets", lambda: listed)
    monkeypatch.setattr(workbench, "import_dataset", add)
    app = show("new")
    before = app.selectbox(key="linked_data").value
    assert "labels are not read" in app.text_input(key="missing_path").placeholder
    app.text_input(key="missing_path").set_value("/data/more").run()
    app.button(key="add_missing").click().run()
    assert not app.exception
    assert app.selectbox(key="linked_data").value == before
    assert app.selectbox(key="linked_calibration").value == "more"


def test_a_model_that_knows_none_of_the_classes_is_not_started(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = ModelSpec(input_width=8, input_height=8, task="classification", labels=("person", "traffic_light"))
    monkeypatch.setattr(workbench, "model_spec", lambda *_: spec)
    app = show("new", data="digits")
    assert app.button(key="start_study").disabled
    assert any("nothing could be scored" in caption.value for caption in app.caption)
    assert "The model knows: person, traffic light; the dataset has: 0, 1, 2" in app.error[0].value
    assert "模型可识别：人、红绿灯" in show("new", "zh-CN", data="digits").error[0].value


def test_a_path_and_a_zip_at_once_are_refused(show: Any, started: list[Started]) -> None:
    app = show("new")
    app.text_input(key="dataset_path").set_value("/data/mine").run()
    assert not app.button(key="add_dataset").disabled
    app.file_uploader(key="dataset_zip").upload("mine.zip", b"PK", "application/zip").run()
    assert app.button(key="add_dataset").disabled
    assert "Clear one of them" in app.warning[0].value


def test_a_dataset_of_ones_own_is_added_and_chosen(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = DatasetInfo(
        name="digits", task="classification", labels=tuple("0123456789"), sizes={"validation": 450}
    )
    listed = [digits]

    def add(source: str, name: str, file_name: str, shared: bool) -> DatasetInfo:
        assert (source, name) == ("/data/mine/instances.json", "mine"), (
            "the folder's name says more than the file's"
        )
        notice = Notice("splits_overlap", count=3)
        found = replace(digits, name=name, labels=("a", "b"), sizes={"validation": 7}, warnings=(notice,))
        listed.append(found)
        return found

    monkeypatch.setattr(workbench, "list_datasets", lambda: listed)
    monkeypatch.setattr(workbench, "import_dataset", add)
    app = show("new")
    app.text_input(key="dataset_path").set_value("/data/mine/instances.json").run()
    app.button(key="add_dataset").click().run()
    assert not app.exception
    assert app.selectbox(key="linked_data").value == "mine"
    assert "**mine** added: validation 7; 2 classes." in app.success[0].value
    assert "3 images are both in the training and in the validation split" in "".join(
        c.value for c in app.caption
    )


def test_a_dataset_that_cannot_be_read_is_named(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, name: str, file_name: str, shared: bool) -> None:
        raise DatasetError("unknown_format", path=source)

    monkeypatch.setattr(workbench, "import_dataset", refuse)
    app = show("new")
    app.text_input(key="dataset_path").set_value("/nowhere").run()
    app.button(key="add_dataset").click().run()
    assert not app.exception
    assert "“/nowhere” is not a dataset in a known format" in app.error[0].value
