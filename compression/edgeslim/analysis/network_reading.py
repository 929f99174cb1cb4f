"""An ONNX file → its `Network`. Needs no onnxruntime where ONNX can infer all shapes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from math import prod

import onnx

from edgeslim.analysis.network import Network, Node
from edgeslim.analysis.network_folding import folded
from edgeslim.analysis.network_names import named
from edgeslim.metrics import counts
from edgeslim.metrics.graph import Graph, attribute, read
from edgeslim.metrics.size import stored_bytes, tensor_bytes

Shares = dict[str, dict[int, float]]
"""Stored tensor → node → the part of it that the node needs."""
_WEIGHT = {"QLinearConv": 3, "QLinearMatMul": 3, "QGemm": 3}
"""The input that is the weight, where it is not the second."""
_CODES = {
    onnx.TensorProto.UINT8, onnx.TensorProto.INT8, onnx.TensorProto.UINT4, onnx.TensorProto.INT4,
    onnx.TensorProto.UINT2, onnx.TensorProto.INT2,
}  # fmt: skip
_FIRST_ONLY = frozenset({"DequantizeLinear", "Sub", "Mul", "Div", "Mod", "BitShift", "Reshape", "CumSum"})
"""Operators of which the first input alone are codes: the others are scales, zero points, shifts and shapes."""
_INTEGER = ("ConvInteger", "MatMulInteger", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM")


def network_of(model: onnx.ModelProto) -> Network:
    """The file's network. Raises ModelError as `metrics.graph.read` does."""
    return read_network(model)[0]


def read_network(model: onnx.ModelProto) -> tuple[Network, Graph, tuple[str, ...]]:
    """The network, the graph it was read from, and for each node the name of its weight in that, '' without one."""
    graph = read(model)
    nodes = counts.depth_first(graph)
    groups = folded(nodes, graph)
    owner = {
        name: place for place, group in enumerate(groups) for node in group.nodes for name in node.output
    }
    params = Counter[int]()
    for name, reader in counts.learned(graph).items():
        if reader in owner:
            params[owner[reader]] += prod(graph.shapes[name])
    reads = [
        (name, place)
        for place, group in enumerate(groups)
        for node in group.nodes
        for name in node.input
        if name and graph.is_constant(name)
    ]
    held = _divided(_traced(graph, reads, _all_inputs), graph)
    found = []
    for place, group in enumerate(groups):
        head = group.head
        weight = _weight(head, graph)
        shape = None if weight is None else graph.shapes[weight]
        stored, bits = _storage(weight, graph) if weight is not None else (None, None)
        data = next((name for name in head.input if name and not graph.is_constant(name)), "")
        found.append(
            Node(
                name=weight or "",
                op=head.op_type,
                fused=tuple(node.op_type for node in group.shown),
                scope=(),
                inputs=tuple(dict.fromkeys(owner.get(name, -1) for name in group.inputs)),
                weight=shape,
                outputs_first=_outputs_first(head),
                groups=int(attribute(head, "group", 1)),
                strides=tuple(attribute(head, "strides", ())),
                shape_in=graph.shapes.get(data, ()),
                shape_out=graph.shapes.get(group.output, ()),
                params=params[place],
                macs=sum(counts.macs_of(node, graph) for node in group.nodes),
                bytes=held[place],
                stored=stored,
                bits=bits,
                computes=_arithmetic(group.integer, head, graph),
            )
        )
    total = stored_bytes(model)
    network = named(
        Network(
            nodes=tuple(found),
            outputs=tuple(dict.fromkeys(owner[name] for name in graph.outputs if name in owner)),
            rest=total - sum(held.values()),
            file=model.ByteSize(),
        ),
        [_stored_name(node.name, graph) for node in found],
        [group.head.name for group in groups],
    )
    return network, graph, tuple(node.name for node in found)


def _weight(head: onnx.NodeProto, graph: Graph) -> str | None:
    """Name of the largest learned tensor of a node with two axes or more."""
    slot = _WEIGHT.get(head.op_type)
    names = head.input[slot : slot + 1] if slot is not None else head.input
    if head.op_type not in counts.WEIGHTS:
        return None
    sizes = {
        name: prod(graph.shapes[name])
        for name in names
        if name and graph.is_constant(name) and len(graph.shapes.get(name, ())) > 1
    }
    return max(sizes, key=lambda name: sizes[name]) if sizes else None


def _outputs_first(head: onnx.NodeProto) -> bool:
    if head.op_type in ("Conv", "ConvInteger", "QLinearConv"):
        return True
    return bool(attribute(head, "transB", 0)) if head.op_type in ("Gemm", "QGemm") else False


def _arithmetic(integer: bool, head: onnx.NodeProto, graph: Graph) -> str:
    if integer or head.op_type in _INTEGER or head.op_type.startswith("QLinear"):
        return "int8"
    name = head.output[0]
    elements = prod(graph.shapes.get(name, ()))
    width = graph.bytes[name] // elements if elements and name in graph.bytes else 4
    return {1: "int8", 2: "float16", 8: "64 bit"}.get(width, "float32")


def _storage(weight: str, graph: Graph) -> tuple[str, float]:
    """Number type and bits of a weight's codes; its own where it is stored as it is used."""
    elements = prod(graph.shapes[weight])
    sources = _traced(graph, [(weight, 0)], _code_inputs)
    codes = [name for name in sources if graph.stored[name].data_type in _CODES]
    if not codes:
        tensor = max((graph.stored[name] for name in sources), key=tensor_bytes)
        return _type_name(tensor), 8 * tensor_bytes(tensor) / max(1, prod(tensor.dims))
    # A stream holds the codes of several layers: of each, a layer has the part that is split off for it.
    used = sum(8 * tensor_bytes(graph.stored[name]) * min(1.0, sources[name][0]) for name in codes)
    largest = max((graph.stored[name] for name in codes), key=tensor_bytes)
    return _type_name(largest), used / elements


def _type_name(tensor: onnx.TensorProto) -> str:
    name = onnx.TensorProto.DataType.Name(tensor.data_type).lower()
    return "float32" if name == "float" else name


def _stored_name(weight: str, graph: Graph) -> str:
    """The name under which the weight's codes are stored, if the file tells: '' for those of a stream."""
    if not weight or weight in graph.stored:
        return weight
    sources = _traced(graph, [(weight, 0)], _code_inputs)
    whole = [name for name in sources if prod(graph.shapes.get(name, ())) == prod(graph.shapes[weight])]
    return whole[0] if len(whole) == 1 else ""


def _all_inputs(node: onnx.NodeProto) -> Sequence[str]:
    return [name for name in node.input if name]


def _code_inputs(node: onnx.NodeProto) -> Sequence[str]:
    return node.input[:1] if node.op_type in _FIRST_ONLY else _all_inputs(node)


def _traced(
    graph: Graph, reads: Sequence[tuple[str, int]], inputs: Callable[[onnx.NodeProto], Sequence[str]]
) -> Shares:
    """Back from the constants that nodes read to the stored tensors; what is split off counts as its part."""
    shares: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for name, place in reads:
        shares[name][place] = 1.0
    for node in reversed(graph.constant_nodes):
        sizes = [prod(graph.shapes.get(name, ())) for name in node.output]
        for name, size in zip(node.output, sizes, strict=True):
            for place, share in shares.pop(name, {}).items():
                for source in inputs(node):
                    shares[source][place] += share * size / max(1, sum(sizes))
    return {name: dict(found) for name, found in shares.items() if name in graph.stored}


def _divided(shares: Shares, graph: Graph) -> Counter[int]:
    """Bytes by node: of a tensor that several need, each holds its part; no byte is lost or counted twice."""
    held = Counter[int]()
    for name, parts in shares.items():
        total, size, given, done = sum(parts.values()), tensor_bytes(graph.stored[name]), 0, 0.0
        for place, share in parts.items():
            done += share
            until = round(size * done / total)
            held[place] += until - given
            given = until
    return held
