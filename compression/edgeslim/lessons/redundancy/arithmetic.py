"""A small adaptive arithmetic coder: proof that the Shannon bound is not theory alone.

A code of b bits is b decisions, the highest bit first. What was decided before in the same code is the context; each
context counts its zeros and ones, and a decision costs -log2 of the share that it had so far (Krichevsky and Trofimov).
Nothing is told beforehand: the decoder counts the same. Sources: Witten, Neal & Cleary, Arithmetic Coding for Data
Compression, 1987; the range coder of LZMA (I. Pavlov).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]
_TOP, _FULL = 1 << 24, 0xFFFFFFFF
"""The range is kept above 2^24 by shifting bytes out of its 32 bits."""


def encode(codes: Codes, bits: int) -> bytes:
    """The flat codes (each below 2^bits) as bytes that `decode` turns back."""
    counts = [[1, 1] for _ in range(1 << bits)]  # twice the count, plus one: no decision is impossible
    out, low, width = bytearray(), 0, _FULL
    for code in codes.ravel().tolist():
        context = 1
        for place in range(bits - 1, -1, -1):
            seen = counts[context]
            split = width * seen[0] // (seen[0] + seen[1])
            split = min(max(split, 1), width - 1)
            bit = code >> place & 1
            if bit:
                low += split
                width -= split
            else:
                width = split
            seen[bit] += 2
            context = context << 1 | bit
            while width < _TOP:
                if low > _FULL:
                    _carry(out)
                    low &= _FULL
                out.append(low >> 24)
                low = (low << 8) & _FULL
                width <<= 8
    if low > _FULL:
        _carry(out)
    return bytes(out) + (low & _FULL).to_bytes(4, "big")


def decode(content: bytes, count: int, bits: int) -> Codes:
    """The `count` codes that `encode` was given."""
    counts = [[1, 1] for _ in range(1 << bits)]
    stream = iter(content)
    value, width = int.from_bytes(bytes(next(stream, 0) for _ in range(4)), "big"), _FULL
    found = []
    for _ in range(count):
        context = 1
        for _ in range(bits):
            seen = counts[context]
            split = width * seen[0] // (seen[0] + seen[1])
            split = min(max(split, 1), width - 1)
            bit = int(value >= split)
            if bit:
                value -= split
                width -= split
            else:
                width = split
            seen[bit] += 2
            context = context << 1 | bit
            while width < _TOP:
                value = value << 8 | next(stream, 0)
                width <<= 8
        found.append(context - (1 << bits))
    return np.array(found, np.uint8)


def _carry(out: bytearray) -> None:
    """Add one to the bytes already written."""
    place = len(out) - 1
    while out[place] == 0xFF:
        out[place] = 0
        place -= 1
    out[place] += 1
