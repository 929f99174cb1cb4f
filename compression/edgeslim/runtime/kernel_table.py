"""Makes equal networks equal files in onnxruntime's own format.

onnxruntime writes the table of the kernels that a network needs in the order of a hash table, which changes from one
file to the next. The table lies between the file's root and the model; here it is written again, sorted, at the end.
The format is a FlatBuffer: onnxruntime/core/flatbuffers/schema/ort.fbs, tables InferenceSession, KernelTypeStrResolver.
"""

from __future__ import annotations

from typing import Any

from flatbuffers import Builder
from flatbuffers import number_types as numbers
from flatbuffers.table import Table

_FIRST, _SECOND, _MODEL, _KERNELS = 4, 6, 6, 10
"""Offsets in the tables of fields: an entry's first and second, the root's model and kernels."""
Kernel = tuple[str, list[tuple[str, list[tuple[int, int]]]]]
"""An operator, and for each of its types by name the arguments (kind, index) that have it."""


def sorted_kernels(content: bytes) -> bytes:
    """The file with its kernels in alphabetical order."""
    file = bytearray(content)
    root = Table(file, _number(file, 0))
    field, model = root.Pos + root.Offset(_KERNELS), root.Indirect(root.Pos + root.Offset(_MODEL))
    table = _written(sorted(map(_kernel, _entries(Table(file, root.Indirect(field)), _FIRST))))
    start, end = root.Pos + _size(root), min(model, _layout(Table(file, model)))
    file[start:end] = bytes(end - start)
    file += bytes(-len(file) % 8)
    file[field : field + 4] = (len(file) + _number(table, 0) - field).to_bytes(4, "little")
    return bytes(file + table)


def _kernel(entry: Table) -> Kernel:
    return _text(entry), sorted(
        (
            _text(kind),
            [
                (_value(each, _FIRST, numbers.Int8Flags), _value(each, _SECOND, numbers.Uint32Flags))
                for each in _entries(kind, _SECOND)
            ],
        )
        for kind in _entries(entry, _SECOND)
    )


def _written(kernels: list[Kernel]) -> bytes:
    """A FlatBuffer of the table."""
    build = Builder(0)

    def vector(items: list[int]) -> int:
        build.StartVector(4, len(items), 4)
        for item in reversed(items):
            build.PrependUOffsetTRelative(item)
        return int(build.EndVector())

    def table(*fields: int) -> int:
        build.StartObject(len(fields))
        for slot, value in enumerate(fields):
            build.PrependUOffsetTRelativeSlot(slot, value, 0)
        return int(build.EndObject())

    def argument(kind: int, index: int) -> int:
        build.StartObject(2)
        build.PrependInt8Slot(0, kind, 0)
        build.PrependUint32Slot(1, index, 0)
        return int(build.EndObject())

    entries = []
    for operator, kinds in kernels:
        typed = [
            table(build.CreateString(name), vector([argument(*each) for each in arguments]))
            for name, arguments in kinds
        ]
        entries.append(table(build.CreateString(operator), vector(typed)))
    build.Finish(table(vector(entries)))
    return bytes(build.Output())


def _entries(table: Table, field: int) -> list[Table]:
    """The tables of a vector."""
    at = table.Offset(field)
    if not at:
        return []
    start = table.Vector(at)
    return [Table(table.Bytes, table.Indirect(start + 4 * index)) for index in range(table.VectorLen(at))]


def _text(table: Table) -> str:
    """The first field."""
    content: bytes = table.String(table.Offset(_FIRST) + table.Pos)
    return content.decode()


def _value(table: Table, field: int, kind: Any) -> int:
    at = table.Offset(field)
    return int(table.Get(kind, at + table.Pos)) if at else 0


def _layout(table: Table) -> int:
    """Where the offsets of the table's fields lie."""
    return int(table.Pos - table.Get(numbers.SOffsetTFlags, table.Pos))


def _size(table: Table) -> int:
    return int(table.Get(numbers.VOffsetTFlags, _layout(table) + 2))


def _number(content: bytes | bytearray, at: int) -> int:
    return int.from_bytes(content[at : at + 4], "little")
