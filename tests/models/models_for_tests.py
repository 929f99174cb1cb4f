"""Small ONNX models, built by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HEIGHT, WIDTH = 32, 48
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def weights(name: str, *shape: int) -> onnx.TensorProto:
    values = np.random.default_rng(len(name)).standard_normal(shape, dtype=np.float32)
    return numpy_helper.from_array(values * np.float32(0.1), name)


def build(
    nodes: list[onnx.NodeProto],
    initializers: list[onnx.TensorProto],
    outputs: dict[str, list[Any] | None],
    *,
    opset: int = 17,
    input_shape: tuple[Any, ...] = (1, 3, HEIGHT, WIDTH),
    input_type: int = TensorProto.FLOAT,
    **more: Any,
) -> onnx.ModelProto:
    """A model with one input 'image'."""
    image = helper.make_tensor_value_info("image", input_type, input_shape)
    declared = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()
    ]
    graph = helper.make_graph(nodes, "test", [image], declared, initializers)
    opsets = [helper.make_opsetid("", opset), *more.pop("opset_imports", [])]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **more)


def detector(
    classes: int = 3, *, opset: int = 17, input_shape: tuple[Any, ...] = (1, 3, HEIGHT, WIDTH)
) -> onnx.ModelProto:
    """Like the 'fcos' family at stride 8: Conv, BatchNormalization, Relu, and a convolution for each map."""
    nodes = [
        helper.make_node("Conv", ["image", "stem"], ["a"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("BatchNormalization", ["a", "scale", "shift", "mean", "variance"], ["b"]),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("Conv", ["c", "class_weight"], ["classes"]),
        helper.make_node("Conv", ["c", "box_weight"], ["boxes"]),
    ]
    initializers = [
        weights("stem", 6, 3, 8, 8),
        weights("scale", 6),
        weights("shift", 6),
        weights("mean", 6),
        numpy_helper.from_array(np.linspace(0.5, 2, 6, dtype=np.float32), "variance"),
        weights("class_weight", classes, 6, 1, 1),
        weights("box_weight", 4, 6, 1, 1),
    ]
    return build(nodes, initializers, {"classes": None, "boxes": None}, opset=opset, input_shape=input_shape)


def save(model: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path
