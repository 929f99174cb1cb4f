"""Replacing float weights of a graph by packed ones.

Codes of equal width of all layers are stored in one tensor, decoded once and split; so are scales and biases. The
graph grows by a few nodes per layer, and a byte coder sees long runs of similar bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.export.packed.coded import BLOCK, CodedWeight
from edgeslim.export.packed.decode_graph import (
    PREFIX,
    Builder,
    codes_of,
    fits_native,
    floats_of,
    native_weight,
    scattered,
    trits_of,
    with_native_opset,
)

STORAGES = ("packed", "bytes", "native")
"""Fields that share bytes; one byte per code, which a byte coder compresses best; INT2, INT4 or INT8 tensors."""

Float = NDArray[np.floating[Any]]
"""float16 or float32."""
Named = tuple[str, CodedWeight]
_Kind = tuple[bool, int, bool, bool, float | None]
"""What the codes of a stream share: number or index, bits, trits or not, sparse or not, zero."""


def store(
    model: onnx.ModelProto,
    weights: Mapping[str, CodedWeight],
    vectors: Mapping[str, Float] | None = None,
    storage: str = "packed",
) -> onnx.ModelProto:
    """A copy of `model` with the named float initializers stored as codes, and `vectors` stored as given.

    The decoded weights equal `CodedWeight.values()` bit for bit. Vectors (biases) are cast to float32 in the
    graph. `storage` 'native' raises the opset to 21 (INT4) or 25 (INT2), and packs weights without a native type.
    """
    assert storage in STORAGES, storage
    result = deepcopy(model)
    if storage == "native":
        result = with_native_opset(result, weights.values())
    build = Builder()
    rest: list[Named] = []
    for name, weight in weights.items():
        if storage == "native" and fits_native(weight):
            native_weight(build, name, weight)
        else:
            rest.append((name, weight.for_bytes() if storage == "bytes" else weight))
    _store_codes(build, rest, packed=storage != "bytes")
    _store_vectors(build, vectors or {})
    _insert(result.graph, build, {*weights, *(vectors or {})})
    return result


def _store_codes(build: Builder, weights: Sequence[Named], *, packed: bool) -> None:
    streams: dict[_Kind, list[Named]] = defaultdict(list)
    for item in weights:
        streams[_kind(item[1])].append(item)
    pieces: dict[str, str] = {}
    for kind in sorted(streams, key=str):
        # A byte coder adapts slowly: layers with similar codes are stored together.
        items = sorted(streams[kind], key=lambda item: (item[1].entropy, item[0]))
        pieces |= _stream(build, kind, items, packed=packed)
    scales = _pooled(build, weights, lambda weight: weight.scale, _row_shape)
    zeros = _pooled(build, weights, lambda w: w.zero if isinstance(w.zero, np.ndarray) else None, _row_shape)
    books = _pooled(build, weights, lambda weight: weight.codebook, lambda weight: (-1,))
    for name, weight in weights:
        _meaning(build, name, weight, pieces[name], scales.get(name), zeros.get(name), books.get(name))


def _kind(weight: CodedWeight) -> _Kind:
    threes = weight.levels == 3 and not weight.sparse
    zero = weight.zero if isinstance(weight.zero, float) and weight.codebook is None else None
    return weight.codebook is None, weight.bits, threes, weight.sparse, zero


def _stream(build: Builder, kind: _Kind, items: Sequence[Named], *, packed: bool) -> dict[str, str]:
    """Store the codes of all items; the name of each item's flat codes."""
    number, bits, threes, sparse, zero = kind
    codes = np.concatenate([weight.codes.reshape(-1) for _, weight in items])
    sizes = [weight.codes.size for _, weight in items]
    if sparse:
        flat = _sparse(build, codes, bits, items[0][1].absent, number=number, packed=packed)
    elif threes and packed:
        flat = trits_of(build, codes, number=number)
    else:
        flat = codes_of(build, codes, bits, number=number, packed=packed)
    if number and zero:
        flat = build.node("Sub", flat, build.constant(np.array(zero, np.float32)))
    filling = -codes.size % BLOCK
    names = build.split(flat, [*sizes, *([filling] if filling else [])])
    return {name: piece for (name, _), piece in zip(items, names, strict=False)}


def _sparse(
    build: Builder, codes: NDArray[np.uint8], bits: int, absent: int, *, number: bool, packed: bool
) -> str:
    mask = (codes != absent).astype(np.uint8)
    first = 0 if number else 1
    present = codes_of(build, codes[mask == 1] - np.uint8(first), bits, number=number, packed=packed)
    if first:
        present = build.node("Add", present, build.constant(np.array(first, np.int32)))
    return scattered(
        build, codes_of(build, mask, 1, number=False, packed=True), present, absent, number=number
    )


def _pooled(
    build: Builder,
    weights: Sequence[Named],
    get: Callable[[CodedWeight], Any],
    shape: Callable[[CodedWeight], tuple[int, ...]],
) -> dict[str, str]:
    """Store one tensor of each weight that has it; those of equal type and trailing shape are joined."""
    pools: dict[tuple[str, tuple[int, ...]], list[tuple[str, NDArray[Any]]]] = defaultdict(list)
    for name, weight in weights:
        array = get(weight)
        if array is not None:
            shaped = array.reshape(shape(weight))
            pools[str(shaped.dtype), shaped.shape[1:]].append((name, shaped))
    found: dict[str, str] = {}
    for items in pools.values():
        joined = np.concatenate([array for _, array in items])
        whole = floats_of(build, joined) if joined.dtype != np.uint8 else _from_bytes(build, joined)
        pieces = build.split(whole, [len(array) for _, array in items])
        found |= {name: piece for (name, _), piece in zip(items, pieces, strict=True)}
    return found


def _from_bytes(build: Builder, values: NDArray[np.uint8]) -> str:
    return build.cast(build.constant(values), onnx.TensorProto.FLOAT)


def _code_shape(weight: CodedWeight) -> tuple[int, ...]:
    """Shape of the codes when the scale is applied: the weight's own shape where possible."""
    plain = weight.groups == 1 and weight.layout.order is None
    if plain and weight.layout.shape[0] == weight.layout.rows:
        return weight.layout.shape
    return weight.layout.rows * weight.groups, weight.codes.shape[1] // weight.groups


def _row_shape(weight: CodedWeight) -> tuple[int, ...]:
    """Shape of one number per row (or group of a row) that broadcasts against the codes."""
    return (-1, *(1,) * (len(_code_shape(weight)) - 1))


def _meaning(
    build: Builder,
    name: str,
    weight: CodedWeight,
    codes: str,
    scale: str | None,
    zero: str | None,
    book: str | None,
) -> None:
    """Add the nodes from flat codes to the weight, which keeps its name."""
    shape = _code_shape(weight)
    value = codes
    steps: list[tuple[str, str]] = []
    if book is not None and weight.codebook is not None:
        value = _looked_up(build, weight.codebook.shape, codes, book)
    if zero is not None:
        steps.append(("Sub", zero))
    if scale is not None:
        steps.append(("Mul", scale))
    layout = weight.layout
    whole = shape == layout.shape
    value = build.reshape(value, shape, output=name if whole and not steps else "")
    for index, (operator, other) in enumerate(steps):
        last = whole and index == len(steps) - 1
        value = build.node(operator, value, other, output=name if last else "")
    if not whole:
        build.arrange(name, layout, value)


def _looked_up(build: Builder, shape: tuple[int, ...], codes: str, book: str) -> str:
    if shape[0] == 1:
        return build.node("Gather", book, codes)
    blocks = build.reshape(codes, [shape[0], -1])
    return build.node("GatherElements", build.reshape(book, shape), blocks, axis=1)


def _store_vectors(build: Builder, vectors: Mapping[str, Float]) -> None:
    pools: dict[str, list[tuple[str, Float]]] = defaultdict(list)
    for name, vector in vectors.items():
        assert vector.ndim == 1, f"{name} must be a vector"
        pools[str(vector.dtype)].append((name, vector))
    for items in pools.values():
        whole = floats_of(build, np.concatenate([vector for _, vector in items]))
        build.split(whole, [len(vector) for _, vector in items], [name for name, _ in items])


def _insert(graph: onnx.GraphProto, build: Builder, replaced: set[str]) -> None:
    taken = {name for node in graph.node for name in node.output}
    assert not any(name.startswith(PREFIX) for name in taken), "the graph is already packed"
    kept = [item for item in graph.initializer if item.name not in replaced]
    inputs = [item for item in graph.input if item.name not in replaced]
    nodes = [*build.all_nodes(), *graph.node]
    for field, items in (
        (graph.initializer, [*build.initializers, *kept]),
        (graph.input, inputs),
        (graph.node, nodes),
    ):
        copies = [type(item).FromString(item.SerializeToString()) for item in items]
        del field[:]
        field.extend(copies)
