"""Which layers of a graph compute with 8-bit integers: by their operators, or fused with the conversions around them."""

from __future__ import annotations

from collections import defaultdict

import onnx

from edgeslim.metrics.graph import Graph

_INTEGER = ("ConvInteger", "MatMulInteger", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "QGemm")
_FUSIBLE = ("Conv", "Gemm", "MatMul")
_CUT_OFF = ("Relu", "Clip")
"""What the conversion of a layer's output does along with it."""
_BYTES = (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)


def integer_layers(graph: Graph) -> list[onnx.NodeProto]:
    """Layers with integer operators; and those that onnxruntime fuses: their data are converted from bytes, and
    what a convolution makes is only read as such."""
    makers = {name: node for node in (*graph.constant_nodes, *graph.nodes) for name in node.output}
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.nodes:
        for name in node.input:
            readers[name].append(node)

    def is_from_bytes(name: str) -> bool:
        maker = makers.get(name)
        if maker is None or maker.op_type != "DequantizeLinear":
            return False
        codes = maker.input[0]
        stored = graph.stored.get(codes)
        source = makers.get(codes)
        return stored.data_type in _BYTES if stored is not None else source is not None

    def is_made_bytes(name: str) -> bool:
        reading = readers[name]
        return (
            bool(reading)
            and name not in graph.outputs
            and all(
                each.op_type == "QuantizeLinear"
                or (each.op_type in _CUT_OFF and is_made_bytes(each.output[0]))
                for each in reading
            )
        )

    def is_integer(node: onnx.NodeProto) -> bool:
        if node.op_type in _INTEGER or node.op_type.startswith("QLinear"):
            return True
        if node.op_type not in _FUSIBLE or not is_from_bytes(node.input[0]):
            return False
        if node.op_type == "Conv":  # whose weight onnxruntime converts itself where the file does not
            return graph.is_constant(node.input[1]) and is_made_bytes(node.output[0])
        return is_from_bytes(node.input[1])

    return [node for node in graph.nodes if is_integer(node)]
