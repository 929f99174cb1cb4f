"""Whose latencies are shown, and files that a study came without."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.records import Latency, ProgressRecord
from edgeslim.studies import timing
from edgeslim.studies.study import StudyResult


def words(app: Any) -> str:
    assert not app.exception
    return "\n".join(element.value for element in app.caption).replace("\\", "")


def timed_here(world: dict[str, Any]) -> None:
    study = StudyResult.from_json(world)
    hashes = {trial.sha256 for trial in study.trials if trial.sha256 and trial.number < 5}
    slow = {sha256: Latency(77.0, 80.0, 2.0, (1.9, 2.1), 300) for sha256 in hashes}
    timing.keep(Store(), timing.content_of(study), slow)


def test_a_latency_names_its_machine(show: Any, world: dict[str, Any]) -> None:
    world["environment"] = {"cpu": "Some Processor", "flags": "avx2 avx512_vnni", "onnxruntime": "9.8"}
    said = "Some Processor (AVX-512 VNNI), 1 thread, onnxruntime 9.8"
    assert f"latency measured on {said}" in words(show("overview"))
    assert f"Latency measured on {said}" in words(show("study"))
    assert "延迟测量环境：Some Processor (AVX-512 VNNI)，1 线程，onnxruntime 9.8" in words(
        show("study", "zh-CN")
    )


def test_what_was_measured_here_is_shown_and_the_studys_own_on_request(
    show: Any, world: dict[str, Any]
) -> None:
    assert not [one for one in show("study").segmented_control if one.key == "linked_timed"]
    timed_here(world)
    own = next(trial for trial in world["trials"] if trial["number"] == 3)["latency"]["median_ms"]

    def latency(app: Any) -> str:
        return next(metric.value for metric in app.metric if metric.label == "Latency, one thread")

    here = show("study", trial="3")
    assert latency(here) == "77.0 ms"
    switch = next(one for one in here.segmented_control if one.key == "linked_timed")
    switch.set_value("own").run()
    assert latency(here) == f"{own:.2f} ms"
    assert here.query_params["timed"] == "own"
    assert latency(show("study", trial="3", timed="own")) == f"{own:.2f} ms"


def test_measuring_is_begun_from_the_screen_and_watched(
    show: Any, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    running = ErrandStatus(
        state="running", pid=1, started="", current=ProgressRecord("latency", 30, 120), left=45.0
    )
    monkeypatch.setattr(workbench, "time_study", lambda study: asked.append(study.name))
    monkeypatch.setattr(workbench, "timing_status", lambda study: running if asked else None)
    app = show("study")
    app.button(key="measure_here").click().run()
    assert asked == [world["name"]]
    bars = [bar.text for bar in app.get("progress")]
    assert bars == ["Measuring on this machine · timing 30 / 120 · 0:45 left"]


def test_a_file_that_is_not_here_can_be_made(
    show: Any, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    for trial in world["trials"]:
        trial["file"] = None if trial["number"] == 3 else trial["file"]
    monkeypatch.setattr(workbench, "make_again", lambda study, number: made.append(number))
    app = show("study", trial="3")
    button = app.button(key="make_file_3")
    assert button.label.startswith("Make this file (about ")
    button.click().run()
    assert made == [3]


def test_compare_offers_the_files_that_are_not_here(
    show: Any, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    slow, quick = (trial for trial in world["trials"] if trial["number"] in (3, 4))
    for trial, seconds in ((slow, 90.0), (quick, 2.0)):
        trial["file"] = None
        trial["stages"] = [{"step": "s", "parameters": {}, "sha256": "a", "seconds": seconds, "info": {}}]
    monkeypatch.setattr(workbench, "make_again", lambda study, number: made.append(number))
    app = show("compare")
    assert [option.split(" ")[0] for option in app.selectbox(key="make_another").options] == ["#4", "#3"]
    app.button(key="make_other_4").click().run()
    assert made == [4]
