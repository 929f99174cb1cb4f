"""Operators that unpack bytes to codes and decode codes to weights: standard ones (opset 13 and up), and native types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, version_converter

from edgeslim.export.packed.coded import (
    TRITS,
    CodedWeight,
    Codes,
    Layout,
    entropy,
    fields,
    filled,
    pack,
    pack_field,
    pack_trits,
)
from edgeslim.models.graph import opset_version

PREFIX = "packed."
"""Prefix of all names of the decode subgraph."""


class Builder:
    """Nodes and initializers of a decode subgraph. Equal constants are stored once."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._codes: list[tuple[float, onnx.NodeProto]] = []
        self.initializers: list[onnx.TensorProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def codes(self, content: Codes) -> str:
        """Name of a tensor of packed codes.

        Codes are Constant nodes at the very start of the file, those of least entropy first, not initializers after
        all nodes: zstd adapts to the bytes that it sees first, and after text it looks for repetitions, which
        codes do not have (6 % of a whole file, measured).
        """
        name = f"{PREFIX}c{len(self._codes)}"
        value = numpy_helper.from_array(content)
        self._codes.append((entropy(content), helper.make_node("Constant", [], [name], value=value)))
        return name

    def all_nodes(self) -> list[onnx.NodeProto]:
        """In the order of storage."""
        return [node for _, node in sorted(self._codes, key=lambda item: item[0])] + self.nodes

    def constant(self, array: NDArray[Any]) -> str:
        """Name of the initializer with this content."""
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.tensor(numpy_helper.from_array(np.ascontiguousarray(array)))
        return self._constants[key]

    def tensor(self, proto: onnx.TensorProto) -> str:
        """Name of a new initializer."""
        proto.name = f"{PREFIX}{len(self.initializers)}"
        self.initializers.append(proto)
        return proto.name

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        name = output or f"{PREFIX}n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def reshape(self, value: str, shape: Sequence[int], output: str = "") -> str:
        return self.node("Reshape", value, self.constant(np.array(shape, np.int64)), output=output)

    def arrange(self, name: str, layout: Layout, value: str) -> str:
        """Rearrange rows of any shape to the weight of that name."""
        if layout.order is not None:
            value = self.node("Transpose", self.reshape(value, layout.inner), perm=list(layout.order))
        return self.reshape(value, layout.shape, output=name)

    def cast(self, value: str, to: int, output: str = "") -> str:
        return self.node("Cast", value, output=output, to=to)

    def split(self, value: str, sizes: Sequence[int], outputs: Sequence[str] | None = None) -> list[str]:
        """Split along axis 0; names of the parts."""
        names = list(outputs or (f"{PREFIX}n{len(self.nodes)}.{i}" for i in range(len(sizes))))
        size_of = self.constant(np.array(sizes, np.int64))
        self.nodes.append(helper.make_node("Split", [value, size_of], names, axis=0))
        return names


def codes_of(build: Builder, codes: Codes, bits: int, *, number: bool, packed: bool) -> str:
    """Store padded codes as bytes; name of the flat decoded tensor (float32 if `number`, else int32).

    `packed`: codes are cut into fields that share bytes; otherwise each code takes a byte.
    """
    kind = TensorProto.FLOAT if number else TensorProto.INT32
    widths = fields(bits) if packed else (8,)
    pieces = pack(filled(codes), bits) if packed else (filled(codes),)
    total, low = "", sum(widths)
    for width, content in zip(widths, pieces, strict=True):
        low -= width
        piece = build.cast(_unpack_field(build, content, width), kind)
        if low:
            piece = build.node("Mul", piece, _scalar(build, 1 << low, number))
        total = build.node("Add", total, piece) if total else piece
    return total


def trits_of(build: Builder, codes: Codes, *, number: bool) -> str:
    """The same for codes 0, 1 and 2, five per byte."""
    stored = build.codes(pack_trits(filled(codes))[:, None])
    wide = build.cast(stored, TensorProto.INT32)
    shifted = build.node("Div", wide, build.constant(3 ** np.arange(TRITS, dtype=np.int32)[None]))
    digits = build.node("Mod", shifted, build.constant(np.array([3], np.int32)))
    flat = build.reshape(digits, [-1])
    return build.cast(flat, TensorProto.FLOAT) if number else flat


def scattered(build: Builder, mask: str, present: str, absent: int, *, number: bool) -> str:
    """Codes at the places where `mask` (int32, 0 or 1) is set, in order, and `absent` elsewhere."""
    kind = np.float32 if number else np.int32
    table = build.node("Concat", build.constant(np.array([absent], kind)), present, axis=0)
    counted = build.node("CumSum", mask, build.constant(np.array(0, np.int64)))
    return build.node("Gather", table, build.node("Mul", counted, mask))


def floats_of(build: Builder, values: NDArray[np.floating[Any]]) -> str:
    """A float32 tensor of values stored as they are, in float16 or float32."""
    assert values.dtype in (np.float16, np.float32), values.dtype
    name = build.constant(values)
    return build.cast(name, TensorProto.FLOAT) if values.dtype == np.float16 else name


def _unpack_field(build: Builder, content: Codes, width: int) -> str:
    if width == 8:
        return build.codes(content)
    stored = build.codes(content[:, None])
    shifts = build.constant(np.arange(0, 8, width, dtype=np.uint8)[None])
    shifted = build.node("BitShift", stored, shifts, direction="RIGHT")
    field = build.node("Mod", shifted, build.constant(np.array([1 << width], np.uint8)))
    return build.reshape(field, [-1])


def _scalar(build: Builder, value: int, number: bool) -> str:
    return build.constant(np.array(value, np.float32 if number else np.int32))


_TYPES = {8: TensorProto.INT8, 4: TensorProto.INT4, 2: TensorProto.INT2}
_OPSETS = {8: 13, 4: 21, 2: 25}
_IR_VERSIONS = {8: 8, 4: 10, 2: 13}


def fits_native(weight: CodedWeight) -> bool:
    """Whether a native type can hold these codes: signed integers of 2, 4 or 8 bits with a scale and a central zero."""
    return (
        weight.codebook is None
        and not weight.sparse
        and weight.bits in _TYPES
        and bool(np.all(weight.zero == 1 << (weight.bits - 1)))
    )


def with_native_opset(model: onnx.ModelProto, weights: Iterable[CodedWeight]) -> onnx.ModelProto:
    """The model, with its opset raised to what the native types of these weights need."""
    widths = [weight.bits for weight in weights if fits_native(weight)]
    wanted = max((_OPSETS[bits] for bits in widths), default=0)
    if opset_version(model) < wanted:
        model = version_converter.convert_version(model, wanted)
    model.ir_version = max(model.ir_version, *(_IR_VERSIONS[bits] for bits in (8, *widths)))
    return model


def native_weight(build: Builder, name: str, weight: CodedWeight) -> None:
    """Store the codes in a native type, and add the nodes that decode them to the weight."""
    assert weight.scale is not None
    rows = weight.layout.rows * weight.groups
    shape = (rows, weight.codes.size // rows)
    signed = (weight.codes.reshape(-1) ^ np.uint8(1 << (weight.bits - 1))) & np.uint8((1 << weight.bits) - 1)
    filled = np.pad(signed, (0, -signed.size % (8 // weight.bits)))
    proto = onnx.TensorProto(
        dims=shape, data_type=_TYPES[weight.bits], raw_data=pack_field(filled, weight.bits).tobytes()
    )
    scales = np.broadcast_to(weight.scale, (weight.layout.rows, weight.groups)).reshape(-1)
    scale = floats_of(build, scales)
    value = build.node("DequantizeLinear", build.tensor(proto), scale, axis=0)
    build.arrange(name, weight.layout, value)
