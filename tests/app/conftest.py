"""The app over a made-up study: the screens' own behaviour, without models, datasets or processes."""

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from app_world import MODEL, Own, Started
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from edgeslim import workbench
from edgeslim.detections import Annotations, Detections
from edgeslim.models.base import ModelSpec
from edgeslim.recipe import Recipe
from edgeslim.steps.quantization.float16 import Float16
from edgeslim.studies.preset import LeftOut
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.workbench.datasets import DatasetInfo
from edgeslim.workbench.presets import FittingPreset
from edgeslim.workbench.studies import StudyStatus

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "compression" / "edgeslim" / "ui" / "frame.py"
LABELS = (
    "stop", "yield", "no_entry", "speed_30", "speed_50", "parking", "crossing", "priority", "light_red", "light_green",
)  # fmt: skip
BOXES = np.array([[10, 10, 60, 60], [100, 20, 140, 60], [200, 90, 260, 150]], np.float32)
Open = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def packages_scanned_once() -> Iterator[None]:
    """Streamlit reads the metadata of every installed package for components whenever a test opens the app: most of
    the time that such a test took. What is installed stays the same as long as the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture
def study() -> dict[str, Any]:
    """As it is kept, so that a test can change what it is about."""
    path = ROOT / "tests" / "report" / "data" / "study.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    loaded["state"] = "complete"
    loaded["trials"] = [trial for trial in loaded["trials"] if trial["state"] not in ("running", "waiting")]
    return loaded


@pytest.fixture
def world(study: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """A machine with that study as the published sample. Returns the study: change it before opening a screen."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setenv("EDGESLIM_HOME", str(tmp_path))
    file = tmp_path / "artifact.onnx"
    file.write_bytes(b"onnx")
    for trial in study["trials"]:
        trial["file"] = str(file) if trial["sha256"] else None
    original = study["trials"][0]["sha256"]
    image = np.full((192, 288, 3), 120, np.uint8)
    truth = Annotations.of(BOXES, np.array([0, 3, 6]))

    def predict(path: Path, image: Any, spec: ModelSpec | None) -> tuple[Detections, float]:
        kept = slice(None) if path.name == original else slice(0, 2)
        boxes = BOXES[kept] + (0 if path.name == original else 2)
        return Detections(boxes, np.full(len(boxes), 0.8, np.float32), np.array([0, 3, 6])[kept]), 6.2

    monkeypatch.setattr(workbench, "sample_version", lambda: json.dumps(study))
    monkeypatch.setattr(workbench, "sample_study", lambda: StudyResult.from_json(study))
    monkeypatch.setattr(workbench, "artifact_path", lambda sha256: tmp_path / sha256)
    monkeypatch.setattr(workbench, "artifact_bytes", lambda sha256: b"onnx")
    monkeypatch.setattr(workbench, "stored_bytes", lambda sha256: 330_000)
    monkeypatch.setattr(workbench, "predict", predict)
    monkeypatch.setattr(
        workbench, "model_spec", lambda *_: ModelSpec(input_width=288, input_height=192, labels=LABELS)
    )
    sizes = {"gallery": 4, "validation": 9}
    data = DatasetInfo(name="street-signs", task="detection", labels=LABELS, sizes=sizes)
    monkeypatch.setattr(workbench, "describe_dataset", lambda _: data)
    monkeypatch.setattr(
        workbench,
        "gallery_images",
        lambda dataset, split=None, start=0, count=24: [
            (f"scene-{i}", image + np.uint8(i), truth) for i in range(start, min(start + count, 4))
        ],
    )
    monkeypatch.setattr(
        workbench,
        "readable_images",
        lambda dataset, split, without, start, count: (
            workbench.gallery_images(dataset, split, start=start, count=count),
            {},
        ),
    )
    ids = tuple(f"scene-{k}" for k in range(9))
    known = workbench.ScoredImages("detection", ids, LABELS, (truth,) * 9)
    monkeypatch.setattr(workbench, "images_there", lambda _: True)
    monkeypatch.setattr(workbench, "scored_images", lambda *_, **__: known)
    monkeypatch.setattr(
        workbench, "kept_predictions", lambda sha256, *_, **__: (predict(Path(sha256), None, None)[0],) * 9
    )
    monkeypatch.setattr(
        workbench, "images_at", lambda _images, _model, places: [image + np.uint8(k) for k in places]
    )
    return study


@pytest.fixture
def own(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Own:
    """The study as one of the user's own, and its process."""
    mine = Own(world)
    monkeypatch.setattr(workbench, "sample_version", lambda: None)
    monkeypatch.setattr(workbench, "study_version", lambda name: json.dumps(world))
    monkeypatch.setattr(workbench, "study_versions", lambda: {world["name"]: json.dumps(world)})
    monkeypatch.setattr(workbench, "study_result", lambda name: StudyResult.from_json(world))
    monkeypatch.setattr(
        workbench, "study_status", lambda name: StudyStatus(name=name, log=Path("log.txt"), **mine.status)
    )
    plan = StudyPlan(model="street-signs-medium", dataset="street-signs")
    monkeypatch.setattr(workbench, "study_plan", lambda name: plan)
    monkeypatch.setattr(workbench, "notes_version", lambda name, **_: "")
    monkeypatch.setattr(workbench, "trial_notes", lambda name, **_: {})
    for verb in ("cancel", "pause", "resume", "retry", "delete", "improve"):
        monkeypatch.setattr(
            workbench,
            f"{verb}_study",
            lambda name, verb=verb, **options: mine.calls.append((verb, name, *options.values())),
        )
    return mine


@pytest.fixture
def started(own: Own, monkeypatch: pytest.MonkeyPatch) -> list[Started]:
    """What studies were started, of one model and three presets."""
    found: list[Started] = []

    def start(*asked: Any) -> str:
        found.append(Started(*asked))
        return str(own.study["name"])

    recipe, left_out = Recipe((Float16(),), name="float16"), LeftOut("int8", ("calibration",))
    listed = [FittingPreset(name, (recipe,), (left_out,)) for name in ("quick", "tiny", "techniques")]
    monkeypatch.setattr(workbench, "start_study", start)
    monkeypatch.setattr(workbench, "list_models", lambda: (MODEL,))
    digits = ModelSpec(input_width=8, input_height=8, task="classification", labels=tuple("0123456789"))
    monkeypatch.setattr(workbench, "model_spec", lambda *_: digits)
    monkeypatch.setattr(workbench, "list_presets", lambda *_: listed)
    return found


@pytest.fixture
def show(world: dict[str, Any]) -> Open:
    """Open a page as a browser does: `show("study", locale="zh-CN", trial="3")`."""

    def open_(page: str = "overview", locale: str = "en-US", **parameters: str) -> AppTest:
        app = AppTest.from_file(SCRIPT, default_timeout=60)
        app.context["locale"] = locale
        for name, value in parameters.items():
            app.query_params[name] = value
        if page != "overview":
            folder = {"new": "study", "room": "learn", "lesson": "learn"}.get(page, page)
            app.switch_page(str(ROOT / "pages" / folder / f"{page}.py"))
        return app.run()

    return open_
