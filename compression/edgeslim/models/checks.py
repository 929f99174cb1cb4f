"""Checks of an untrusted ONNX file, made before anything else reads it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError, Message
from onnx import TensorProto, external_data_helper, numpy_helper

from edgeslim.errors import ModelError, first_line
from edgeslim.models.graph import (
    FLOATS,
    PRODUCER,
    STANDARD_DOMAINS,
    all_nodes,
    all_tensors,
    is_quantized,
    model_nodes,
    opset_version,
    quantizes,
)
from edgeslim.models.other_formats import refuse_other_formats
from edgeslim.models.spec import MAX_INPUT_SIDE

MAX_MODEL_BYTES = 1 << 30
"""Far above any model for an edge device, and below protobuf's limit."""
MAX_ELEMENTS = 1 << 28
"""Of one tensor: 1 GiB of float32."""
_MAX_NODES = 100_000
_NO_OPSET = 1000
"""The standard is at some 25 versions of its operators."""
_ONNXRUNTIME = "com.microsoft"
"""The domain of onnxruntime's own operators, such as those of its int8 files."""
_NARROW = {
    getattr(TensorProto, name): name.lower()
    for name in ("FLOAT16", "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E5M2", "INT4", "UINT4", "INT2", "UINT2")
    if hasattr(TensorProto, name)
}


def read_bytes(path: Path) -> bytes:
    """The file's content. Raises ModelError if it cannot be read, is empty or too large."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise IsADirectoryError(None, "it is a folder")
        _check_size(size, path)
        return path.read_bytes()
    except OSError as error:
        raise ModelError("model_unreadable", file=path, reason=error.strerror) from error


def parse(content: bytes, file: str | Path) -> onnx.ModelProto:
    """Parse a model and check that it is supported, or quantized by another tool.

    Raises ModelError naming `file` and the node or tensor.
    """
    _check_size(len(content), file)
    refuse_other_formats(content, file)
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelError("not_onnx", file=file, reason="it is truncated, or another kind of file") from error
    if not model.ir_version or not model.graph.node or not 0 < opset_version(model) < _NO_OPSET:
        raise ModelError("not_onnx", file=file, reason="it holds no complete network")
    if not _is_text_sound(model):
        raise ModelError("not_onnx", file=file, reason="the names in it are damaged")
    _refuse_endless_functions(model, file)
    _refuse_external_data(model, file)
    _refuse_narrow(model, file)
    _refuse_unknown_operators(model, file)
    _refuse_broken_weights(model, file)
    try:
        onnx.checker.check_model(_with_output_shapes(model))
    except onnx.checker.ValidationError as error:
        raise ModelError("not_onnx", file=file, reason=first_line(error)) from error
    return model


def image_input(model: onnx.ModelProto, file: str | Path) -> onnx.ValueInfoProto:
    """The only input besides weights: float32 [N, 1 or 3, H, W], sizes possibly symbolic. Raises ModelError."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs: list[onnx.ValueInfoProto] = [v for v in model.graph.input if v.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(value.name for value in inputs) or "none"
        raise ModelError("one_input", file=file, count=len(inputs), names=names)
    tensor = inputs[0].type.tensor_type
    if tensor.elem_type != TensorProto.FLOAT:
        known = dict(map(reversed, TensorProto.DataType.items()))
        raise ModelError(
            "not_float32",
            file=file,
            tensor=inputs[0].name,
            kind=known.get(tensor.elem_type, "of an unknown type").lower(),
        )
    shape = [dim.dim_value for dim in tensor.shape.dim]
    if len(shape) != 4 or shape[1] not in (0, 1, 3) or not all(0 <= side <= MAX_INPUT_SIDE for side in shape):
        listed = "×".join(str(dim or "?") for dim in shape)
        raise ModelError(
            "not_an_image_input", file=file, input=inputs[0].name, shape=listed, limit=MAX_INPUT_SIDE
        )
    return inputs[0]


def refuse_giants(shapes: Mapping[str, tuple[int, ...]], file: str | Path) -> None:
    """Raise ModelError if a tensor of these shapes has more than MAX_ELEMENTS: it would exhaust the memory."""
    for name, shape in shapes.items():
        if math.prod(shape) > MAX_ELEMENTS:
            listed = "×".join(map(str, shape))
            raise ModelError("tensor_too_large", file=file, tensor=name, shape=listed)


def _is_text_sound(message: Message) -> bool:
    """Whether all strings are UTF-8: protobuf returns others as bytes, which later code does not expect."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_STRING:
            texts = (value,) if isinstance(value, str | bytes) else value
            if not all(isinstance(text, str) for text in texts):
                return False
        elif field.type == field.TYPE_MESSAGE:
            inner = (value,) if isinstance(value, Message) else value
            if not all(_is_text_sound(item) for item in inner):
                return False
    return True


def _refuse_endless_functions(model: onnx.ModelProto, file: str | Path) -> None:
    """Nested functions can expand to far more nodes than the file contains, or call themselves."""
    bodies = {(function.domain, function.name): function.node for function in model.functions}
    sizes: dict[tuple[str, str], int | None] = {}

    def total(nodes: Iterable[onnx.NodeProto]) -> int | None:
        """Number of nodes after inlining; None if it is unbounded or above the limit."""
        count = 0
        for node in all_nodes(nodes):
            key = (node.domain, node.op_type)
            if key in bodies and key not in sizes:
                sizes[key] = None
                sizes[key] = total(bodies[key])
            inside = sizes[key] if key in bodies else 1
            if inside is None or count + inside > _MAX_NODES:
                return None
            count += inside
        return count

    if total(model.graph.node) is None:
        raise ModelError("expands_too_far", file=file)


def _refuse_external_data(model: onnx.ModelProto, file: str | Path) -> None:
    for tensor in all_tensors(model):
        if external_data_helper.uses_external_data(tensor):
            raise ModelError("external_data", file=file, tensor=tensor.name)


def _refuse_narrow(model: onnx.ModelProto, file: str | Path) -> None:
    """Files of narrow floats are no originals; what is quantized, here or elsewhere, may be opened to be measured."""
    if model.producer_name == PRODUCER or is_quantized(model):
        return
    for tensor in all_tensors(model):
        if tensor.data_type in _NARROW:
            raise ModelError("not_float32", file=file, tensor=tensor.name, kind=_NARROW[tensor.data_type])


def _refuse_unknown_operators(model: onnx.ModelProto, file: str | Path) -> None:
    local = {(function.domain, function.name) for function in model.functions}
    opset = opset_version(model)
    unknown = sorted(
        {
            f"{node.domain}:{node.op_type}" if node.domain else node.op_type
            for node in model_nodes(model)
            if (node.domain, node.op_type) not in local and not _is_standard(node, opset)
        }
    )
    if unknown:
        names = ", ".join(unknown[:8])
        raise ModelError("unknown_operators", file=file, operators=names, opset=opset)


def _is_standard(node: onnx.NodeProto, opset: int) -> bool:
    if node.domain not in STANDARD_DOMAINS:
        return node.domain == _ONNXRUNTIME and quantizes(node)
    try:
        return not onnx.defs.get_schema(node.op_type, opset, "").deprecated
    except onnx.defs.SchemaError:
        return False


def _refuse_broken_weights(model: onnx.ModelProto, file: str | Path) -> None:
    """NaN is refused anywhere, infinity only in tensors of several values: a single one may be the bound of a Clip."""
    for tensor in all_tensors(model):
        if tensor.data_type not in FLOATS:
            continue
        try:
            values = numpy_helper.to_array(tensor)
        except (ValueError, TypeError) as error:
            raise ModelError(
                "not_onnx", file=file, reason=f"the tensor '{tensor.name}' is damaged"
            ) from error
        if np.isnan(values).any() or (values.size > 1 and np.isinf(values).any()):
            raise ModelError("broken_weights", file=file, tensor=tensor.name)


def _check_size(size: int, file: str | Path) -> None:
    if size == 0:
        raise ModelError("model_empty", file=file)
    if size > MAX_MODEL_BYTES:
        raise ModelError("model_too_large", file=file, size=size >> 20, limit=MAX_MODEL_BYTES >> 20)


def _with_output_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy with a shape on every output: onnx's checker requires one, onnxruntime does not."""
    copy = deepcopy(model)
    for value in copy.graph.output:
        value.type.tensor_type.shape.SetInParent()
    return copy
