"""Sizes of a model file, by name: what lies on disk, what travels, and the Shannon bound."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from compression.metrics.counts import Counts, counts
from compression.metrics.graph import load, stored_tensors

__all__ = ["Counts", "Sizes", "counts", "entropy_bits", "entropy_bound", "sizes"]

ZSTD_LEVEL = 19


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes. `entropy_bound` covers the stored tensors only, not the graph's structure."""

    file: int
    download: int
    """The file after zstd -19."""
    entropy_bound: int

    def to_json(self) -> dict[str, int]:
        return dataclasses.asdict(self)


def sizes(path: Path) -> Sizes:
    """Measure an ONNX file. Raises ModelError if it cannot be read."""
    import zstandard

    content = path.read_bytes()
    return Sizes(
        file=len(content),
        download=len(zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(content)),
        entropy_bound=entropy_bound(load(content, path.name)),
    )


def entropy_bound(model: onnx.ModelProto) -> int:
    """Shannon bound of all stored tensors, in bytes: for each, elements × entropy of its symbols.

    A symbol is one element as it is stored, told apart by its bits: a float32, an int8 code, a packed byte, a
    4-bit code of a native INT4 tensor. The code table is not counted, and symbols are taken one by one: a
    coder that uses order or repetition (as zstd does) may go below where there is such structure. Source: C.
    E. Shannon, A Mathematical Theory of Communication, 1948.
    """
    bits = sum(entropy_bits(numpy_helper.to_array(tensor)) for tensor in stored_tensors(model))
    return int(np.ceil(bits / 8))


def entropy_bits(values: NDArray[Any]) -> float:
    """Elements × zeroth-order entropy, in bits."""
    if values.size == 0 or values.dtype == object:
        return 0.0
    symbols = np.ascontiguousarray(values).reshape(-1).view(f"u{values.dtype.itemsize}")
    _, counts = np.unique(symbols, return_counts=True)
    return float((counts * np.log2(values.size / counts)).sum())
