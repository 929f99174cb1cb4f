"""Deploy: formats beside each other, what installs the others, the code, and what got lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from acting import registered
from edgeslim.errors import ErrorRecord
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.records import Latency, NoticeRecord, ProgressRecord
from edgeslim.runtime import FILE_FORMATS, MAIN, RUNTIMES
from edgeslim.runtime.figures import RuntimeFigures
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench import deploy
from reference_runtime import Coarse, Reference


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two runtimes; what is read of files, which the made-up study has not."""
    monkeypatch.setattr(deploy, "operators", lambda *_: {"Conv": 29, "Relu": 25})
    monkeypatch.setattr(deploy, "usage", lambda *_: {"python": "import numpy", "kotlin": "fun run() {}"})
    monkeypatch.setattr(deploy, "plan_of", lambda *_: StudyPlan(model="m", dataset="d"))
    monkeypatch.setattr(RUNTIMES, "_items", {MAIN: RUNTIMES.get(MAIN)})
    with registered(FILE_FORMATS, Coarse()), registered(RUNTIMES, Reference()):
        yield


def words(app: Any) -> str:
    assert not app.exception
    shown = (*app.title, *app.caption, *app.markdown, *app.error, *app.code)
    return "\n".join(str(each.value) for each in shown).replace("\\", "")


def measured(monkeypatch: pytest.MonkeyPatch, error: ErrorRecord | None = None) -> None:
    """The second runtime has figures, or says why not."""
    real = deploy.delivered

    def delivered(study: Any, number: int) -> Any:
        main, other = real(study, number)
        figures = RuntimeFigures(
            version="1",
            format="coarse",
            suffix=".coarse",
            sha256="c" * 64,
            bytes=100_000,
            download=90_000,
            accuracy={"mAP": 0.5, "paired_delta": -0.01},
            fidelity={"sqnr_db": 21.4},
            latency=Latency(0.5, 0.6, 0.25, (0.24, 0.26), 30),
            notices=(NoticeRecord("unknown", "Packed weights become float16.", {}),),
            error=error,
        )
        return main, replace(other, measured="here", figures=figures)

    monkeypatch.setattr(deploy, "delivered", delivered)


def test_formats_stand_beside_each_other_and_the_title_is_the_finding(
    show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(monkeypatch)
    app = show("deploy", trial="6")
    assert (
        app.title[0]
        .value.replace("\\", "")
        .startswith("#6 runs in 2 formats: fastest in reference 1 (0.50 ms)")
    )
    frame = app.dataframe[0].value
    assert list(frame["format"]) == ["ONNX", "coarse"]
    assert frame.loc[1, ["file_bytes", "download_bytes", "accuracy", "change", "ratio", "sqnr"]].tolist() == [
        100.0, 90.0, 50.0, -1.0, 0.25, 21.4,
    ]  # fmt: skip
    chinese = show("deploy", "zh-CN", trial="6", section="lost")
    assert "可用 2 种格式运行" in words(chinese) and "Packed weights become float16" in words(chinese)


def test_measuring_is_begun_and_watched(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    running = ErrandStatus(state="running", pid=1, started="", current=ProgressRecord("latency", 3, 12))
    monkeypatch.setattr(deploy, "begin_deploying", lambda study, number: asked.append(number))
    monkeypatch.setattr(deploy, "deploying_status", lambda *_: running if asked else None)
    app = show("deploy", trial="6")
    assert list(app.dataframe[0].value["state"]) == ["in the study", "not yet"]
    app.button(key="deploy_measure").click().run()
    assert asked == [6]
    assert [bar.text for bar in app.get("progress")] == ["Measuring in every runtime · timing 3 / 12"]


def test_what_is_not_installed_says_what_installs_it(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reference, "version", lambda _: "")
    app = show("deploy", trial="6")
    assert list(app.dataframe[0].value["state"]) == ["in the study", "not installed"]
    assert "`pip install onnx`" in words(app)


def test_a_conversion_that_fails_says_why(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    measured(monkeypatch, ErrorRecord("refused", "This cannot be converted.", "Choose another format.", {}))
    app = show("deploy", trial="6", section="lost")
    assert "This cannot be converted." in words(app)
    assert "failed" in list(app.dataframe[0].value["state"])


def test_the_code_says_what_the_tests_did_with_it(show: Any) -> None:
    app = show("deploy", trial="6")
    assert "import numpy" in words(app) and "run this code on a picture" in words(app)
    kotlin = show("deploy", "zh-CN", trial="6", code="kotlin")
    assert "fun run()" in words(kotlin) and "未经编译" in words(kotlin)
