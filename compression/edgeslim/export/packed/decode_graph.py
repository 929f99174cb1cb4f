"""Standard operators (opset 13 and up) that unpack bytes to codes and decode codes to weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgeslim.export.packed.coded import Layout
from edgeslim.export.packed.packing import TRITS, Codes, entropy, fields, filled, pack, pack_trits

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
