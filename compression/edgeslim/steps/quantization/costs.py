"""Predicted time of operators in float and int8, from a table, so that choices never depend on a clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, prod

import onnx

from edgeslim.models.graph import Initializers, attributes, uses

LAYERS = ("Conv", "Gemm", "MatMul")
"""Linear operators with int8 kernels in onnxruntime."""
VIEWS = ("Reshape", "Squeeze", "Unsqueeze", "Flatten")
MOVES = ("Transpose", "Split", "Slice", "Gather")
STRIDED = ("Slice", "Gather")
FUSED = ("Relu", "Clip")
"""Activation functions that cost nothing, because they are fused into the layer before them."""
IMAGE_CHANNELS = 4
UNALIGNED = 1.25
"""Slowdown of layers whose input channels do not fill whole vectors, besides the factor of the unused lanes."""
NODE_NS = 3000.0
"""Overhead of starting an operator."""


@dataclass(frozen=True, slots=True)
class OperatorCosts:
    """Nanoseconds on one core. Pairs are (float, int8).

    Measured with onnxruntime 1.32's profiler (minimum of 25 runs of each operator of YOLOX-Nano and NanoDet-m, float
    and int8) on a Zen 5 core; for processors without VNNI, on the same core with onnxruntime limited to its AVX2 kernels.
    On other processors all figures differ, but their ratios much less, and only the ratios matter.
    """

    mac: tuple[float, float]
    mac_image: tuple[float, float]
    """Per MAC of a layer with at most four input channels, which has special kernels."""
    depthwise_mac: tuple[float, float]
    depthwise_unaligned: float
    """Per float MAC where the number of channels is no multiple of `depthwise_block`."""
    depthwise_block: int
    block: int
    """Float channels in a vector."""
    silu: tuple[float, float]
    """Per element, as all that follow."""
    sigmoid: tuple[float, float]
    hard_sigmoid: tuple[float, float]
    """In int8 a sum with a number."""
    lookup: tuple[float, float]
    """Other activation functions."""
    arithmetic: tuple[float, float]
    concat: tuple[float, float]
    move: tuple[float, float]
    strided: tuple[float, float]
    """Moves that pick every second element."""
    resize: tuple[float, float]
    pool: tuple[float, float]
    """Per element and window position."""
    layer: tuple[float, float]
    """Per input and output element of a layer, besides its MACs."""
    quantize: float
    """float → int8, including the change of memory layout."""
    dequantize: float


_SHARED = {
    "hard_sigmoid": (0.09, 0.06),
    "arithmetic": (0.17, 0.15),
    "concat": (0.09, 0.17),
    "move": (0.10, 0.06),
    "resize": (0.50, 0.15),
    "pool": (0.04, 0.024),
    "depthwise_unaligned": 0.16,
    "dequantize": 0.30,
}
AVX2 = OperatorCosts(
    mac=(0.0167, 0.0087),
    mac_image=(0.0223, 0.0115),
    depthwise_mac=(0.032, 0.0615),
    block=8,
    depthwise_block=4,
    silu=(0.33, 0.49),
    sigmoid=(0.26, 0.27),
    lookup=(0.0, 0.28),
    layer=(0.0, 0.064),
    strided=(0.20, 0.06),
    quantize=0.47,
    **_SHARED,  # type: ignore[arg-type]
)
VNNI = OperatorCosts(
    mac=(0.0091, 0.0020),
    mac_image=(0.0115, 0.0065),
    depthwise_mac=(0.0205, 0.0345),
    block=16,
    depthwise_block=16,
    silu=(0.155, 0.49),
    sigmoid=(0.13, 0.27),
    lookup=(0.0, 0.28),
    layer=(0.0, 0.064),
    strided=(0.12, 0.06),
    quantize=0.32,
    **_SHARED,  # type: ignore[arg-type]
)


class CostModel:
    """Predicted time of each node of a graph with fixed shapes, and of conversions between float and int8."""

    def __init__(self, model: onnx.ModelProto, costs: OperatorCosts) -> None:
        graph = onnx.shape_inference.infer_shapes(model).graph
        self._costs, self._weights = costs, Initializers(model.graph)
        self._reads = uses(model.graph)
        self._elements: dict[str, int] = {
            item.name: prod(max(size.dim_value, 1) for size in item.type.tensor_type.shape.dim)
            for item in (*graph.input, *graph.value_info, *graph.output)
        }
        sigmoids = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Sigmoid"}
        self._gates = {
            name
            for node in graph.node
            if node.op_type == "Mul"
            for name, other in (tuple(node.input), tuple(node.input)[::-1])
            if sigmoids.get(name) == other
        }
        """Outputs of sigmoids that are part of a SiLU."""

    def elements(self, tensor: str) -> int:
        return self._elements.get(tensor, 1)

    def macs(self, node: onnx.NodeProto) -> int:
        """Multiply-accumulates of a layer."""
        if node.op_type not in LAYERS or node.input[1] not in self._weights:
            return 0
        shape = self._weights.by_name[node.input[1]].dims
        transposed = node.op_type == "Gemm" and attributes(node).get("transB", 0)
        inner = int(prod(shape[1:]) if node.op_type == "Conv" or transposed else shape[-2])
        return self.elements(node.output[0]) * inner

    def node(self, node: onnx.NodeProto, int8: bool) -> float:
        """Nanoseconds of one run of the node."""
        costs, op = self._costs, node.op_type
        if op in VIEWS or op in FUSED:
            return NODE_NS if op in VIEWS else 0.0
        if op in LAYERS and node.input[1] in self._weights:
            return NODE_NS + self._layer(node, int8)
        if node.output[0] in self._gates and not int8:
            return 0.0  # fused with the Mul after it
        inputs = sum(self.elements(name) for name in node.input if name not in self._weights)
        outputs = self.elements(node.output[0])
        largest = outputs if "Pool" in op else max(inputs, outputs)
        return NODE_NS + largest * self._pair(node, costs)[int8]

    def float_time(self, nodes: Iterable[onnx.NodeProto]) -> float:
        """Nanoseconds of all the nodes in float."""
        return sum(self.node(node, int8=False) for node in nodes)

    def quantize(self, tensor: str) -> float:
        return 2 * NODE_NS + self.elements(tensor) * self._costs.quantize

    def dequantize(self, tensor: str) -> float:
        return 2 * NODE_NS + self.elements(tensor) * self._costs.dequantize

    def _layer(self, node: onnx.NodeProto, int8: bool) -> float:
        costs, macs = self._costs, self.macs(node)
        weight = self._weights.by_name[node.input[1]].dims
        groups = attributes(node).get("group", 1) if node.op_type == "Conv" else 1
        rate = costs.mac[int8]
        if node.op_type == "Conv" and weight[1] <= IMAGE_CHANNELS:
            rate = costs.mac_image[int8]
        elif node.op_type == "Conv" and weight[1] % costs.block:
            rate *= UNALIGNED * ceil(weight[1] / costs.block) * costs.block / weight[1]
        if groups > 1:
            rate = costs.depthwise_mac[int8]
            if not int8 and (weight[0] % costs.depthwise_block or groups != weight[0]):
                rate = costs.depthwise_unaligned
        through = self.elements(node.input[0]) + self.elements(node.output[0])
        return macs * rate + through * costs.layer[int8]

    def _pair(self, node: onnx.NodeProto, costs: OperatorCosts) -> tuple[float, float]:
        op = node.op_type
        if op == "Sigmoid":
            return costs.sigmoid
        if op == "HardSigmoid":
            return costs.hard_sigmoid
        if op == "Mul" and any(name in self._gates for name in node.input):
            # per input element: two for each output element
            return costs.silu[0] / 2, (costs.silu[1] - costs.sigmoid[1]) / 2
        if op in ("Add", "Sub", "Mul", "Div"):
            return costs.arithmetic[0] / 2, costs.arithmetic[1] / 2
        if op == "Concat":
            return costs.concat
        if op in STRIDED:
            return costs.strided
        if op in MOVES:
            return costs.move
        if op == "Resize":
            return costs.resize
        if "Pool" in op:
            window = prod(attributes(node).get("kernel_shape", [1]))
            return costs.pool[0] * window, costs.pool[1] * window
        return costs.lookup
