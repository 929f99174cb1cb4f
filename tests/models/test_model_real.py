"""Published detectors: imported with equal outputs, recognised without being told, decoded plausibly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.models.families import FAMILIES
from edgeslim.models.importing import import_file
from edgeslim.models.proof import run

Find = Callable[[str], Path]

MODELS: dict[str, dict[str, Any]] = {
    "yolox_nano.onnx": {
        "family": "yolox",
        "size": (416, 416),
        "strides": (8, 16, 32),
        "labels": 80,
        "color": "BGR",
    },
    "nanodet_m_320.onnx": {
        "family": "gfl",
        "size": (320, 320),
        "strides": (8, 16, 32),
        "labels": 80,
        "color": "BGR",
    },
    "face_detection_yunet_2026may.onnx": {
        "family": "yunet",
        "size": (320, 320),
        "strides": (8, 16, 32),
        "labels": 1,
        "color": "BGR",
    },
    "picodet_s_320_coco.onnx": {
        "family": "picodet",
        "size": (320, 320),
        "strides": (8, 16, 32, 64),
        "labels": 80,
        "color": "RGB",
    },
    "ultraface_RFB-320.onnx": {
        "family": "ssd",
        "size": (320, 240),
        "strides": (),
        "labels": 1,
        "color": "RGB",
    },
}


@pytest.mark.parametrize("name", MODELS)
def test_published_model_is_imported_equal_and_recognised(name: str, real_model: Find, store: Store) -> None:
    path, expected = real_model(name), MODELS[name]
    model = import_file(path, None, store)
    spec = model.spec
    assert spec.family == expected["family"]
    assert (spec.input_width, spec.input_height) == expected["size"]
    assert (spec.strides, len(spec.labels), spec.color) == (
        expected["strides"],
        expected["labels"],
        expected["color"],
    )
    assert model.proof["probes"] == 3
    assert model.proof["max_relative_error"] < 1e-5
    sane = onnx.load(model.path)
    onnx.checker.check_model(sane, full_check=True)
    assert sane.opset_import[0].version == 17
    assert len(sane.graph.input) == 1
    assert not {"Constant", "Identity", "Shape", "Gather", "Cast"} & {
        node.op_type for node in sane.graph.node
    }
    assert model.path.stat().st_size <= path.stat().st_size


@pytest.mark.parametrize("name", MODELS)
def test_sane_model_equals_the_original_on_an_input_of_our_own(
    name: str, real_model: Find, store: Store
) -> None:
    path = real_model(name)
    model = import_file(path, None, store)
    shape = (1, 3, model.spec.input_height, model.spec.input_width)
    tensor = np.random.default_rng(7).random(shape, np.float32)
    (before,), (after,) = (run(each.read_bytes(), [tensor]) for each in (path, model.path))
    for a, b in zip(before, after, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5 * max(1.0, float(np.abs(a).max())))


@pytest.mark.parametrize("name", MODELS)
def test_outputs_of_published_model_decode(name: str, real_model: Find, store: Store) -> None:
    model = import_file(real_model(name), None, store)
    shape = (1, 3, model.spec.input_height, model.spec.input_width)
    (outputs,) = run(model.path.read_bytes(), [np.zeros(shape, np.float32)])
    boxes, scores, classes = FAMILIES.get(model.spec.family).decode(outputs, model.spec)
    assert len(boxes) == len(scores) == len(classes)
    assert (scores >= np.float32(model.spec.confidence)).all()
    assert set(classes.tolist()) <= set(range(len(model.spec.labels)))


def test_nanodet_outputs_are_matched_by_shape_though_their_names_lie(real_model: Find, store: Store) -> None:
    """The file calls the class map of stride 16 'bbox_pred0'."""
    model = import_file(real_model("nanodet_m_320.onnx"), None, store)
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in onnx.load(model.path).graph.output
    }
    assert shapes["bbox_pred0"] == [400, 80]
