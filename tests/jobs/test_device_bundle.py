"""A bundle runs where only numpy and the runtime are, and what it writes comes back onto the chart."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from edgeslim.cli.main import main
from edgeslim.errors import StudyError
from edgeslim.progress import silent
from edgeslim.records import RecipeRecord
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench import deploy, devices


@pytest.fixture
def study(case: Any, monkeypatch: pytest.MonkeyPatch) -> StudyResult:
    """A study of one file; what is begun runs at once, in this process."""
    plan = StudyPlan(model=str(case.model), dataset="digits", limit=60, name="s")
    sha256 = case.store.put(case.model.read_bytes())
    trial = TrialResult(
        number=0,
        state="complete",
        recipe=RecipeRecord(),
        title="original",
        recipe_fingerprint="",
        model="linear",
        sha256=sha256,
    )
    for module in (deploy, devices):
        monkeypatch.setattr(module, "plan_of", lambda *_: plan)
    monkeypatch.setattr(devices.errand, "begin", lambda store, asked: asked.run(store, silent))
    return StudyResult(
        name="s", state="complete", model="linear", dataset="digits", baseline=0, trials=(trial,)
    )


def test_the_bundle_is_measured_and_comes_back_as_an_axis(
    case: Any, study: StudyResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert devices.bundle_ready(study, [], case.store) is None
    devices.begin_bundling(study, [], case.store)
    bundle = devices.bundle_ready(study, [], case.store)
    assert bundle is not None and [each.runtime for each in bundle.entries] == ["onnxruntime"]
    content = devices.bundle_zip(bundle, case.store)
    assert hashlib.sha256(content).digest() == hashlib.sha256(devices.bundle_zip(bundle, case.store)).digest()
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    folder = tmp_path / "edgeslim-linear"
    assert "pip install numpy onnxruntime" in (folder / "README.md").read_text()

    command = [
        sys.executable,
        "measure.py",
        "--name",
        "Pi 5",
        "--seconds",
        "0",
        "--sustained",
        "0",
        "--threads",
        "1",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "#0 original" in done.stdout and "differ" not in done.stdout

    results = folder / "results.json"
    assert main(["device", "add", str(results), "--store", str(case.store.root)]) == 0
    assert "Pi 5" in capsys.readouterr().out
    shown = devices.with_devices(study, case.store)
    latency = FIGURES.get("latency.on Pi 5").value(shown.trials[0])
    assert latency is not None and latency > 0
    (measured,) = devices.device_measurements(study, case.store)
    assert measured.files[0].sqnr_db > 100 and measured.files[0].latencies[1].rounds == 5
    if Path("/proc/self/clear_refs").exists():
        assert measured.files[0].memory is not None and measured.files[0].memory > 0

    changed = json.loads(results.read_text())
    changed["body"]["runs"][0]["samples_ms"][0] /= 2
    results.write_text(json.dumps(changed))
    assert main(["device", "add", str(results), "--store", str(case.store.root)]) == 2
    assert "were changed" in capsys.readouterr().err

    next((folder / "files").glob("0-*.onnx")).write_bytes(b"another file")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "not the one that was packed" in done.stdout
    with pytest.raises(StudyError) as caught:
        devices.add_results(results.read_bytes(), study, store=case.store)
    assert caught.value.code == "results_tampered"


def test_what_goes_along_needs_the_standard_library_numpy_and_the_runtime_alone() -> None:
    folder = devices.usage.ON_DEVICE
    allowed = {*sys.stdlib_module_names, "numpy", "device"}
    for name in ("measure.py", "device.py"):
        tree = ast.parse((folder / name).read_text(), feature_version=(3, 9))
        found = {
            alias.name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        found |= {
            (node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
        }
        assert found <= allowed
    for runner in folder.glob("*/runner.txt"):
        ast.parse(runner.read_text(), feature_version=(3, 9))
        assert devices.usage.runner_packages(runner.parent.name)
