"""Sizes of a model file, by name: what lies on disk, what travels, and the Shannon bound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from edgeslim.metrics.counts import Counts, counts
from edgeslim.metrics.graph import load, stored_tensors
from edgeslim.records import Sizes, zstd_level

__all__ = [
    "Counts",
    "Sizes",
    "counts",
    "entropy_bits",
    "entropy_bound",
    "sizes",
    "stored_bytes",
    "tensor_bytes",
]

_AT_ONCE = 1 << 22
"""Bytes that are counted at once, so that counting takes no multiple of a large tensor's memory."""


def sizes(path: Path, bound: Callable[[onnx.ModelProto], int] | None = None) -> Sizes:
    """Measure an ONNX file. Raises ModelError if it cannot be read.

    `bound` replaces `entropy_bound` where more is known of how the file stores its weights (`export.packed`).
    """
    content = path.read_bytes()
    return Sizes(
        file=len(content),
        download=download_bytes(content),
        entropy_bound=(bound or entropy_bound)(load(content, path.name)),
    )


def download_bytes(content: bytes) -> int:
    """What travels: the content after zstd, of the level that files of its size have."""
    import zstandard

    return len(zstandard.ZstdCompressor(level=zstd_level(len(content))).compress(content))


def entropy_bound(model: onnx.ModelProto) -> int:
    """Shannon bound of all stored tensors, in bytes: what a coder needs that knows how often each symbol occurs.

    A symbol is one element as it is stored: an int8 code, a packed byte, a 4-bit code of a native INT4 tensor. Of
    wider numbers most occur once, and how often each occurs would be as long as the tensor; there it is the least of two
    (`wide_bits`). Symbols are taken one by one: a coder that uses order or repetition (as zstd does) may go below where
    there is such structure. Source: C. E. Shannon, A Mathematical Theory of Communication, 1948.
    """
    bits = sum(wide_bits(numpy_helper.to_array(tensor)) for tensor in stored_tensors(model))
    return int(np.ceil(bits / 8))


def wide_bits(values: NDArray[Any]) -> float:
    """Bits for a tensor of any type: where the zeros are, and the cheaper way to tell the other values.

    Either each is named in a list of the different values, the list included (codebooks, few codes), or its bytes are
    told, each place with its own distribution (trained floats: signs and exponents are alike, mantissas are not).
    """
    if values.dtype == object or values.dtype.itemsize == 1:
        return entropy_bits(values)
    flat = np.ascontiguousarray(values).reshape(-1)
    zero = flat == 0
    present = flat[~zero]
    places = present.view(np.uint8).reshape(-1, flat.dtype.itemsize)
    told = sum(entropy_bits(place) for place in places.T)
    occurrences = _occurrences(present.view(f"u{flat.dtype.itemsize}"))
    listed = 8 * flat.dtype.itemsize * occurrences.size
    if listed < told:  # else the list alone is longer
        told = min(told, _shannon(occurrences) + listed)
    return entropy_bits(zero) + told


def entropy_bits(values: NDArray[Any]) -> float:
    """Elements × zeroth-order entropy, in bits."""
    if values.size == 0 or values.dtype == object:
        return 0.0
    return _shannon(_occurrences(np.ascontiguousarray(values).reshape(-1).view(f"u{values.dtype.itemsize}")))


def _shannon(occurrences: NDArray[Any]) -> float:
    return float((occurrences * np.log2(occurrences.sum() / occurrences)).sum())


def _occurrences(symbols: NDArray[Any]) -> NDArray[Any]:
    """How often each of the different symbols occurs, in the order of the symbols."""
    if symbols.dtype == np.uint8:
        counted = np.zeros(256, np.int64)
        for start in range(0, symbols.size, _AT_ONCE):
            counted += np.bincount(symbols[start : start + _AT_ONCE], minlength=256)
        return counted[counted > 0]
    ordered = np.sort(symbols)
    starts = np.flatnonzero(np.concatenate(([symbols.size > 0], ordered[1:] != ordered[:-1])))
    return np.diff(starts, append=symbols.size)


def stored_bytes(model: onnx.ModelProto) -> int:
    """Bytes of the numbers in all stored tensors, as the file holds them: without names, shapes and the graph."""
    return sum(tensor_bytes(tensor) for tensor in stored_tensors(model))


def tensor_bytes(tensor: onnx.TensorProto) -> int:
    """Bytes of a stored tensor's numbers; 0 for strings."""
    if tensor.data_type == onnx.TensorProto.STRING:
        return 0
    return len(tensor.raw_data) if tensor.HasField("raw_data") else numpy_helper.to_array(tensor).nbytes
