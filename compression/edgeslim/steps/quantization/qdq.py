"""Writes QuantizeLinear and DequantizeLinear into a graph so that onnxruntime fuses them into int8 kernels.

Every tensor that an int8 node reads or writes is quantized once, after the node that computes it. Weights are stored as
integers with one scale per output channel, biases as 32-bit integers on the product of both scales.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from edgeslim.export import clean
from edgeslim.export.hard_swish import hard_sigmoid
from edgeslim.export.integers import common_steps
from edgeslim.models.graph import Initializers, attributes, producers, set_nodes
from edgeslim.steps.quantization.calibration import Range
from edgeslim.steps.quantization.costs import LAYERS

STORED_LIMIT = 127
"""Largest code of weights that are only stored in 8 bits."""
IntegerWeight = tuple[NDArray[np.int8], NDArray[np.float32]]
"""Codes in the weight's shape, and one scale per output channel (channels,)."""


@dataclass(frozen=True, slots=True)
class Integers:
    """8-bit number types: activations in 256 levels, signed or not; weights in ±`weight_limit`."""

    signed_activations: bool
    weight_limit: int

    @property
    def lowest(self) -> int:
        return -128 if self.signed_activations else 0


def write_qdq(
    model: onnx.ModelProto,
    int8: Collection[str],
    ranges: Mapping[str, Range],
    integers: Integers,
    *,
    stored: Collection[str] = (),
    rounded: Mapping[str, IntegerWeight] | None = None,
) -> onnx.ModelProto:
    """A copy in which the nodes named in `int8` compute with integers on the given ranges of their tensors.

    Layers named in `stored` compute in float with weights stored as integers. Weights named in `rounded` take these
    codes; all others are rounded to nearest. Nodes that compute graph outputs must stay float.
    """
    result = deepcopy(model)
    _Writer(result, int8, ranges, integers, stored, rounded or {}).write()
    clean.drop_unused(result)
    return result


def grid(limits: Range, lowest: int) -> tuple[np.float32, int]:
    """Scale and zero point of 256 levels over the range, which is extended to contain zero exactly."""
    low, high = min(limits[0], 0.0), max(limits[1], 0.0)
    scale = np.float32(max((high - low) / 255, 1e-12))
    return scale, int(np.clip(np.rint(lowest - low / scale), lowest, lowest + 255))


def integer_weight(weight: NDArray[np.float32], axis: int, limit: int) -> IntegerWeight:
    """Codes within ±limit of a weight, and its scale for every index along `axis`: (channels,).

    A channel whose weights are whole multiples of a step, as after a low-bit step, keeps that step: its codes are exact
    and as few as before.
    """
    rows = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
    peak = np.abs(rows).max(axis=1)
    scale = np.maximum(peak / limit, 1e-12).astype(np.float32)
    step = common_steps(rows, limit)
    scale = np.where(step > 0, step, scale)
    spread = scale.reshape([-1 if index == axis else 1 for index in range(weight.ndim)])
    return np.clip(np.rint(weight / spread), -limit, limit).astype(np.int8), scale


def channel_axis(node: onnx.NodeProto, rank: int) -> int:
    """Axis of the output channels in a layer's weight."""
    if node.op_type == "Conv":
        return 0
    if node.op_type == "Gemm":
        return 0 if attributes(node).get("transB", 0) else 1
    return rank - 1


class _Writer:
    def __init__(
        self,
        model: onnx.ModelProto,
        int8: Collection[str],
        ranges: Mapping[str, Range],
        integers: Integers,
        stored: Collection[str],
        rounded: Mapping[str, IntegerWeight],
    ) -> None:
        self.graph = model.graph
        self.weights = Initializers(self.graph)
        self.int8, self.ranges, self.integers = int8, ranges, integers
        self.stored, self.rounded = stored, rounded
        self.made = producers(self.graph)
        self.read_by_int8 = {
            name for node in self.graph.node if node.name in int8 for name in node.input if name in ranges
        }
        self.scales: dict[str, np.float32] = {}
        self.nodes: list[onnx.NodeProto] = []

    def write(self) -> None:
        for item in self.graph.input:
            if item.name in self.read_by_int8:
                self._pair(item.name)
        for original in list(self.graph.node):
            node = deepcopy(original)
            int8 = node.name in self.int8
            steps = 1.0
            if int8 and node.op_type in LAYERS and node.input[1] in self.weights:
                self._layer(node)
            elif node.name in self.stored and node.input[1] in self.weights:
                self._stored_weight(node)
            for index, name in enumerate(node.input):
                maker = self.made.get(name)
                if name in self.scales and (int8 or (maker is not None and maker.name in self.int8)):
                    node.input[index] = f"{name}.float"
            if int8 and node.op_type == "HardSigmoid":
                node, steps = self._gate(node)
            self.nodes.append(node)
            for name in original.output:
                if name in self.ranges and (int8 or name in self.read_by_int8):
                    self._pair(name, steps)
        set_nodes(self.graph, self.nodes)

    def _gate(self, node: onnx.NodeProto) -> tuple[onnx.NodeProto, float]:
        """A HardSigmoid, for which there is no int8 kernel, as a sum: quantized to its limits it is cut off there.

        The sum is 1 / slope times as large as the result; the second value says so.
        """
        function, lowest = hard_sigmoid(node), self.integers.lowest
        shift, base = function.shift, f"{node.output[0]}.shift"
        kind = np.int8 if self.integers.signed_activations else np.uint8
        code, zero = (lowest + 255, lowest) if shift >= 0 else (lowest, lowest + 255)
        self.weights.put(f"{base}.int8", np.array(code, kind))
        self.weights.put(f"{base}.scale", np.array(max(abs(shift) / 255, 1e-12), np.float32))
        self.weights.put(f"{base}.zero", np.array(zero, kind))
        inputs = [f"{base}.int8", f"{base}.scale", f"{base}.zero"]
        self.nodes.append(
            helper.make_node("DequantizeLinear", inputs, [f"{base}.float"], name=f"{base}.dequantize")
        )
        added = [node.input[0], f"{base}.float"]
        return helper.make_node("Add", added, list(node.output), name=node.name), 1 / function.slope

    def _pair(self, name: str, larger: float = 1.0) -> None:
        """Quantize the tensor, and dequantize it under the name `<tensor>.float`.

        The tensor is `larger` than what its range is of, which is what it is dequantized to.
        """
        lowest = self.integers.lowest
        scale, zero = grid(self.ranges[name], lowest)
        self.scales[name] = scale
        kind = np.int8 if self.integers.signed_activations else np.uint8
        self.weights.put(f"{name}.scale", np.array(scale, np.float32))
        self.weights.put(f"{name}.zero", np.array(zero, kind))
        fixed = [f"{name}.scale", f"{name}.zero"]
        given = fixed
        if larger != 1.0:
            self.weights.put(f"{name}.sum", np.array(scale * larger, np.float32))
            given = [f"{name}.sum", f"{name}.zero"]
        self.nodes += [
            helper.make_node("QuantizeLinear", [name, *given], [f"{name}.int8"], name=f"{name}.quantize"),
            helper.make_node(
                "DequantizeLinear", [f"{name}.int8", *fixed], [f"{name}.float"], name=f"{name}.dequantize"
            ),
        ]

    def _layer(self, node: onnx.NodeProto) -> None:
        data, weight = node.input[0], node.input[1]
        assert data in self.scales, "an int8 layer reads a tensor with a range"
        scale = self._integer_weight(node)
        if len(node.input) < 3 or node.input[2] not in self.weights:
            return
        bias = self.weights.array(node.input[2]).astype(np.float64).reshape(-1)
        steps = self.scales[data] * scale
        if bias.shape != steps.shape:
            return
        base = f"{node.output[0]}.bias"
        codes = np.clip(np.rint(bias / steps), -(2**31) + 1, 2**31 - 1).astype(np.int32)
        self._stored(base, codes, steps.astype(np.float32), 0)
        node.input[1], node.input[2] = f"{weight}.float", f"{base}.float"

    def _stored_weight(self, node: onnx.NodeProto) -> None:
        """Store the weight as integers that ordinary operators cast and scale, which onnxruntime folds at load.

        It does not fold DequantizeLinear, and a convolution whose weight is computed runs much slower.
        """
        name = node.input[1]
        axis = channel_axis(node, len(self.weights.by_name[name].dims))
        codes, scale = self._rounded(name, axis, STORED_LIMIT)
        if f"{name}.codes" not in self.weights:
            self.weights.put(f"{name}.codes", codes)
            shape = [-1 if index == axis else 1 for index in range(codes.ndim)]
            self.weights.put(f"{name}.steps", scale.reshape(shape))
            self.nodes += [
                helper.make_node(
                    "Cast",
                    [f"{name}.codes"],
                    [f"{name}.cast"],
                    name=f"{name}.cast",
                    to=onnx.TensorProto.FLOAT,
                ),
                helper.make_node(
                    "Mul", [f"{name}.cast", f"{name}.steps"], [f"{name}.scaled"], name=f"{name}.scaled"
                ),
            ]
        node.input[1] = f"{name}.scaled"

    def _integer_weight(self, node: onnx.NodeProto) -> NDArray[np.float32]:
        """Store the layer's weight as integers and connect the node to it; returns its scales (channels,)."""
        name = node.input[1]
        axis = channel_axis(node, len(self.weights.by_name[name].dims))
        codes, scale = self._rounded(name, axis, self.integers.weight_limit)
        if f"{name}.int8" not in self.weights:
            self._stored(name, codes, scale, axis)
        node.input[1] = f"{name}.float"
        return scale

    def _rounded(self, name: str, axis: int, limit: int) -> IntegerWeight:
        given = self.rounded.get(name)
        return integer_weight(self.weights.array(name), axis, limit) if given is None else given

    def _stored(
        self, name: str, codes: NDArray[np.signedinteger], scale: NDArray[np.float32], axis: int
    ) -> None:
        self.weights.put(f"{name}.int8", codes)
        self.weights.put(f"{name}.scale", scale)
        self.weights.put(f"{name}.zero", np.zeros(scale.shape, codes.dtype))
        inputs = [f"{name}.int8", f"{name}.scale", f"{name}.zero"]
        self.nodes.append(
            helper.make_node(
                "DequantizeLinear", inputs, [f"{name}.float"], name=f"{name}.dequantize", axis=axis
            )
        )
