"""Constant folding: values that do not depend on the image are computed by onnxruntime and stored.

Nothing is folded that would enlarge the file: grids and anchors computed in the graph stay computed there, and weights
stored in few bits keep the nodes that decode them when the model is loaded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper, shape_inference

from edgeslim.models.graph import set_nodes, used_names
from edgeslim.ort import open_session

Array = NDArray[Any]
SMALL_ELEMENTS = 1024
"""Results up to this size are folded even if their inputs are smaller: shapes, indices, scales."""
_WIDENED = {TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.UINT8, TensorProto.INT8}
"""Types of weights stored in few bits: folding their Cast would enlarge the file."""
_RANDOM = {
    "RandomNormal",
    "RandomUniform",
    "RandomNormalLike",
    "RandomUniformLike",
    "Multinomial",
    "Bernoulli",
}
_ROUNDS = 20


def fold(model: onnx.ModelProto) -> int:
    """Fold constants in place; return the number of nodes removed.

    Constants determine shapes, and shapes constants, so it is repeated until nothing changes.
    """
    before = len(model.graph.node)
    for _ in range(_ROUNDS):
        count = len(model.graph.node)
        shapes = static_shapes(model)
        _fold_shapes(model.graph, shapes)
        _fold_nodes(model, shapes)
        if len(model.graph.node) == count:
            break
    return before - len(model.graph.node)


def static_shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Inferred shapes of the tensors whose shape is fixed."""
    graph = shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        tensor_type = value.type.tensor_type
        dims = tensor_type.shape.dim
        if tensor_type.HasField("shape") and all(dim.HasField("dim_value") for dim in dims):
            shapes[value.name] = tuple(dim.dim_value for dim in dims)
    return shapes


def _fold_shapes(graph: onnx.GraphProto, shapes: dict[str, tuple[int, ...]]) -> None:
    """Replace Shape and Size nodes whose input's shape is known."""
    kept = []
    outputs = {value.name for value in graph.output}
    for node in graph.node:
        known = (
            node.op_type in ("Shape", "Size") and node.input[0] in shapes and node.output[0] not in outputs
        )
        if not known:
            kept.append(node)
            continue
        shape = shapes[node.input[0]]
        if node.op_type == "Size":
            value = np.array(np.prod(shape, dtype=np.int64), np.int64)
        else:
            limits = {attribute.name: attribute.i for attribute in node.attribute}
            value = np.array(shape[limits.get("start", 0) : limits.get("end", len(shape))], np.int64)
        graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
    set_nodes(graph, kept)


def _fold_nodes(model: onnx.ModelProto, shapes: dict[str, tuple[int, ...]]) -> None:
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}
    small = {tensor.name for tensor in graph.initializer if tensor.data_type in _WIDENED}
    outputs = {value.name for value in graph.output}
    folded, kept = [], []
    for node in graph.node:
        if not _widens(node, small, shapes) and _is_foldable(node, constants, outputs, shapes):
            constants.update(node.output)
            folded.append(node)
        else:
            kept.append(node)
    if not folded:
        return
    needed = set(used_names(kept))
    results = [name for node in folded for name in node.output if name in needed]
    for name, value in zip(results, _evaluate(model, folded, results), strict=True):
        graph.initializer.append(numpy_helper.from_array(value, name))
    set_nodes(graph, kept)


def _widens(node: onnx.NodeProto, small: set[str], shapes: dict[str, tuple[int, ...]]) -> bool:
    """Whether it decodes what is stored in fewer bits: any DequantizeLinear, or a Cast of weights."""
    if node.op_type == "DequantizeLinear":
        return True
    return node.op_type == "Cast" and node.input[0] in small and _elements(shapes[node.input[0]]) > 1


def _is_foldable(
    node: onnx.NodeProto, constants: set[str], outputs: set[str], shapes: dict[str, tuple[int, ...]]
) -> bool:
    inputs = [name for name in node.input if name]
    if (
        node.op_type == "Constant"
        or node.op_type in _RANDOM
        or not set(inputs) <= constants
        or outputs & set(node.output)
    ):
        return False
    if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
        return False
    if not all(name in shapes for name in (*inputs, *filter(None, node.output))):
        return False
    given = sum(_elements(shapes[name]) for name in inputs)
    produced = sum(_elements(shapes[name]) for name in node.output if name)
    return produced <= max(SMALL_ELEMENTS, given)


def _evaluate(model: onnx.ModelProto, nodes: list[onnx.NodeProto], results: list[str]) -> list[Array]:
    """Values of the tensors `results`, which depend on initializers alone."""
    if not results:
        return []
    read = set(used_names(nodes))
    weights = [tensor for tensor in model.graph.initializer if tensor.name in read]
    outputs = [onnx.helper.make_empty_tensor_value_info(name) for name in results]
    graph = onnx.helper.make_graph(nodes, "constants", [], outputs, weights)
    part = onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return open_session(part).values({}, results)


def _elements(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))
