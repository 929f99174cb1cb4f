"""An ONNX graph as the counts need it: what is constant, and the shape and type of everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper

from edgeslim.errors import ModelError
from edgeslim.ort import open_session
from edgeslim.sessions import Tensor

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """`nodes` work on the image, `constant_nodes` on constants only; `bytes` knows what is not constant."""

    nodes: tuple[onnx.NodeProto, ...]
    constant_nodes: tuple[onnx.NodeProto, ...]
    stored: Mapping[str, onnx.TensorProto]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: Mapping[str, Shape]
    bytes: Mapping[str, int]
    model: onnx.ModelProto

    def is_constant(self, name: str) -> bool:
        return name not in self.bytes

    def values(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Constants by name; computed ones (dequantized, unpacked) as onnxruntime computes them."""
        known = {name: numpy_helper.to_array(self.stored[name]) for name in names if name in self.stored}
        computed = [name for name in dict.fromkeys(names) if name not in self.stored]
        if computed:
            part = _with_outputs(self.model, self.constant_nodes, (), computed)
            known |= zip(computed, _run(part, {}), strict=True)
        return known


def load(content: bytes, name: str) -> onnx.ModelProto:
    """Read an ONNX file's bytes. Raises ModelError naming the file."""
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelError("unreadable_model", file=name, reason=str(error)) from error
    if not model.graph.node:
        raise ModelError("unreadable_model", file=name, reason="it holds no graph")
    return model


def stored_tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """All tensors stored in the file: initializers and constants, those of inner graphs too."""

    def walk(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
        yield from graph.initializer
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.TENSOR:
                    yield attribute.t
                elif attribute.type == onnx.AttributeProto.GRAPH:
                    yield from walk(attribute.g)

    return walk(model.graph)


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """The value of a node's attribute, or `default`."""
    found = [each for each in node.attribute if each.name == name]
    return onnx.helper.get_attribute_value(found[0]) if found else default


def read(model: onnx.ModelProto, input_shape: Shape | None = None) -> Graph:
    """Sort nodes into constant and not, and find every shape.

    `input_shape` is used where the first input leaves dimensions open; an open first dimension alone counts
    as batch 1. Shapes that ONNX cannot infer (operators outside the standard, data-dependent shapes) are
    taken from a run on zeros. Raises ModelError(code='unknown_shape', 'not_runnable').
    """
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            stored[node.output[0]] = _constant(node)
    constants = {"", *stored}
    nodes, constant_nodes = [], []
    for node in model.graph.node:
        if node.op_type == "Constant":
            continue
        if node.input and constants.issuperset(node.input) and not node.op_type.startswith("Random"):
            constants.update(node.output)
            constant_nodes.append(node)
        else:
            nodes.append(node)
    fixed = _with_fixed_inputs(model, stored, input_shape)
    shapes, sizes = _shapes(fixed, [name for node in nodes for name in node.output if name])
    shapes |= {name: tuple(tensor.dims) for name, tensor in stored.items()}
    inputs = tuple(each.name for each in fixed.graph.input if each.name not in stored)
    return Graph(
        nodes=tuple(nodes),
        constant_nodes=tuple(constant_nodes),
        stored=stored,
        inputs=inputs,
        outputs=tuple(each.name for each in model.graph.output),
        shapes=shapes,
        bytes={name: sizes[name] for name in sizes if name not in constants},
        model=fixed,
    )


def _shapes(model: onnx.ModelProto, needed: Sequence[str]) -> tuple[dict[str, Shape], dict[str, int]]:
    """Shape and bytes of every value that can be inferred, and of all the `needed` ones."""
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes, sizes = dict[str, Shape](), dict[str, int]()
    for value in (*inferred.input, *inferred.value_info, *inferred.output):
        tensor = value.type.tensor_type
        if tensor.elem_type and tensor.HasField("shape"):
            dims = tuple(d.dim_value if d.HasField("dim_value") else -1 for d in tensor.shape.dim)
            if -1 not in dims:
                itemsize = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).itemsize
                shapes[value.name], sizes[value.name] = dims, int(np.prod(dims)) * itemsize
    unknown = [name for name in needed if name not in shapes]
    if unknown:
        feeds = {}
        for each in model.graph.input:
            tensor = each.type.tensor_type
            dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
            feeds[each.name] = np.zeros([d.dim_value for d in tensor.shape.dim], dtype)
        part = _with_outputs(model, model.graph.node, model.graph.input, unknown)
        for name, array in zip(unknown, _run(part, feeds), strict=True):
            shapes[name], sizes[name] = array.shape, array.nbytes
    return shapes, sizes


def _with_fixed_inputs(
    model: onnx.ModelProto, stored: Mapping[str, onnx.TensorProto], input_shape: Shape | None
) -> onnx.ModelProto:
    """A copy whose inputs have sizes, without what else the file claims about shapes."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    del fixed.graph.value_info[:]
    inputs = [each for each in fixed.graph.input if each.name not in stored]
    del fixed.graph.input[:]
    fixed.graph.input.extend(inputs)
    for index, each in enumerate(fixed.graph.input):
        dims = each.type.tensor_type.shape.dim
        for axis, dim in enumerate(dims):
            if dim.dim_value > 0:
                continue
            if index == 0 and input_shape is not None and len(input_shape) == len(dims):
                dim.dim_value = input_shape[axis]
            elif axis == 0:
                dim.dim_value = 1
            else:
                raise ModelError("unknown_shape", input=each.name)
    for output in fixed.graph.output:
        output.type.tensor_type.ClearField("shape")
    return fixed


def _with_outputs(
    model: onnx.ModelProto,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[str],
) -> onnx.ModelProto:
    """A model of these nodes that returns these values."""
    part = onnx.ModelProto()
    part.CopyFrom(model)
    constants = [node for node in model.graph.node if node.op_type == "Constant"]
    body = [node for node in nodes if node.op_type != "Constant"]
    for field, content in (("node", [*constants, *body]), ("input", list(inputs))):
        part.graph.ClearField(field)
        getattr(part.graph, field).extend(content)
    part.graph.ClearField("output")
    part.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    return part


def _run(model: onnx.ModelProto, feeds: Mapping[str, Tensor]) -> list[Tensor]:
    return open_session(model, optimized=False).values(feeds)


def _constant(node: onnx.NodeProto) -> onnx.TensorProto:
    """The tensor that a Constant node stands for, whichever way it is written."""
    given = node.attribute[0]
    value = onnx.helper.get_attribute_value(given)
    if isinstance(value, onnx.TensorProto):
        tensor = onnx.TensorProto()
        tensor.CopyFrom(value)
    else:
        tensor = numpy_helper.from_array(
            np.array(value, np.float32 if given.name.startswith("value_float") else np.int64)
        )
    tensor.name = node.output[0]
    return tensor
