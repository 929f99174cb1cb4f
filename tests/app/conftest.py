"""The app over a made-up study: the screens' own behaviour, without models, datasets or processes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from edgeslim import workbench
from edgeslim.detections import Annotations, Detections
from edgeslim.models.base import ModelSpec

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "compression" / "edgeslim" / "ui" / "frame.py"
LABELS = (
    "stop", "yield", "no_entry", "speed_30", "speed_50", "parking", "crossing", "priority", "light_red", "light_green",
)  # fmt: skip
BOXES = np.array([[10, 10, 60, 60], [100, 20, 140, 60], [200, 90, 260, 150]], np.float32)
Open = Callable[..., AppTest]


@pytest.fixture
def study() -> dict[str, Any]:
    path = ROOT / "tests" / "report" / "data" / "study.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    loaded["state"] = "complete"
    loaded["trials"] = [trial for trial in loaded["trials"] if trial["state"] not in ("running", "waiting")]
    return loaded


@pytest.fixture
def world(study: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """A machine with that study as the published sample. Returns the study: change it before opening a screen."""
    st.cache_data.clear()
    monkeypatch.setenv("EDGESLIM_HOME", str(tmp_path))
    file = tmp_path / "artifact.onnx"
    file.write_bytes(b"onnx")
    for trial in study["trials"]:
        trial["file"] = str(file) if trial["sha256"] else None
    original = study["trials"][0]["sha256"]
    image = np.full((192, 288, 3), 120, np.uint8)
    truth = Annotations.of(BOXES, np.array([0, 3, 6]))

    def predict(path: Path, image: Any, spec: ModelSpec) -> tuple[Detections, float]:
        kept = slice(None) if path.name == original else slice(0, 2)
        boxes = BOXES[kept] + (0 if path.name == original else 2)
        return Detections(boxes, np.full(len(boxes), 0.8, np.float32), np.array([0, 3, 6])[kept]), 6.2

    monkeypatch.setattr(workbench, "sample_study", lambda: study)
    monkeypatch.setattr(workbench, "artifact_path", lambda sha256: tmp_path / sha256)
    monkeypatch.setattr(workbench, "artifact_bytes", lambda sha256: b"onnx")
    monkeypatch.setattr(workbench, "predict", predict)
    monkeypatch.setattr(
        workbench, "model_spec", lambda *_: ModelSpec(input_width=288, input_height=192, labels=LABELS)
    )
    monkeypatch.setattr(workbench, "describe_dataset", lambda _: {"sizes": {"gallery": 4, "validation": 9}})
    monkeypatch.setattr(
        workbench,
        "gallery_images",
        lambda dataset, split=None, start=0, count=24: [
            (f"scene-{i}", image + np.uint8(i), truth) for i in range(start, min(start + count, 4))
        ],
    )
    return study


@pytest.fixture
def show(world: dict[str, Any]) -> Open:
    """Open a page as a browser does: `show("study", locale="zh-CN", trial="3")`."""

    def open_(page: str = "overview", locale: str = "en-US", **parameters: str) -> AppTest:
        app = AppTest.from_file(SCRIPT, default_timeout=60)
        app.context["locale"] = locale
        for name, value in parameters.items():
            app.query_params[name] = value
        if page != "overview":
            folder = "study" if page == "new" else page
            app.switch_page(str(ROOT / "pages" / folder / f"{page}.py"))
        return app.run()

    return open_
