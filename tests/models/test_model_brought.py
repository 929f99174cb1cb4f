"""Networks as engineers bring them, with weights of our own: HardSwish, squeeze-and-excitation, weights as inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from models_for_tests import build, save, weights
from onnx import helper, numpy_helper

from edgeslim.artifacts.store import Store
from edgeslim.models.importing import import_file
from edgeslim.workbench import predict

SIDE = 128
STRIDES = (8, 16, 32, 64)


def hard_swish(name: str, to: str) -> list[onnx.NodeProto]:
    """As it is written below opset 14: x · clip(x + 3, 0, 6) / 6."""
    return [
        helper.make_node("Add", [name, "three"], [f"{to}_a"]),
        helper.make_node("Clip", [f"{to}_a", "zero", "six"], [f"{to}_b"]),
        helper.make_node("Mul", [name, f"{to}_b"], [f"{to}_c"]),
        helper.make_node("Div", [f"{to}_c", "six"], [to]),
    ]


def excited(name: str, to: str) -> list[onnx.NodeProto]:
    """Squeeze and excitation."""
    return [
        helper.make_node("GlobalAveragePool", [name], [f"{to}_p"]),
        helper.make_node("Conv", [f"{to}_p", "squeeze"], [f"{to}_s"]),
        helper.make_node("HardSigmoid", [f"{to}_s"], [f"{to}_g"], alpha=0.2, beta=0.5),
        helper.make_node("Mul", [name, f"{to}_g"], [to]),
    ]


def picodet_like() -> onnx.ModelProto:
    """Class and box maps [1, N, C] and [1, N, 32] at four strides, each from pooled features."""
    constants = {"three": 3.0, "zero": 0.0, "six": 6.0}
    nodes = [helper.make_node("Conv", ["image", "stem"], ["f0"], kernel_shape=[8, 8], strides=[8, 8])]
    outputs: dict[str, None] = {}
    for level, stride in enumerate(STRIDES):
        nodes += hard_swish(f"f{level}", f"h{level}") + excited(f"h{level}", f"e{level}")
        for kind, last in (("class", "Sigmoid"), ("box", "Identity")):
            at = f"{kind}{level}"
            nodes += [
                helper.make_node("Conv", [f"e{level}", kind], [f"{at}_m"]),
                helper.make_node("Reshape", [f"{at}_m", f"{kind}_shape"], [f"{at}_r"]),
                helper.make_node("Transpose", [f"{at}_r"], [f"{at}_t"], perm=[0, 2, 1]),
                helper.make_node(last, [f"{at}_t"], [at]),
            ]
            outputs[at] = None
        if stride < STRIDES[-1]:
            pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
            nodes.append(helper.make_node("MaxPool", [f"e{level}"], [f"f{level + 1}"], **pool))
    initializers = [
        weights("stem", 6, 3, 8, 8),
        weights("squeeze", 6, 6, 1, 1),
        weights("class", 5, 6, 1, 1),
        weights("box", 32, 6, 1, 1),
        *(numpy_helper.from_array(np.array(v, np.float32), n) for n, v in constants.items()),
        *(
            numpy_helper.from_array(np.array([1, n, -1]), f"{k}_shape")
            for k, n in (("class", 5), ("box", 32))
        ),
    ]
    model = build(nodes, initializers, outputs, opset=11, input_shape=(1, 3, SIDE, SIDE))
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    return model


def fastestdet_like() -> onnx.ModelProto:
    """Objectness is the patch's brightness, the box a patch of its own, the class always the second of three."""
    patch = np.full((1, 3, 16, 16), 20 / (3 * 256), np.float32)
    boxes = np.zeros((4, 3, 16, 16), np.float32)
    bias = {"box": [0, 0, -np.log(7), -np.log(7)], "class": [0, 5, 0]}
    square = {"kernel_shape": [16, 16], "strides": [16, 16]}
    nodes = [
        helper.make_node("Conv", ["image", "patch", "half"], ["bright"], **square),
        helper.make_node("Sigmoid", ["bright"], ["objectness"]),
        helper.make_node("Conv", ["image", "boxes", "box_bias"], ["box"], **square),
        helper.make_node("Conv", ["image", "classes", "class_bias"], ["logits"], **square),
        helper.make_node("Softmax", ["logits"], ["class"], axis=1),
        helper.make_node("Concat", ["objectness", "box", "class"], ["y"], axis=1),
    ]
    constants = {
        "patch": patch,
        "half": np.array([-10], np.float32),
        "boxes": boxes,
        "classes": np.zeros((3, 3, 16, 16), np.float32),
        "box_bias": np.array(bias["box"], np.float32),
        "class_bias": np.array(bias["class"], np.float32),
    }
    arrays = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    return build(nodes, arrays, {"y": None}, opset=13, input_shape=(1, 3, SIDE, SIDE))


def test_picodet_like_comes_in_equal_and_is_recognised(tmp_path: Path, store: Store) -> None:
    model = import_file(save(picodet_like(), tmp_path / "m.onnx"), None, store)
    spec = model.spec
    assert (spec.family, spec.strides, len(spec.labels)) == ("picodet", STRIDES, 5)
    assert (spec.color, spec.resize, spec.resize_filter) == ("RGB", "stretch", "bicubic")
    assert model.proof["max_relative_error"] < 1e-5
    changes = {change["change"] for change in model.proof["changes"]}
    assert {"weights_no_longer_inputs", "opset_converted"} <= changes
    assert [value.name for value in onnx.load(model.path).graph.input] == ["image"]


def test_fastestdet_like_sees_what_is_bright(tmp_path: Path, store: Store) -> None:
    model = import_file(save(fastestdet_like(), tmp_path / "m.onnx"), None, store)
    assert model.spec.family == "fastestdet"
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[32:48, 64:80] = 255
    found, _ = predict(model.path, picture, model.spec)
    assert found is not None and not isinstance(found, np.ndarray)
    likely = np.exp(5) / (np.exp(5) + 2)
    np.testing.assert_allclose(found.boxes, [[64 - 8, 32 - 8, 64 + 8, 32 + 8]], atol=0.01)
    assert found.scores.tolist() == pytest.approx([likely**0.4], rel=1e-3)
    assert found.classes.tolist() == [1]
