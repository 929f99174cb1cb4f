"""From packed storage back to plain float weights; the entropy of the codes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgeslim.metrics import size
from edgeslim.ort import open_session
from edgeslim.sessions import Tensor

_CODES = (TensorProto.UINT8, TensorProto.INT8, TensorProto.INT4, TensorProto.INT2)
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
_INTEGER, _RECURRENT = {"Conv", "Gemm", "MatMul"}, {"GRU", "LSTM", "RNN"}
Nodes = list[onnx.NodeProto]


def stored_bytes(model: onnx.ModelProto) -> dict[str, int]:
    """Bytes of a packed file by kind: codes, floats (scales, biases, codebooks), and the rest of the graph."""
    tensors = [*model.graph.initializer, *(node.attribute[0].t for node in _constants(model))]

    def held(types: tuple[int, ...]) -> int:
        return sum(len(item.raw_data) for item in tensors if item.data_type in types)

    codes, floats = held(_CODES), held(_FLOATS)
    return {"codes": codes, "floats": floats, "graph": model.ByteSize() - codes - floats}


def unpacked(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the model in which everything that depends on stored tensors alone is computed and stored.

    onnxruntime computes it, as it does when it loads the file.
    """
    decode, rest = _parts(model)
    elsewhere = {name for node in rest for name in node.input} | {item.name for item in model.graph.output}
    wanted = sorted(elsewhere & {name for node in decode for name in node.output})
    result = deepcopy(model)
    if not wanted:
        return result
    values = _computed(model, decode, wanted)
    plain = [numpy_helper.from_array(value, name) for name, value in zip(wanted, values, strict=True)]
    kept = [item for item in model.graph.initializer if item.name in elsewhere]
    del result.graph.initializer[:], result.graph.node[:]
    result.graph.initializer.extend([*plain, *kept])
    result.graph.node.extend(rest)
    return result


def with_plain_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """`unpacked`, if the graph decodes weights of layers that could use integers and none does; else the model."""
    decode, rest = _parts(model)
    made = {name for node in decode for name in node.output}
    coded = {node.op_type for node in rest if len(node.input) > 1 and node.input[1] in made}
    integers = any(node.op_type.endswith("QuantizeLinear") for node in rest)
    return unpacked(model) if coded & _INTEGER and not coded & _RECURRENT and not integers else model


def entropy_bound(model: onnx.ModelProto) -> int:
    """Shannon bound of all stored tensors in bytes, with packed codes counted as codes instead of bytes.

    Each layer's codes are one source of symbols: the entropy of bytes that mix fields of codes, or codes of several
    layers, would be a looser bound. For a file without packed codes it is `metrics.size.entropy_bound`.
    """
    total = size.entropy_bound(model)
    streams = [node for node in _constants(model) if node.attribute[0].t.data_type == TensorProto.UINT8]
    if not streams:
        return total
    decode, _ = _parts(model)
    read = {name for node in decode for name in node.input}
    coming = {node.output[0] for node in streams}
    pieces: list[str] = []
    for node in decode:
        if not coming & set(node.input):
            continue
        if node.op_type == "Split":
            pieces += [name for name in node.output if name in read]
        else:
            coming.update(node.output)
    if not pieces:  # bytes that are no codes
        return total
    bytes_ = sum(size.entropy_bits(numpy_helper.to_array(node.attribute[0].t)) for node in streams)
    codes = sum(size.entropy_bits(each) for each in _computed(model, decode, pieces))
    return int(np.ceil(total + (codes - bytes_) / 8))


def _constants(model: onnx.ModelProto) -> Nodes:
    return [
        node for node in model.graph.node if node.op_type == "Constant" and node.attribute[0].HasField("t")
    ]


def _parts(model: onnx.ModelProto) -> tuple[Nodes, Nodes]:
    """Nodes that depend on stored tensors alone, and the others."""
    known = {item.name for item in model.graph.initializer} - {item.name for item in model.graph.input}
    decode: Nodes = []
    rest: Nodes = []
    for node in model.graph.node:
        if node.op_type == "Constant" or (node.input and all(name in known for name in node.input if name)):
            decode.append(node)
            known.update(node.output)
        else:
            rest.append(node)
    return decode, rest


def _computed(model: onnx.ModelProto, decode: Nodes, wanted: Sequence[str]) -> list[Tensor]:
    read = {name for node in decode for name in node.input}
    stored = [item for item in model.graph.initializer if item.name in read]
    asked = [onnx.ValueInfoProto(name=name) for name in wanted]
    single = helper.make_model(
        helper.make_graph(decode, "decode", [], asked, stored),
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
    )
    return open_session(single).values({})
