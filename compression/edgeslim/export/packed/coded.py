"""A weight as codes: what is stored, how codes share bytes, and the float32 values that they decode to."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import FloatArray

Codes = NDArray[np.uint8]
BLOCK = 40
"""Codes are padded with zeros to a multiple of this, which fills whole bytes for every field width and for trits."""
TRITS = 5
"""Codes of three values per byte: 3⁵ = 243, so 1.6 bits each instead of 2."""


def bits_for(levels: int) -> int:
    """Bits of a code with `levels` values (2–256)."""
    assert 2 <= levels <= 256, f"levels must be 2–256, got {levels} instead"
    return (levels - 1).bit_length()


def fields(bits: int) -> tuple[int, ...]:
    """Widths that divide a byte, highest first, into which a code is cut: 7 → (4, 2, 1)."""
    assert 1 <= bits <= 8, f"bits must be 1–8, got {bits} instead"
    return tuple(width for width in (8, 4, 2, 1) if bits & width)


def filled(codes: Codes) -> Codes:
    """The flat codes, padded with zeros to a multiple of BLOCK."""
    return np.pad(codes.reshape(-1), (0, -codes.size % BLOCK))


def pack_field(codes: Codes, width: int) -> Codes:
    """Codes below 2^width packed 8 / width per byte, the first in the lowest bits."""
    assert codes.size % (8 // width) == 0 and 8 % width == 0
    grouped = codes.reshape(-1, 8 // width)
    shifts = np.arange(0, 8, width, dtype=np.uint8)
    packed: Codes = np.bitwise_or.reduce(np.left_shift(grouped, shifts), axis=1)
    return packed


def pack(codes: Codes, bits: int) -> tuple[Codes, ...]:
    """The bytes of each field of `fields(bits)`, from padded codes."""
    packed = []
    low = bits
    for width in fields(bits):
        low -= width
        field = np.bitwise_and(np.right_shift(codes, low), (1 << width) - 1).astype(np.uint8)
        packed.append(pack_field(field, width))
    return tuple(packed)


def pack_trits(codes: Codes) -> Codes:
    """Padded codes 0, 1, 2 packed five per byte, the first the least significant."""
    weights = 3 ** np.arange(TRITS)
    return (codes.reshape(-1, TRITS).astype(np.int64) @ weights).astype(np.uint8)


def entropy(codes: Codes) -> float:
    """Zeroth-order entropy in bits per code: the lower bound for a coder that treats codes independently."""
    counts = np.bincount(codes.reshape(-1))
    share = counts[counts > 0] / max(codes.size, 1)
    return float(-(share * np.log2(share)).sum())


@dataclass(frozen=True, slots=True)
class Layout:
    """Position of a weight's rows (one per output channel) in it: rows → `inner` shape → transposed by `order` → `shape`.

    `order` is None where the weight, reshaped to a matrix, is the rows.
    """

    shape: tuple[int, ...]
    rows: int
    inner: tuple[int, ...] = ()
    order: tuple[int, ...] | None = None

    def to_rows(self, weight: FloatArray) -> FloatArray:
        """(rows, columns) of a weight."""
        if self.order is not None:
            back = np.argsort(self.order)
            shape = tuple(self.inner[i] for i in self.order)
            weight = weight.reshape(shape).transpose(back)
        return np.ascontiguousarray(weight).reshape(self.rows, -1)

    def to_weight(self, rows: FloatArray) -> FloatArray:
        """The inverse of `to_rows`."""
        if self.order is not None:
            rows = rows.reshape(self.inner).transpose(self.order)
        return np.ascontiguousarray(rows).reshape(self.shape)


@dataclass(frozen=True, slots=True, eq=False)
class CodedWeight:
    """Codes (rows, columns) below `levels`, decoded as (code − zero) · scale or codebook[code] · scale.

    `scale` (rows, groups), float16 or float32, applies to equal groups of columns, (1, 1) to all; None means 1.
    `zero` is one number, or whole numbers (rows, groups) in uint8. `codebook` (blocks, up to levels) gives each of
    `blocks` equal blocks of rows its own values. `sparse` stores a bit mask and only the codes of values other than
    zero; zero is code 0 of a codebook, or the code equal to the number `zero`.
    """

    layout: Layout
    codes: Codes
    levels: int
    scale: NDArray[np.floating[Any]] | None
    zero: float | Codes = 0.0
    codebook: NDArray[np.floating[Any]] | None = None
    sparse: bool = False

    def __post_init__(self) -> None:
        rows, columns = self.codes.shape
        assert rows == self.layout.rows and rows * columns == prod(self.layout.shape)
        assert int(self.codes.max(initial=0)) < self.levels <= 256
        assert (
            self.scale is None
            or self.scale.size == 1
            or (len(self.scale) == rows and columns % self.scale.shape[1] == 0)
        )
        assert self.scale is not None or self.codebook is not None, "codes without a meaning"
        assert self.codebook is None or (
            rows % len(self.codebook) == 0 and self.codebook.shape[1] <= self.levels
        )
        assert not self.sparse or self.codebook is not None or isinstance(self.zero, float)

    @property
    def groups(self) -> int:
        return 1 if self.scale is None else self.scale.shape[1]

    @property
    def absent(self) -> int:
        """The code of the value zero, which is not stored where `sparse`."""
        return 0 if self.codebook is not None else int(np.asarray(self.zero).flat[0])

    @property
    def bits(self) -> int:
        """Width of a stored code."""
        return bits_for(max(2, self.levels - (1 if self.sparse and self.codebook is not None else 0)))

    @property
    def packed_bits(self) -> float:
        """Bits of all packed codes and the mask, without scales, codebook and padding."""
        if self.sparse:
            return self.codes.size + int((self.codes != self.absent).sum()) * self.bits
        return self.codes.size * (1.6 if self.levels == 3 else self.bits)

    def sparsest(self) -> CodedWeight:
        """The same weight, sparse if that takes fewer bits when packed."""
        if self.codebook is None:
            possible = isinstance(self.zero, float) and self.zero.is_integer()
        else:
            possible = not self.codebook[:, 0].any()
        if not possible:
            return self
        sparse = dataclasses.replace(self, sparse=True)
        return sparse if sparse.packed_bits < self.packed_bits else self

    def for_bytes(self) -> CodedWeight:
        """The same weight for storage of one code per byte: dense, and with an integer zero moved to 128.

        A byte coder compresses the layers better if all codes have the same zero.
        """
        if self.codebook is not None or not isinstance(self.zero, float) or not self.zero.is_integer():
            return dataclasses.replace(self, levels=256, sparse=False)
        codes = self.codes + np.uint8(128 - int(self.zero))
        return dataclasses.replace(self, codes=codes, levels=256, zero=128.0, sparse=False)

    @property
    def entropy(self) -> float:
        """Zeroth-order entropy of the codes, in bits per weight: the bound over codes, whatever the packing."""
        return entropy(self.codes)

    def values(self) -> FloatArray:
        """The float32 weight, bit for bit as the decode subgraph computes it."""
        rows = len(self.codes)
        if self.codebook is not None:
            block = np.repeat(np.arange(len(self.codebook)), rows // len(self.codebook))
            base = self.codebook.astype(np.float32)[block[:, None], self.codes]
        else:
            zero = np.asarray(self.zero, np.float32)
            spread = zero.reshape(len(zero), -1, 1) if zero.ndim else zero
            base = (self.codes.reshape(rows, self.groups, -1).astype(np.float32) - spread).reshape(rows, -1)
        if self.scale is not None:
            base = base.reshape(rows, self.groups, -1) * self.scale.astype(np.float32)[:, :, None]
        return self.layout.to_weight(base.astype(np.float32).reshape(rows, -1))
