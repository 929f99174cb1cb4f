"""Studies of one's own on the screen: their progress, what can be done with them, and starting one."""

from typing import Any

import pytest
from app_world import Own
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import ScriptRunContext

from edgeslim.records import ProgressRecord


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
    assert texts[0] == "15 of 18 trials done · compressing and scoring"
    assert texts[1] == "\\#5 prune 50 % · training 30 / 120"
    app.button(key="cancel_study").click().run()
    assert own.calls == [("cancel", "twenty-trials")]


def test_the_time_left_is_told_once_it_is_known(own: Own, show: Any) -> None:
    run_it(own)
    own.status.update(left=95.0)
    text = show("study").get("progress")[0].text
    assert text == "15 of 18 trials done · compressing and scoring · 1:35 left"


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


def test_a_trial_says_where_its_bytes_went_and_what_does_not_help_while_running(show: Any) -> None:
    told = [each.value for each in show("study", trial="12").markdown]
    assert any(
        line.startswith("The download shrinks from 1.18 MB to **122 KB** (9.7× smaller). 80 %")
        for line in told
    )
    assert "None of this lowers running memory: activations still need 3.54 MB at their peak." in told
    told = [each.value for each in show("study", "zh-CN", trial="11").markdown]
    assert "运行时激活峰值由 3.54 MB 降至 2.07 MB。" in told
