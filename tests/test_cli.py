"""The shell: JSON for machines, words for people, exit code 2 and a sentence for what a user did wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import sha256_of
from edgeslim.cli.main import main
from edgeslim.studies.presets import PRESETS

MEASURED = {"model", "recipe", "file", "sha256", "sizes", "params", "nonzero", "macs", "accuracy", "latency"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, own_machine: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGESLIM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_lists_are_json_or_columns(capsys):
    assert {data["name"] for data in run_json(capsys, "datasets")} >= {"street-signs", "digits"}
    assert "digits-mlp" in [model["name"] for model in run_json(capsys, "models")]
    steps = {step["name"]: step for step in run_json(capsys, "steps")}
    sparsity = next(p for p in steps["magnitude_pruning"]["parameters"] if p["name"] == "sparsity")
    assert (sparsity["low"], sparsity["high"], sparsity["default"]) == (0.0, 0.99, 0.5)
    for command in ("models", "datasets", "steps"):
        assert main([command]) == 0
        assert "digits" in (text := capsys.readouterr().out) or "sparsity" in text
    presets = run_json(capsys, "presets", "--model", "digits-mlp", "--data", "digits")
    assert [preset["name"] for preset in presets] == list(PRESETS.names())


def test_evaluate_tells_all_that_was_measured(capsys, digits_file):
    trial = run_json(capsys, "evaluate", "--model", str(digits_file), "--data", "digits", "--limit", "100")
    assert set(trial) >= {*MEASURED, "environment"}
    assert set(trial["sizes"]) == {"file", "download", "entropy_bound"}
    assert set(trial["latency"]) >= {"median_ms", "p95_ms", "ratio"}
    assert trial["accuracy"]["images"] == 100
    assert trial["accuracy"]["top1"] > 0.8
    assert len(trial["accuracy"]["ci95"]) == len(trial["accuracy"]["paired_ci95"]) == 2
    assert trial["sha256"] == sha256_of(Path(trial["file"]))
    assert trial["environment"]["onnxruntime"]


def test_evaluate_in_words(capsys, digits_file):
    assert main(["evaluate", "--model", str(digits_file), "--data", "digits", "--limit", "50"]) == 0
    lines = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["images"].strip() == "50"
    assert "…" in lines["top1"]


def test_compress_writes_the_files_and_their_measurements(capsys, digits_file, tmp_path):
    recipe = tmp_path / "r.json"
    recipe.write_text('{"name": "half gone", "steps": [{"step": "magnitude_pruning", "sparsity": 0.5}]}')
    out = tmp_path / "out"
    arguments = ["--model", str(digits_file), "--data", "digits", "--limit", "50"]
    trial = run_json(capsys, "compress", *arguments, "--recipe", str(recipe), "--out", str(out))
    file = Path(trial["file"])
    assert file.parent == out
    assert file.name.startswith("linear-half-gone-")
    assert trial["sha256"] == sha256_of(file)
    assert trial["nonzero"] < 0.6 * trial["params"]
    assert trial["fidelity"]["agreement"] < 1.0
    assert json.loads(file.with_suffix(".json").read_text())["sha256"] == trial["sha256"]
    onnx.checker.check_model(onnx.load(file))


def test_an_imported_model_is_used_by_its_name(capsys, digits_file):
    found = run_json(capsys, "import-model", str(digits_file), "--name", "mine")
    assert (found["name"], found["proof"]["max_abs_error"]) == ("mine", pytest.approx(0.0, abs=1e-5))
    trial = run_json(capsys, "evaluate", "--model", "mine", "--data", "digits", "--limit", "20")
    assert trial["model"] == "mine"


def test_the_store_can_be_given(capsys, digits_file, tmp_path, home):
    run_json(capsys, "import-model", str(digits_file), "--name", "mine", "--store", str(tmp_path / "other"))
    assert (tmp_path / "other" / "models" / "mine.json").exists()
    assert not home.exists()


def test_the_store_can_be_given_before_the_command_too(capsys, digits_file, tmp_path, home):
    main(["--store", str(tmp_path / "other"), "import-model", str(digits_file), "--name", "mine"])
    assert (tmp_path / "other" / "models" / "mine.json").exists()
    capsys.readouterr()
    assert main(["--json", "--store", str(tmp_path / "other"), "models"]) == 0
    assert "mine" in [model["name"] for model in json.loads(capsys.readouterr().out)]
    assert not home.exists()


def test_who_imports_a_model_again_is_told(capsys, digits_file, tmp_path):
    spec = tmp_path / "spec.json"
    spec.write_text(
        '{"task": "classification", "family": "classifier", "scale": 0.5, "color": "GRAY", '
        '"input_width": 8, "input_height": 8}'
    )
    told = []
    for more in ([], [], ["--spec", str(spec)]):
        main(["import-model", str(digits_file), "--name", "mine", *more])
        told.append(capsys.readouterr().out.splitlines()[-1])
    assert "already" not in told[0]
    assert told[1] == "it was here already"
    assert told[2] == "it was here already, read by another specification"


def test_a_trials_file_is_saved_under_a_name_or_into_a_folder(capsys, tmp_path):
    study = workbench.sample_study()
    assert study is not None
    sha256 = study.trial(6).sha256
    for to, path in (
        (tmp_path, tmp_path / f"{study.model}-6.onnx"),
        (tmp_path / "new" / "x.onnx", tmp_path / "new" / "x.onnx"),
    ):
        assert main(["study", "save", "sample", "6", "--to", str(to)]) == 0
        assert sha256_of(path) == sha256
        assert str(path) in capsys.readouterr().out
    (tmp_path / "file").write_text("")
    assert main(["study", "save", "sample", "6", "--to", str(tmp_path / "file" / "x.onnx")]) == 2
    assert main(["study", "save", "sample", "999", "--to", str(tmp_path)]) == 2
    assert "never had a file" in capsys.readouterr().err


def truncated(tmp_path: Path, digits: Path) -> list[str]:
    file = tmp_path / "truncated.onnx"
    file.write_bytes(digits.read_bytes()[:500])
    return ["evaluate", "--model", str(file), "--data", "digits"]


def empty(tmp_path: Path, digits: Path) -> list[str]:
    file = tmp_path / "empty.onnx"
    file.write_bytes(b"")
    return ["import-model", str(file)]


def not_a_number(tmp_path: Path, digits: Path) -> list[str]:
    model = onnx.load(digits)
    weight = model.graph.initializer[0]
    weight.CopyFrom(onnx.numpy_helper.from_array(np.full((64, 10), np.nan, np.float32), weight.name))
    onnx.save(model, tmp_path / "nan.onnx")
    return ["import-model", str(tmp_path / "nan.onnx")]


def wrong_channels(tmp_path: Path, digits: Path) -> list[str]:
    spec = tmp_path / "rgb.json"
    spec.write_text('{"family": "classifier", "color": "RGB", "input_width": 8, "input_height": 8}')
    return ["evaluate", "--model", str(digits), "--data", "digits", "--spec", str(spec)]


def no_such_data(tmp_path: Path, digits: Path) -> list[str]:
    return ["evaluate", "--model", str(digits), "--data", str(tmp_path / "nowhere")]


def broken_annotations(tmp_path: Path, digits: Path) -> list[str]:
    (tmp_path / "instances.json").write_text("{")
    return ["evaluate", "--model", str(digits), "--data", str(tmp_path / "instances.json")]


def no_such_step(tmp_path: Path, digits: Path) -> list[str]:
    return compress(tmp_path, digits, '{"steps": [{"step": "magnitude_prunin"}]}')


def out_of_bounds(tmp_path: Path, digits: Path) -> list[str]:
    return compress(tmp_path, digits, '{"steps": [{"step": "magnitude_pruning", "sparsity": 7}]}')


def not_json(tmp_path: Path, digits: Path) -> list[str]:
    return compress(tmp_path, digits, "steps: 3")


def wrong_order(tmp_path: Path, digits: Path) -> list[str]:
    return compress(tmp_path, digits, '{"steps": [{"step": "float16"}, {"step": "magnitude_pruning"}]}')


def compress(tmp_path: Path, digits: Path, recipe: str) -> list[str]:
    file = tmp_path / "recipe.json"
    file.write_text(recipe)
    arguments = [
        "--model",
        str(digits),
        "--data",
        "digits",
        "--recipe",
        str(file),
        "--out",
        str(tmp_path / "out"),
    ]
    return ["compress", *arguments]


def escaping_name(tmp_path: Path, digits: Path) -> list[str]:
    data = ["--model", str(digits), "--data", "digits", "--preset", "quick"]
    return ["study", "run", *data, "--name", "../../evil"]


def no_such_study(tmp_path: Path, digits: Path) -> list[str]:
    return ["study", "show", "nothing"]


@pytest.mark.parametrize(
    ("make", "culprit"),
    [
        (truncated, "truncated.onnx"),
        (empty, "empty.onnx"),
        (not_a_number, "nan.onnx"),
        (wrong_channels, "RGB"),
        (no_such_data, "nowhere"),
        (broken_annotations, "instances.json"),
        (no_such_step, "magnitude_pruning"),
        (out_of_bounds, "sparsity"),
        (not_json, "recipe.json"),
        (wrong_order, "float16"),
        (escaping_name, "../../evil"),
        (no_such_study, "nothing"),
    ],
)
def test_what_a_user_did_wrong_is_one_sentence_and_exit_code_2(
    make, culprit, tmp_path, digits_file, capsys, home
):
    arguments = make(tmp_path, digits_file)
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith("error: ")
    assert culprit in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert not (tmp_path / "out").exists()
    assert not (home / "studies").exists()
    assert main([*arguments, "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"]
    assert error["message"] and told.err == f"error: {error['message']}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["evaluate"], ["evaluate", "--model", "a", "--data", "b", "--limit", "0"]]
)
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_senseless_order_is_refused_with_the_sensible_order(capsys, digits_file, tmp_path):
    recipe = tmp_path / "r.json"
    recipe.write_text('{"steps": [{"step": "static_int8"}, {"step": "channel_pruning"}]}')
    out = tmp_path / "out"
    arguments = ["--model", str(digits_file), "--data", "digits", "--recipe", str(recipe), "--out", str(out)]
    assert main(["compress", *arguments]) == 2
    assert "A valid order: channel_pruning, static_int8." in capsys.readouterr().err
    assert main(["compress", *arguments, "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["values"]["repaired"] == "channel_pruning, static_int8"
    assert not out.exists()
