"""What two files get wrong, through the façade and the shell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.errors import DatasetError
from edgeslim.report.error_text import error_texts
from edgeslim.workbench.samples import sample_file

ROOT = Path(__file__).parents[2]
SIGNS = ROOT / "sample_models" / "street-signs-small.onnx"
DIGITS = [ROOT / "sample_models" / f"digits-{name}.onnx" for name in ("cnn", "mlp")]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGESLIM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def binary_file() -> Path:
    """The sample study's file that sees least, from the medium detector."""
    study = workbench.sample_study()
    assert study is not None
    here = [trial for trial in study.trials if trial.sha256 and sample_file(trial.sha256)]
    worst = min(here, key=lambda trial: trial.objective if trial.objective is not None else 1.0)
    found = sample_file(worst.sha256 or "")
    assert found is not None
    return found


def test_a_file_that_collapses_misses_objects_and_says_so(
    capsys: pytest.CaptureFixture[str], home: Path, with_scenes: Callable[[Path], Store]
) -> None:
    with_scenes(home)
    files = [str(ROOT / "sample_models" / "street-signs-medium.onnx"), str(binary_file())]
    asked = ["errors", *files, "--model", "street-signs-medium", "--data", "street-signs", "--limit", "24"]
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    missed = next(row for row in found["mistakes"]["kinds"] if row["kind"] == "missed")
    assert missed["count"]["after"] > missed["count"]["before"]
    assert missed["count"]["ci95"][0] > 0
    assert found["confidence"]["lost"] > 0.2 * found["confidence"]["objects"]
    assert any(row["holds"] for row in found["parts"]["classes"])
    assert sum(map(sum, found["confusion"][0])) >= found["confidence"]["objects"] / 2
    assert main(asked) == 0
    told = capsys.readouterr().out
    assert "dAPs do not add up" in told
    assert f"{found['confidence']['lost']} of {found['confidence']['objects']} objects fewer" in told


def test_a_classifier_has_no_kinds_of_boxes() -> None:
    found = workbench.compare_errors(*DIGITS, "digits-cnn", "digits", limit=50)
    assert found.mistakes is None and found.parts.sizes == ()
    assert [sum(map(sum, matrix)) for matrix in found.confusion] == [50, 50]
    assert "TIDE" not in "\n".join(error_texts(found.mistakes, found.confidence, found.parts))


def test_without_labels_nothing_can_be_wrong(tmp_path: Path) -> None:
    from PIL import Image

    for index in range(3):
        Image.new("RGB", (32, 32), (80 * index, 80, 10)).save(tmp_path / f"{index}.png")
    with pytest.raises(DatasetError) as caught:
        workbench.compare_errors(SIGNS, SIGNS, "street-signs-small", tmp_path)
    assert caught.value.code == "no_labels"


def test_a_threshold_is_between_0_and_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["errors", "a", "b", "--model", "m", "--data", "d", "--threshold", "1.5"])
    assert "between 0 and 1" in capsys.readouterr().err
