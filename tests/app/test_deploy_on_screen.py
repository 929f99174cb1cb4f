"""Deploy: formats beside each other, what installs the others, the code, and what got lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from acting import registered
from edgeslim.artifacts.store import Store
from edgeslim.errors import ErrorRecord, Notice
from edgeslim.export.tflite.micro import Micro
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.records import Latency, ProgressRecord
from edgeslim.runtime import FILE_FORMATS, MAIN, RUNTIMES
from edgeslim.runtime.figures import RuntimeFigures
from edgeslim.studies import devices_measured
from edgeslim.studies.devices_measured import DeviceFile, DeviceMeasurement, Second
from edgeslim.studies.study import StudyPlan, StudyResult
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
            notices=(Notice("ort_decoded"),),
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
    assert "可用 2 种格式运行" in words(chinese) and "以解码后的 float32 存储" in words(chinese)


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
    measured(monkeypatch, ErrorRecord("ncnn_refused", {"reason": "it is refused"}))
    app = show("deploy", trial="6", section="lost")
    assert "The network cannot be converted for ncnn: it is refused." in words(app)
    assert "failed" in list(app.dataframe[0].value["state"])


def test_the_code_says_what_the_tests_did_with_it(show: Any) -> None:
    app = show("deploy", trial="6")
    assert "import numpy" in words(app) and "run this code on a picture" in words(app)
    kotlin = show("deploy", "zh-CN", trial="6", code="kotlin")
    assert "fun run()" in words(kotlin) and "未经编译" in words(kotlin)


def test_results_are_dropped_and_a_refusal_says_why(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show("deploy", trial="6", section="own_devices")
    assert "Nothing was measured on a device" in words(app)
    app.file_uploader(key="device_results").upload("results.json", b'{"body": {}}', "application/json").run()
    assert "This is no results.json of a bundle" in words(app)
    foreign = {"bundle": "f" * 32, "made": "", "device": {}, "entries": [], "runs": []}
    content = json.dumps({"body": foreign, "seal": ""}).encode()
    app.file_uploader(key="device_results").upload("other.json", content, "application/json").run()
    assert "of a bundle that was not made here" in words(app)


def test_a_device_is_a_table_an_axis_and_what_differs_is_told(show: Any, world: dict[str, Any]) -> None:
    study = StudyResult.from_json(world)
    original, other = study.trials[0], study.trials[6]
    assert original.sha256 and other.sha256
    file = DeviceFile(
        trial=0,
        onnx=original.sha256,
        runtime=MAIN,
        version="1.23",
        latencies={1: Latency(20.0, 22.0, 1.0, (1.0, 1.0), 30), 4: Latency(8.0, 9.0, 1.0, (1.0, 1.0), 30)},
        sqnr_db=120.0,
        plain_sqnr_db=120.0,
    )
    more = (replace(file, trial=each.number, onnx=each.sha256 or "") for each in study.trials[1:3])
    files = (file, *more, replace(file, trial=other.number, onnx=other.sha256, sqnr_db=19.0))
    seconds = tuple(Second(float(k), 8.0 + k, 50.0 + k, 2400.0) for k in range(9))
    measured = DeviceMeasurement(
        name="Pi 5", made="2026-11-29T11:00:00Z", bundle="c" * 32, baseline=original.sha256,
        device={"cpu": "Cortex-A76", "cores": "4", "model": "Raspberry Pi 5"}, files=files, sustained=seconds,
    )  # fmt: skip
    devices_measured.keep(Store(), measured)
    app = show("deploy", trial="6", section="own_devices")
    assert list(app.dataframe[1].value["ms1"]) == [20.0] * 4
    assert "Calibrated by 3 files measured on Pi 5" in words(app) and "not measured there: about" in words(
        app
    )
    assert f"The outputs of #{other.number} differ on this device (19 dB)" in words(app)
    assert "9.00 ms at first, 15.00 ms at the end (+67 %)" in words(app) and "50 to 58 °C" in words(app)
    chart = show("study", trial="6", x="latency.on Pi 5", device="rpi5")
    assert next(box for box in chart.selectbox if box.key == "linked_x").value == "latency.on Pi 5"
    assert "On Pi 5: measured there, onnxruntime 1.23" in words(chart)
    assert "Calibrated by 3 files measured on Pi 5" in words(chart)


def test_a_microcontroller_is_told_what_it_needs(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show("deploy", trial="6", section="micro")
    assert "LiteRT Micro takes .tflite files" in words(app) and "So far, of the ONNX file" in words(app)
    found = Micro(operators={"CONV_2D": 2}, missing=("RFFT2D",), flash=400_000, arena=2_000_000)
    monkeypatch.setattr(deploy, "micro", lambda each: found if each.runtime == "reference" else None)
    told = words(show("deploy", "zh-CN", trial="6", section="micro"))
    assert "不支持：RFFT2D" in told and "放不下" in told
