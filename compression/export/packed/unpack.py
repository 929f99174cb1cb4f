"""From packed storage back to plain float weights."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper, numpy_helper

_CODES = (TensorProto.UINT8, TensorProto.INT8, TensorProto.INT4, TensorProto.INT2)
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)


def stored_bytes(model: onnx.ModelProto) -> dict[str, int]:
    """Where the bytes of a packed file are: codes, floats (scales, biases, palettes), and the graph, all that is left."""
    constants = [node.attribute[0].t for node in model.graph.node if node.op_type == "Constant"]
    tensors = [*model.graph.initializer, *constants]

    def held(types: tuple[int, ...]) -> int:
        return sum(len(item.raw_data) for item in tensors if item.data_type in types)

    codes, floats = held(_CODES), held(_FLOATS)
    return {"codes": codes, "floats": floats, "graph": model.ByteSize() - codes - floats}


def unpacked(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the model with all that depends on stored tensors alone computed and stored as plain tensors.

    onnxruntime computes it, as it does when it loads the file.
    """
    import onnxruntime

    result = onnx.ModelProto()
    result.CopyFrom(model)
    inputs = {item.name for item in model.graph.input}
    known = {item.name for item in model.graph.initializer} - inputs
    decode, rest = [], []
    for node in model.graph.node:
        if node.op_type == "Constant" or (node.input and all(name in known for name in node.input if name)):
            decode.append(node)
            known.update(node.output)
        else:
            rest.append(node)
    made = {name for node in decode for name in node.output}
    elsewhere = {name for node in rest for name in node.input} | {item.name for item in model.graph.output}
    wanted = sorted(elsewhere & made)
    if not wanted:
        return result
    read = {name for node in decode for name in node.input}
    stored = [item for item in model.graph.initializer if item.name in read]
    asked = [onnx.ValueInfoProto(name=name) for name in wanted]
    single = helper.make_model(
        helper.make_graph(decode, "decode", [], asked, stored),
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        single.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    values = session.run(None, {})
    plain = [numpy_helper.from_array(value, name) for name, value in zip(wanted, values, strict=True)]
    kept = [item for item in model.graph.initializer if item.name in elsewhere]
    del result.graph.initializer[:], result.graph.node[:]
    result.graph.initializer.extend([*plain, *kept])
    result.graph.node.extend(rest)
    return result
