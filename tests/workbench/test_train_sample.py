"""Training a sample model leaves files that open, a manifest that tells the truth, and a log."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from safetensors.numpy import load_file

from compression.artifacts.store import Store, sha256_of
from compression.errors import EdgeSlimError
from compression.models.samples import open_sample
from compression.workbench.training import list_trainings, train_sample


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], Path, Store]:
    folder, store = tmp_path_factory.mktemp("samples"), Store(tmp_path_factory.mktemp("store"))
    return train_sample("digits-mlp", epochs=3, folder=folder, store=store), folder, store


def test_manifest_tells_how_to_repeat_and_what_came_out(
    trained: tuple[dict[str, object], Path, Store],
) -> None:
    entry, folder, _ = trained
    listed = json.loads((folder / "manifest.json").read_text())["models"]
    assert listed == [json.loads(json.dumps(entry))]
    assert entry["command"] == "python -m compression train digits-mlp --epochs 3 --seed 0"
    assert entry["sha256"] == sha256_of(folder / "digits-mlp.onnx")
    metrics = entry["metrics"]
    assert isinstance(metrics, dict)
    assert metrics["images"] == 450
    assert 0.6 < metrics["top1"] < 1.0
    assert open_sample("digits-mlp", folder).spec.family == "classifier"


def test_both_weight_files_hold_the_same_numbers(trained: tuple[dict[str, object], Path, Store]) -> None:
    _, folder, _ = trained
    stored = load_file(folder / "digits-mlp.safetensors")
    graph = onnx.load(folder / "digits-mlp.onnx").graph
    exported = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    assert len(stored) == 6
    for name, value in stored.items():
        assert value.dtype == np.float16
        assert np.array_equal(exported[name], value.astype(np.float32))


def test_training_further_extends_the_run(trained: tuple[dict[str, object], Path, Store]) -> None:
    _, folder, store = trained
    entry = train_sample("digits-mlp", epochs=4, folder=folder, store=store)
    with (folder / "logs" / "digits-mlp.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["epoch"]) for row in rows] == [1, 2, 3, 4]
    assert [record["name"] for record in json.loads((folder / "manifest.json").read_text())["models"]] == [
        "digits-mlp"
    ]
    log = entry["log"]
    assert log["epochs"] == 4


def test_an_unknown_sample_is_refused_with_the_near_names(tmp_path: Path) -> None:
    assert len(list_trainings()) == 6
    with pytest.raises(EdgeSlimError, match="digits-mlp"):
        train_sample("digit-mlp", folder=tmp_path, store=Store(tmp_path))
