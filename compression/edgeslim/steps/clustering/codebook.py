"""Codebooks: the few values that weights share, found by one-dimensional k-means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Doubles
from edgeslim.steps.onnx_layers.gram import Gram

ROUNDS = 100
"""Maximum number of k-means iterations; it stops when no centre moves."""


@dataclass(frozen=True, slots=True)
class Codebook:
    """A weight is book[block of its row, code] · scale. The values of each block ascend, after a leading zero if any."""

    book: Doubles
    """(blocks, values)."""
    scale: Doubles
    """(rows,)."""
    leading_zero: bool
    """Code 0 stands for zero, whatever the other values are."""

    def column(self, k: int) -> Codebook:
        """The same codebook: it holds for all columns."""
        return self

    def codes(self, values: Doubles) -> Doubles:
        """Nearest codes of a weight (rows, K) or a column (rows,)."""
        blocks = len(self.book)
        shaped = np.divide(values.T, self.scale).T.reshape(blocks, -1)
        found = np.stack([self._nearest(self.book[block], shaped[block]) for block in range(blocks)])
        return found.reshape(values.shape).astype(np.float64)

    def values(self, codes: Doubles) -> Doubles:
        blocks = len(self.book)
        places = codes.reshape(blocks, -1).astype(np.int64)
        shaped = np.take_along_axis(self.book, places, axis=1).reshape(codes.shape)
        return np.asarray(shaped.T * self.scale).T

    def _nearest(self, book: Doubles, values: Doubles) -> NDArray[np.int64]:
        """Index of the nearest value: of two equally near ones the lower, of zeros the leading one."""
        order = np.argsort(book, kind="stable")
        ascending = book[order]
        return order[np.searchsorted((ascending[1:] + ascending[:-1]) / 2, values, side="left")]


def clustered(values: Doubles, count: int) -> Doubles:
    """`count` ascending centres (fewer different values repeat) of one-dimensional values, by Lloyd's k-means.

    Starts from equal steps between the extremes, which represents the rare large weights (Deep Compression, Han et al.
    2016, arXiv 1510.00149, section 3.2). The values are sorted once, so that each iteration searches in prefix sums.
    """
    ascending = np.sort(values.reshape(-1))
    sums = np.concatenate([[0.0], np.cumsum(ascending)])
    centres = np.linspace(ascending[0], ascending[-1], count)
    for _ in range(ROUNDS):
        cuts = np.searchsorted(ascending, (centres[1:] + centres[:-1]) / 2)
        ends = np.concatenate([[0], cuts, [len(ascending)]])
        held = np.diff(ends)
        means = np.diff(sums[ends]) / np.maximum(held, 1)
        moved = np.sort(np.where(held > 0, means, centres))
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres


def make_codebook(rows: Doubles, blocks: int, count: int, scale: Doubles, *, leading_zero: bool) -> Codebook:
    """Cluster the scaled rows, each of `blocks` equal blocks separately, with a code for zeros if `leading_zero`."""
    shaped = (rows / scale[:, None]).reshape(blocks, -1)
    books = []
    for block in shaped:
        if not leading_zero:
            books.append(clustered(block, count))
            continue
        present = block[block != 0]
        centres = clustered(present, count - 1) if present.size else np.zeros(count - 1)
        books.append(np.concatenate([[0.0], centres]))
    return Codebook(np.stack(books), scale, leading_zero)


def tuned(codebook: Codebook, codes: Doubles, rows: Doubles, gram: Gram) -> Codebook:
    """The codebook whose values minimize the output error for these codes: least squares, block by block."""
    blocks, count = codebook.book.shape
    groups, size, _ = gram.inputs.shape
    hessian = gram.damped(0.01)
    places = codes.astype(np.int64)
    book = codebook.book.copy()
    height = len(rows) // blocks
    group = np.arange(len(rows)) * groups // len(rows)
    for block in range(blocks):
        normal, right = np.zeros((count, count)), np.zeros(count)
        for row in range(block * height, (block + 1) * height):
            chosen = np.zeros((size, count))
            chosen[np.arange(size), places[row]] = codebook.scale[row]
            pulled = hessian[group[row]] @ chosen
            normal += chosen.T @ pulled
            right += rows[row] @ pulled
        free = np.diagonal(normal) > 0
        if codebook.leading_zero:
            free[0] = False
        inside = np.ix_(free, free)
        ridge = 1e-6 * np.trace(normal) / count * np.eye(int(free.sum()))
        book[block, free] += np.linalg.solve(normal[inside] + ridge, (right - normal @ book[block])[free])
    return Codebook(book, codebook.scale, codebook.leading_zero)
