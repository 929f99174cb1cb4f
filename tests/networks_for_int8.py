"""Small graphs with what int8 finds hard, and images without a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgeslim.models.base import ModelSpec
from edgeslim.ort import open_session
from edgeslim.steps import StepContext

SIDE = 96
SPEC = ModelSpec(input_width=SIDE, input_height=SIDE)


@dataclass(frozen=True)
class Pictures:
    """Smooth random pictures, the same ones every time."""

    count: int = 6
    fingerprint: str = "pictures"

    def __len__(self) -> int:
        return self.count

    def image(self, index: int) -> np.ndarray:
        coarse = np.random.default_rng(index).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        return np.kron(coarse, np.ones((SIDE // 8, SIDE // 8, 1), np.uint8))

    def target(self, index: int) -> None:
        return None

    def image_id(self, index: int) -> str:
        return str(index)


class Builder:
    """Adds operators one after another; each returns the name of its output."""

    def __init__(self, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, op: str, *inputs: str, **attributes: object) -> str:
        name = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=f"node_{name}", **attributes))
        return name

    def weight(self, values: np.ndarray) -> str:
        name = f"weight{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def conv(
        self, data: str, inputs: int, outputs: int, kernel: int = 1, group: int = 1, stride: int = 1
    ) -> str:
        shape = (outputs, inputs // group, kernel, kernel)
        scale = 1 / np.sqrt(inputs // group * kernel * kernel)
        weight = self.weight((self.random.normal(size=shape) * scale).astype(np.float32))
        bias = self.weight((self.random.normal(size=outputs) * 0.1).astype(np.float32))
        pads = [kernel // 2] * 4
        return self.add(
            "Conv",
            data,
            weight,
            bias,
            group=group,
            pads=pads,
            strides=[stride] * 2,
            kernel_shape=[kernel] * 2,
        )

    def silu(self, data: str) -> str:
        return self.add("Mul", data, self.add("Sigmoid", data))

    def model(self, *outputs: str, side: int = SIDE) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, (1, 3, side, side))],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return onnx.shape_inference.infer_shapes(model)


def focus(build: Builder) -> str:
    """The four phases of the image on top of each other."""

    def half(data: str, start: int, axis: int) -> str:
        limits = [build.weight(np.array([value], np.int64)) for value in (start, 2**63 - 1, axis, 2)]
        return build.add("Slice", data, *limits)

    order = ((0, 0), (1, 0), (0, 1), (1, 1))
    return build.add("Concat", *(half(half("image", row, 2), column, 3) for row, column in order), axis=1)


def silu_network(width: int = 64, side: int = SIDE) -> onnx.ModelProto:
    """Focus, SiLU blocks with depthwise layers, pyramid pooling, a residual and two heads of different nature."""
    build = Builder()
    scaled = build.add("Mul", focus(build), build.weight(np.float32(1 / 64)))
    first = build.silu(build.conv(scaled, 12, width, 3))
    deep = build.silu(build.conv(first, width, width, 3, group=width, stride=2))
    wide = build.silu(build.conv(deep, width, width))
    total = build.add("Add", wide, deep)
    pools = [
        build.add("MaxPool", total, kernel_shape=[k, k], pads=[k // 2] * 4, strides=[1, 1]) for k in (3, 5, 7)
    ]
    joined = build.add("Concat", total, *pools, axis=1)
    neck = build.silu(build.conv(joined, 4 * width, width))
    boxes = build.conv(neck, width, 4)
    scores = build.add("Sigmoid", build.conv(build.silu(build.conv(neck, width, width)), width, 8))
    return build.model(build.add("Concat", boxes, scores, axis=1), side=side)


def leaky_network() -> onnx.ModelProto:
    """LeakyRelu, then a depthwise layer, with channels of very different ranges."""
    build = Builder()
    scaled = build.add("Mul", "image", build.weight(np.float32(1 / 64)))
    data = build.conv(scaled, 3, 16, 3)
    spread = np.logspace(-2, 1, 16, dtype=np.float32)
    for name in (build.nodes[-1].input[1], build.nodes[-1].input[2]):
        item = next(item for item in build.weights if item.name == name)
        values = numpy_helper.to_array(item)
        item.CopyFrom(numpy_helper.from_array(values * spread.reshape(-1, *(1,) * (values.ndim - 1)), name))
    data = build.add("LeakyRelu", data, alpha=0.1)
    data = build.conv(data, 16, 16, 3, group=16)
    inverse = next(item for item in build.weights if item.name == build.nodes[-1].input[1])
    values = numpy_helper.to_array(inverse) / spread[:, None, None, None]
    inverse.CopyFrom(numpy_helper.from_array(values.astype(np.float32), inverse.name))
    data = build.add("LeakyRelu", build.conv(data, 16, 24), alpha=0.1)
    return build.model(build.conv(data, 24, 8))


def context(**values: object) -> StepContext:
    return StepContext(spec=SPEC, original=Path("network.onnx"), calibration=Pictures(), **values)  # type: ignore[arg-type]


def outputs(model: onnx.ModelProto, index: int = 99) -> list[np.ndarray]:
    """For a picture that no calibration has seen."""
    image = Pictures().image(index).transpose(2, 0, 1)[None].astype(np.float32)
    return open_session(model).run(image)


def relative_error(model: onnx.ModelProto, other: onnx.ModelProto) -> float:
    """Largest over outputs, L2."""
    pairs = zip(outputs(model), outputs(other), strict=True)
    return max(float(np.linalg.norm(a - b) / np.linalg.norm(a)) for a, b in pairs)


def operators(model: onnx.ModelProto) -> Mapping[str, int]:
    kinds = [node.op_type for node in model.graph.node]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
