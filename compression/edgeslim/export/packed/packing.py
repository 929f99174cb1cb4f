"""Packing codes of 1 to 8 bits, and of three values, into bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
