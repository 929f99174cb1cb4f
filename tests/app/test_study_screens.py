"""Studies of one's own on the screen: their progress, what can be done with them, and starting one."""

import json
from dataclasses import replace
from typing import Any

import pytest
from app_world import MODEL, Own, Started
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import ScriptRunContext

from edgeslim import workbench
from edgeslim.errors import DatasetError, ParameterError
from edgeslim.models.base import ModelSpec
from edgeslim.recipe import Recipe
from edgeslim.records import NoticeRecord, ProgressRecord
from edgeslim.steps.pruning.magnitude import MagnitudePruning
from edgeslim.steps.quantization.float16 import Float16
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.datasets import DatasetInfo


def run_it(own: Own) -> None:
    own.study["state"] = "running"
    own.study["trials"][5]["state"] = "running"
    own.status.update(
        state="running",
        phase="trials",
        progress={
            5: ProgressRecord("training", 30, 120),
            6: ProgressRecord("float16", 0, 0),
        },
    )


def test_a_running_study_shows_how_far_it_is_and_can_be_cancelled(own: Own, show: Any) -> None:
    run_it(own)
    app = show("study")
    assert not app.exception
    texts = [bar.text for bar in app.get("progress")]
    assert texts[0] == "15 of 18 trials through · compressing and scoring"
    assert texts[1] == "\\#5 prune 50 % · training 30 / 120"
    app.button(key="cancel_study").click().run()
    assert own.calls == [("cancel", "twenty-trials")]


def test_the_time_left_is_told_once_it_is_known(own: Own, show: Any) -> None:
    run_it(own)
    own.status.update(left=95.0)
    text = show("study").get("progress")[0].text
    assert text == "15 of 18 trials through · compressing and scoring · 1:35 left"


def test_progress_is_told_in_the_language_of_the_screen(own: Own, show: Any) -> None:
    run_it(own)
    texts = [bar.text for bar in show("study", "zh-CN").get("progress")]
    assert texts[0] == "已完成 15 / 18 个方案 · 压缩与评测"
    assert "训练 30 / 120" in texts[1]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en-US", "until night-1 has finished: 12 s of at most 180 s"), ("zh-CN", "直到 night-1 让出")],
)
def test_a_wait_says_for_whom_and_how_long(own: Own, show: Any, language: str, words: str) -> None:
    run_it(own)
    waiting = ProgressRecord("waiting_to_measure", 12, 180, "night-1")
    own.status.update(phase="latency", progress={}, current=waiting)
    told = [caption.value for caption in show("study", language).caption]
    assert any(words in line and "12" in line for line in told)


@pytest.mark.parametrize("state", ["running", "complete", "cancelled", "interrupted", "paused", "failed"])
def test_a_study_is_looked_at_again_only_while_it_runs(
    own: Own, show: Any, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    again: list[float] = []
    enqueue = ScriptRunContext.enqueue

    def noticed(context: ScriptRunContext, message: ForwardMsg) -> None:
        if message.HasField("auto_rerun"):
            again.append(message.auto_rerun.interval)
        enqueue(context, message)

    monkeypatch.setattr(ScriptRunContext, "enqueue", noticed)
    if state == "running":
        run_it(own)
    own.study["state"] = state
    show("study")
    assert again == ([3.0] if state == "running" else [])


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("complete", {"retry", "improve", "delete"}),
        ("cancelled", {"resume", "retry", "delete"}),
        ("interrupted", {"resume", "retry", "delete"}),
        ("paused", {"resume", "retry", "delete"}),
        ("running", {"cancel", "pause"}),
    ],
)
def test_only_what_makes_sense_is_offered(own: Own, show: Any, state: str, offered: set[str]) -> None:
    if state == "running":
        run_it(own)
    own.study["state"] = state
    keys = {button.key for button in show("study").button if button.key}
    assert {key.removesuffix("_study") for key in keys if key.endswith("_study")} == offered


def test_deleting_needs_a_second_word(own: Own, show: Any) -> None:
    app = show("study")
    assert app.button(key="delete_study").disabled
    app.checkbox(key="delete_sure").check().run()
    app.button(key="delete_study").click().run()
    assert own.calls == [("delete", "twenty-trials")]


def test_the_sample_study_cannot_be_deleted(show: Any) -> None:
    assert not [button for button in show("study").button if button.key == "delete_study"]


def test_a_study_without_results_says_so(own: Own, show: Any) -> None:
    for trial in own.study["trials"]:
        trial.update(state="waiting", sizes=None, accuracy=None, latency=None, fidelity=None, error=None)
    own.study.update(state="waiting", baseline=0, front=[])
    app = show("study")
    assert not app.exception
    assert "Nothing has been measured yet" in app.info[0].value
    assert "No files to compare yet" in show("compare").info[0].value


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


def test_images_added_for_calibration_are_not_evaluated_on(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = list(workbench.list_datasets())

    def add(source: str, name: str) -> DatasetInfo:
        listed.append(replace(listed[-1], name=name, sizes={"validation": 7}))
        return listed[-1]

    monkeypatch.setattr(workbench, "list_datasets", lambda: listed)
    monkeypatch.setattr(workbench, "import_dataset", add)
    app = show("new")
    before = app.selectbox(key="linked_data").value
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
    app = show("new")
    assert app.button(key="start_study").disabled
    assert "The model knows: person, traffic light; the dataset has: 0, 1, 2" in app.error[0].value
    assert "模型可识别：人，红绿灯" in show("new", "zh-CN").error[0].value


def test_a_path_and_a_zip_at_once_are_refused(show: Any, started: list[Started]) -> None:
    app = show("new")
    app.text_input(key="dataset_path").set_value("/data/mine").run()
    assert not app.button(key="add_dataset").disabled
    app.file_uploader(key="dataset_zip").upload("mine.zip", b"PK", "application/zip").run()
    assert app.button(key="add_dataset").disabled
    assert "Clear one of them" in app.warning[0].value


def test_a_recipe_is_built_step_by_step_and_its_rules_are_checked(show: Any, started: list[Started]) -> None:
    app = show("new", preset="own")
    assert app.button(key="start_study").disabled, "there is nothing to run yet"
    app.button(key="add_recipe").click().run()
    for step in ("float16", "magnitude_pruning"):
        app.selectbox(key="step_of_1").set_value(step).run()
        app.button(key="add_step_1").click().run()
    assert "needs a trainable network and cannot follow float16" in app.error[0].value
    assert app.button(key="start_study").disabled
    app.button(key="arrow_upward_3").click().run()
    assert not app.error
    app.slider(key="value_3_sparsity").set_value(0.9).run()
    app.button(key="start_study").click().run()
    assert started[0].recipes == (Recipe((MagnitudePruning(sparsity=0.9), Float16())),)


def test_a_senseless_order_is_mended_with_one_click(show: Any, started: list[Started]) -> None:
    app = show("new", preset="own")
    app.button(key="add_recipe").click().run()
    for step in ("float16", "magnitude_pruning"):
        app.selectbox(key="step_of_1").set_value(step).run()
        app.button(key="add_step_1").click().run()
    app.slider(key="value_3_sparsity").set_value(0.85).run()
    app.button(key="use_order_1").click().run()
    assert not app.exception
    assert not app.error
    assert [button for button in app.button if button.key == "use_order_1"] == []
    app.button(key="start_study").click().run()
    wanted = Recipe((MagnitudePruning(sparsity=0.85), Float16()))
    assert started[0].recipes == (wanted,), "what was set of a step stays with it"


def test_an_error_that_is_not_about_order_is_shown_once(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Any) -> None:
        raise ParameterError("x", "The share is too large.", "Make it smaller.")

    monkeypatch.setattr(workbench, "read_recipe", refused)
    monkeypatch.setattr(workbench, "repaired_recipe", refused)
    app = show("new", preset="own")
    app.button(key="add_recipe").click().run()
    assert [error.value for error in app.error] == ["The share is too large. Make it smaller."]


def test_a_teacher_is_chosen_from_the_other_models_for_the_task(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [
        replace(MODEL, name="digits-large"),
        replace(MODEL, name="signs", task="detection"),
        replace(MODEL, name="not-here", ready=False),
    ]
    monkeypatch.setattr(workbench, "list_models", lambda: [MODEL, *others])
    app = show("new", preset="own", model="digits-cnn")
    app.button(key="add_recipe").click().run()
    app.selectbox(key="step_of_1").set_value("distil_from_teacher").run()
    app.button(key="add_step_1").click().run()
    assert app.selectbox(key="value_2_teacher").options == ["digits-large"]
    app.button(key="start_study").click().run()
    assert started[0].recipes[0].record().steps[0]["teacher"] == "digits-large"


def test_recipes_are_loaded_from_a_file(show: Any, started: list[Started]) -> None:
    app = show("new", preset="own")
    recipes = [{"name": "half", "steps": [{"step": "float16"}]}, {"steps": [{"step": "magnitude_pruning"}]}]
    app.file_uploader(key="recipes_file").upload(
        "r.json", json.dumps(recipes).encode(), "application/json"
    ).run()
    assert not app.error
    app.button(key="start_study").click().run()
    assert [recipe.name for recipe in started[0].recipes] == ["half", ""]


@pytest.mark.parametrize("content", [b"{", b'{"steps": [{"step": "prunee"}]}', b"\xff\xfe"])
def test_a_file_that_holds_no_recipes_is_refused(show: Any, started: list[Started], content: bytes) -> None:
    app = show("new", preset="own")
    app.file_uploader(key="recipes_file").upload("r.json", content, "application/json").run()
    assert not app.exception
    assert app.error


def test_a_dataset_of_ones_own_is_added_and_chosen(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = DatasetInfo(
        name="digits", task="classification", labels=tuple("0123456789"), sizes={"validation": 450}
    )
    listed = [digits]

    def add(source: str, name: str) -> DatasetInfo:
        assert (source, name) == ("/data/mine/instances.json", "mine"), (
            "the folder's name says more than the file's"
        )
        notice = NoticeRecord("splits_overlap", "", {"count": 3})
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
    def refuse(source: str, name: str) -> None:
        raise DatasetError("unknown_format", "No.", "Choose.", path=source)

    monkeypatch.setattr(workbench, "import_dataset", refuse)
    app = show("new")
    app.text_input(key="dataset_path").set_value("/nowhere").run()
    app.button(key="add_dataset").click().run()
    assert not app.exception
    assert "“/nowhere” is not a dataset in a known format" in app.error[0].value


def test_a_trial_says_where_its_bytes_went_and_what_does_not_help_while_running(show: Any) -> None:
    told = [each.value for each in show("study", trial="12").markdown]
    assert any(
        line.startswith("The download shrinks from 1.18 MB to **122 KB** (9.7× smaller). 80 %")
        for line in told
    )
    assert "None of this helps running memory: activations still need 3.54 MB at their peak." in told
    told = [each.value for each in show("study", "zh-CN", trial="11").markdown]
    assert "运行时激活峰值由 3.54 MB 降至 2.07 MB。" in told
