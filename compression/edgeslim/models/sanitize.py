"""Normalising a model without changing its outputs: changes are listed; the caller compares the outputs."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import onnx
from onnx import inliner, numpy_helper, version_converter

from edgeslim.models.folding import fold
from edgeslim.models.graph import (
    PRODUCER,
    all_nodes,
    opset_version,
    remove_unused,
    set_nodes,
    set_weights,
    used_names,
)

TARGET_OPSET = 17
"""Older models are converted to this opset: per-channel quantization needs 13, and the exporter writes 17."""
_WEIGHTS_ALONE = 4
"""The first version of the file format in which weights need not be inputs."""
Change = dict[str, Any]
"""`{"change": code, …}`: the kind of change, and its count or its old and new value."""


def with_input_shape(model: onnx.ModelProto, name: str, shape: tuple[int, ...]) -> onnx.ModelProto:
    """A copy that declares this input shape, and no shape of any other tensor."""
    copy = deepcopy(model)
    for value in copy.graph.input:
        if value.name == name:
            _declare(value, shape)
    for value in copy.graph.output:
        value.type.tensor_type.ClearField("shape")
    del copy.graph.value_info[:]
    return copy


def with_constant_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with weights that nobody can feed, in place: onnxruntime optimizes it as it does the sane one."""
    _drop_weight_inputs(model.graph)
    model.ir_version = max(model.ir_version, _WEIGHTS_ALONE)
    return model


def sanitize(model: onnx.ModelProto) -> tuple[onnx.ModelProto, list[Change]]:
    """A copy that common tools can handle, and the changes. The input must have its final, fixed shape.

    Weights are initializers (no inputs, no Constant nodes), the opset is at least TARGET_OPSET, functions are
    inlined, constants are folded, identities and unused nodes and weights are removed, and each node has a unique
    name. BatchNormalization stays. Raises onnx's errors if conversion fails.
    """
    changes: list[Change] = []
    copy = deepcopy(model)
    if copy.functions:
        changes.append({"change": "functions_inlined", "count": len(copy.functions)})
        copy = inliner.inline_local_functions(copy)
    _note(changes, "weights_no_longer_inputs", _drop_weight_inputs(copy.graph))
    copy = _convert_opset(copy, changes)
    _constants_to_initializers(copy.graph)
    _note(changes, "unused_removed", remove_unused(copy.graph))
    _note(changes, "identities_removed", _remove_identities(copy.graph))
    _note(changes, "constants_folded", fold(copy))
    remove_unused(copy.graph)
    _name_nodes(copy.graph)
    return _stripped(copy), changes


def declare_outputs(model: onnx.ModelProto, observed: list[list[tuple[int, ...]]]) -> None:
    """Declare the outputs' observed shapes, in place; a size that differs between runs is left open."""
    for index, value in enumerate(model.graph.output):
        shapes = [run[index] for run in observed]
        if len({len(shape) for shape in shapes}) == 1:
            sizes = [set(dims) for dims in zip(*shapes, strict=True)]
            _declare(value, tuple(dims.pop() if len(dims) == 1 else None for dims in sizes))


def _declare(value: onnx.ValueInfoProto, shape: tuple[int | None, ...]) -> None:
    tensor = value.type.tensor_type
    tensor.shape.Clear()
    tensor.shape.SetInParent()
    for index, size in enumerate(shape):
        dim = tensor.shape.dim.add()
        if size is None:
            dim.dim_param = f"{value.name}_{index}"
        else:
            dim.dim_value = size


def _note(changes: list[Change], code: str, count: int) -> None:
    if count:
        changes.append({"change": code, "count": count})


def _drop_weight_inputs(graph: onnx.GraphProto) -> int:
    weights = {tensor.name for tensor in graph.initializer}
    kept = [value for value in graph.input if value.name not in weights]
    dropped = len(graph.input) - len(kept)
    del graph.input[:]
    graph.input.extend(kept)
    return dropped


def _convert_opset(model: onnx.ModelProto, changes: list[Change]) -> onnx.ModelProto:
    opset = opset_version(model)
    if opset < TARGET_OPSET:
        model.ir_version = max(model.ir_version, _WEIGHTS_ALONE)
        model = version_converter.convert_version(model, TARGET_OPSET)
        changes.append({"change": "opset_converted", "from": opset, "to": TARGET_OPSET})
    del model.opset_import[:]
    model.opset_import.append(onnx.helper.make_opsetid("", max(opset, TARGET_OPSET)))
    model.ir_version = onnx.helper.find_min_ir_version_for(model.opset_import)
    return model


def _constants_to_initializers(graph: onnx.GraphProto) -> None:
    """Replace Constant nodes by initializers, which all tools support.

    Packed codes stay at the start of the file, where a byte coder compresses them best.
    """
    unpacking = {
        name for node in graph.node if node.op_type in ("BitShift", "Cast") for name in node.input[:1]
    }
    kept = []
    for node in graph.node:
        value = _constant_value(node)
        packed = (
            value is not None and value.dtype == np.uint8 and value.ndim > 0 and node.output[0] in unpacking
        )
        if value is None or packed:
            kept.append(node)
        else:
            graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
    set_nodes(graph, kept)


def _constant_value(node: onnx.NodeProto) -> Any:
    if node.op_type != "Constant" or not node.attribute:
        return None
    attribute = node.attribute[0]
    if attribute.name == "value":
        return numpy_helper.to_array(attribute.t)
    kinds = {
        "value_float": np.float32,
        "value_floats": np.float32,
        "value_int": np.int64,
        "value_ints": np.int64,
    }
    kind = kinds.get(attribute.name)
    return None if kind is None else np.array(onnx.helper.get_attribute_value(attribute), kind)


def _remove_identities(graph: onnx.GraphProto) -> int:
    """Remove Identity, and Dropout in inference mode, unless that would rename a network output."""
    outputs = {value.name for value in graph.output}
    read = set(used_names(graph.node)) | outputs
    renamed: dict[str, str] = {}
    kept = []
    for node in graph.node:
        plain = node.op_type == "Identity" or (node.op_type == "Dropout" and not set(node.output[1:]) & read)
        training = node.op_type == "Dropout" and len(node.input) > 2
        if plain and not training and node.output[0] not in outputs:
            renamed[node.output[0]] = renamed.get(node.input[0], node.input[0])
        else:
            kept.append(node)
    for node in all_nodes(kept):
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
        for attribute in node.attribute:
            for subgraph in (attribute.g, *attribute.graphs):
                for value in subgraph.output:
                    value.name = renamed.get(value.name, value.name)
    set_nodes(graph, kept)
    return len(renamed)


def _name_nodes(graph: onnx.GraphProto) -> None:
    """Give every node a unique name: tools refer to nodes by name."""
    taken = set()
    for index, node in enumerate(graph.node):
        if not node.name or node.name in taken:
            node.name = f"{node.op_type}_{index}"
        while node.name in taken:
            node.name += "_"
        taken.add(node.name)


def _stripped(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in canonical form: without documentation and metadata of tools, weights as raw bytes."""
    graph = model.graph
    for node in all_nodes(graph.node):
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    for value in (*graph.input, *graph.output):
        value.ClearField("doc_string")
        value.ClearField("metadata_props")
    set_weights(graph, [numpy_helper.from_array(numpy_helper.to_array(t), t.name) for t in graph.initializer])
    clean = onnx.helper.make_graph(
        list(graph.node), "network", list(graph.input), list(graph.output), list(graph.initializer)
    )
    clean.sparse_initializer.extend(graph.sparse_initializer)
    return onnx.helper.make_model(
        clean, opset_imports=model.opset_import, ir_version=model.ir_version, producer_name=PRODUCER
    )
