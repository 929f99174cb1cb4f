"""The `train` use case: what lands in the samples folder, and that the committed samples are what they claim."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from safetensors.numpy import load_file

from edgeslim.artifacts.store import Store, sha256_of
from edgeslim.errors import EdgeSlimError
from edgeslim.models.catalogue import SAMPLES, open_sample, sample_records
from edgeslim.training.samples import SAMPLE_TRAININGS
from edgeslim.workbench.training import TrainedSample, round_to_float16, train_sample

RECORDS = {record["name"]: record for record in sample_records()}
PROMISED = {
    "street-signs-large": ("mAP", 0.70),
    "street-signs-medium": ("mAP", 0.65),
    "street-signs-small": ("mAP", 0.45),
    "digits-cnn": ("top1", 0.98),
    "digits-mlp": ("top1", 0.95),
    "digits-gru": ("top1", 0.95),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainedSample]:
    folder = tmp_path_factory.mktemp("samples")
    store = Store(tmp_path_factory.mktemp("store"))
    train_sample("digits-gru", epochs=1, folder=folder, store=store)
    entry = train_sample("digits-mlp", epochs=2, folder=folder, store=store)
    return folder, entry


def test_training_writes_model_weights_log_and_manifest(trained: tuple[Path, TrainedSample]) -> None:
    folder, entry = trained
    assert entry.command == "edgeslim train digits-mlp --epochs 2 --seed 0"
    assert entry.sha256 == sha256_of(folder / "digits-mlp.onnx")
    assert open_sample("digits-mlp", folder).spec.color == "GRAY"
    rows = list(csv.DictReader((folder / "logs" / "digits-mlp.csv").read_text().splitlines()))
    assert [float(row["epoch"]) for row in rows] == [1.0, 2.0]
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])


def test_manifest_keeps_the_other_models_in_the_order_of_the_registry(
    trained: tuple[Path, TrainedSample],
) -> None:
    names = [record["name"] for record in json.loads((trained[0] / "manifest.json").read_bytes())["models"]]
    assert names == ["digits-mlp", "digits-gru"]


def test_stored_weights_are_exactly_those_of_the_onnx_file(trained: tuple[Path, TrainedSample]) -> None:
    folder = trained[0]
    stored = load_file(folder / "digits-mlp.safetensors")
    graph = onnx.load(folder / "digits-mlp.onnx").graph
    exported = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    assert {array.dtype for array in stored.values()} == {np.dtype(np.float16)}
    for array in stored.values():
        wide = array.astype(np.float32)
        assert any(
            other.shape in (wide.shape, wide.T.shape)
            and (np.array_equal(other, wide) or np.array_equal(other, wide.T))
            for other in exported.values()
        )


def test_rounding_moves_a_weight_by_at_most_one_part_in_two_thousand() -> None:
    layer = torch.nn.Linear(8, 8)
    before = layer.weight.detach().clone()
    round_to_float16(layer)
    assert torch.equal(layer.weight.half().float(), layer.weight)
    assert float(((layer.weight.detach() - before).abs() / before.abs()).max()) <= 2**-11


def test_unknown_sample_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(EdgeSlimError, match="digits-mlp") as caught:
        train_sample("digits-mpl")
    assert caught.value.code == "unknown_name"


def test_every_trainable_sample_is_in_the_manifest() -> None:
    assert tuple(RECORDS) == SAMPLE_TRAININGS.names()


@pytest.mark.parametrize("name", list(RECORDS))
def test_committed_samples_keep_their_promises(name: str) -> None:
    record = RECORDS[name]
    metric, least = PROMISED[name]
    assert record["metrics"][metric] >= least
    assert record["metrics"]["images"] >= 300
    assert open_sample(name).name == name
    assert record["weights"] is None or (SAMPLES / record["weights"]).is_file()
    assert (SAMPLES / record["log"]["file"]).is_file()


def test_committed_samples_stay_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 15e6
