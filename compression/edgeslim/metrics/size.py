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
from edgeslim.records import Sizes

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

ZSTD_LEVEL = 19


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
    """What travels: the content after zstd -19."""
    import zstandard

    return len(zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(content))


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
    different = np.unique(present.view(f"u{flat.dtype.itemsize}")).size
    named = entropy_bits(present) + 8 * flat.dtype.itemsize * different
    places = present.view(np.uint8).reshape(-1, flat.dtype.itemsize)
    return entropy_bits(zero) + min(named, sum(entropy_bits(place) for place in places.T))


def entropy_bits(values: NDArray[Any]) -> float:
    """Elements × zeroth-order entropy, in bits."""
    if values.size == 0 or values.dtype == object:
        return 0.0
    symbols = np.ascontiguousarray(values).reshape(-1).view(f"u{values.dtype.itemsize}")
    _, counts = np.unique(symbols, return_counts=True)
    return float((counts * np.log2(values.size / counts)).sum())


def stored_bytes(model: onnx.ModelProto) -> int:
    """Bytes of the numbers in all stored tensors, as the file holds them: without names, shapes and the graph."""
    return sum(tensor_bytes(tensor) for tensor in stored_tensors(model))


def tensor_bytes(tensor: onnx.TensorProto) -> int:
    """Bytes of a stored tensor's numbers; 0 for strings."""
    if tensor.data_type == onnx.TensorProto.STRING:
        return 0
    return len(tensor.raw_data) if tensor.HasField("raw_data") else numpy_helper.to_array(tensor).nbytes
