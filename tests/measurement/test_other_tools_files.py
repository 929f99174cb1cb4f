"""A file that onnxruntime has quantized is measured as it is, beside ours, and not compressed further."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

from edgeslim import pipeline
from edgeslim.artifacts.store import Store, sha256_of
from edgeslim.errors import ModelError, RecipeError
from edgeslim.models.base import Model
from edgeslim.models.catalogue import open_sample
from edgeslim.models.importing import import_onnx
from edgeslim.models.library import open_model
from edgeslim.pipeline import TaskData
from edgeslim.recipe import Recipe
from edgeslim.steps.pruning import MagnitudePruning
from edgeslim.steps.quantization import OtherFile

SAMPLE = open_sample("street-signs-small")


class Noise(CalibrationDataReader):
    def __init__(self, name: str) -> None:
        self._name, self._left = name, 2

    def get_next(self) -> dict[str, np.ndarray] | None:
        self._left = max(self._left - 1, -1)
        if self._left < 0:
            return None
        values = np.random.default_rng(self._left).random(SAMPLE.spec.input_shape, np.float32)
        return {self._name: values}


@pytest.fixture(scope="module", params=[QuantFormat.QDQ, QuantFormat.QOperator], ids=["qdq", "qoperator"])
def theirs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("theirs") / "theirs.onnx"
    name = onnx.load(SAMPLE.path).graph.input[0].name
    quantize_static(SAMPLE.path, path, Noise(name), quant_format=request.param)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_it_comes_in_byte_for_byte_and_is_recognised(theirs: Path, store: Store) -> None:
    model = import_onnx(theirs, None, "theirs", store)
    assert model.sha256 == sha256_of(theirs)
    assert model.quantized and open_model("theirs", store).quantized
    assert (model.spec.family, len(model.spec.labels)) == ("fcos", 10)
    assert model.proof["parameters"] == pytest.approx(SAMPLE.proof["parameters"], rel=0.02)
    assert not SAMPLE.quantized


def test_it_is_its_own_baseline_and_steps_refuse_it(theirs: Path, store: Store) -> None:
    model = open_model(str(theirs), store, SAMPLE.spec)
    assert pipeline.run(Recipe(), model, TaskData(), store).sha256 == sha256_of(theirs)
    with pytest.raises(RecipeError, match="quantized by another tool") as caught:
        pipeline.check(Recipe((MagnitudePruning(),)), model, TaskData(), store)
    assert caught.value.code == "already_quantized"


def test_it_is_a_point_among_the_originals_files(theirs: Path, store: Store) -> None:
    made = pipeline.run(Recipe((OtherFile(model=str(theirs)),)), SAMPLE, TaskData(), store)
    assert made.bytes == pytest.approx(theirs.stat().st_size, rel=0.001)
    graph = onnx.load(store.path(made.sha256)).graph
    assert [node.op_type for node in graph.node] == [node.op_type for node in onnx.load(theirs).graph.node]
    assert made.stages[0].info["sha256"] == sha256_of(theirs)


def test_a_file_of_another_model_is_refused(store: Store) -> None:
    other = Model("other", SAMPLE.path, "", open_sample("digits-mlp").spec, "test")
    with pytest.raises(RecipeError) as caught:
        OtherFile(model="other").check(SAMPLE.spec, other)
    assert (caught.value.code, caught.value.values["what"]) == ("other_file_differs", "task")
    with pytest.raises(ModelError):
        pipeline.check(Recipe((OtherFile(),)), SAMPLE, TaskData(), store)
