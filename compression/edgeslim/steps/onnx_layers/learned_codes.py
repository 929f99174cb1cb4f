"""Trainable codes, codebooks, scales and biases: stored weights as parametrizations of their torch layers.

The forward pass always uses the values that will be stored. Each code has a latent number that is trained with the
straight-through estimator. It starts at the code itself, so that a code changes only where gradients agree over half a
step of the grid; latents that start near a boundary would flip all at once, by noise. Latents are in steps of the grid
and scales are trained by their logarithm, so that one learning rate suits all layers and widths. Sources: Bengio et al.
2013, arXiv 1308.3432 (straight-through); Esser et al. 2020, arXiv 1902.08153 (scales); Han et al. 2016,
arXiv 1510.00149 (codebooks).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgeslim.export.packed import CodedWeight, Layout

STILL = 1e-3
"""Initial distance of latents from their codes: a zero among the parameters would count as pruned and be fixed."""

LEAST_BIAS = 1e-3
"""Smallest unit of a layer's biases."""


class Rounding(torch.autograd.Function):
    """Nearest code from 0 to `highest`; gradients pass, except those that push a latent out of this range."""

    @staticmethod
    def forward(ctx: Any, latent: Tensor, highest: int) -> Tensor:
        ctx.save_for_backward(latent)
        ctx.highest = highest
        return latent.round().clamp(0, highest)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (latent,), (gradient,) = ctx.saved_tensors, gradients
        out = ((latent < 0) & (gradient > 0)) | ((latent > ctx.highest) & (gradient < 0))
        return gradient.masked_fill(out, 0.0), None


class LearnedScale(nn.Module):
    """A trainable scale, rounded as it will be stored: to float16 or float32."""

    start: Tensor

    def __init__(self, weight: CodedWeight, learns: bool) -> None:
        super().__init__()
        scale = np.ones((1, 1), np.float32) if weight.scale is None else weight.scale
        self._half = scale.dtype == np.float16
        self.register_buffer("start", torch.from_numpy(scale.astype(np.float32)))
        # one-dimensional: zeros of larger parameters count as pruned weights
        self.growth = nn.Parameter(torch.zeros(scale.size), requires_grad=learns and weight.scale is not None)

    def forward(self) -> Tensor:
        grown = self.start * torch.exp(self.growth.reshape(self.start.shape))
        return narrowed(grown, self._half)


class LearnedCodes(nn.Module):
    """A weight on a uniform grid. Its original tensor (rows, columns) holds the latent of each code."""

    zero: Tensor
    fixed: Tensor | None
    codes: Tensor

    def __init__(self, weight: CodedWeight, fixed: NDArray[np.bool_] | None, *, scales: bool) -> None:
        """`fixed` (rows, columns): codes that do not change."""
        super().__init__()
        assert weight.codebook is None and weight.scale is not None
        self.weight, self.scale = weight, LearnedScale(weight, scales)
        self.register_buffer("zero", torch.from_numpy(np.array(weight.zero, np.float32)))
        self.register_buffer("fixed", None if fixed is None else torch.from_numpy(fixed))
        self.register_buffer("codes", torch.from_numpy(weight.codes.astype(np.float32)))

    def right_inverse(self, _: Tensor) -> Tensor:
        return self.codes + STILL

    def rounded(self, latent: Tensor) -> Tensor:
        """LearnedCodes (rows, columns), as floats."""
        codes: Tensor = Rounding.apply(latent, self.weight.levels - 1)  # type: ignore[no-untyped-call]
        return codes if self.fixed is None else torch.where(self.fixed, self.codes, codes)

    def forward(self, latent: Tensor) -> Tensor:
        rows = len(latent)
        zero = self.zero[:, :, None] if self.zero.dim() else self.zero
        steps = self.rounded(latent).reshape(rows, self.weight.groups, -1) - zero
        return placed((steps * self.scale()[:, :, None]).reshape(rows, -1), self.weight.layout)

    def learned(self, latent: Tensor) -> CodedWeight:
        codes = self.rounded(latent).cpu().numpy().astype(np.uint8)
        return dataclasses.replace(self.weight, codes=codes, scale=like(self.scale(), self.weight.scale))


class LearnedCodebook(nn.Module):
    """A weight with a trainable codebook and fixed codes. Its original tensor holds the change of each value."""

    places: Tensor
    start: Tensor
    unit: Tensor

    def __init__(self, weight: CodedWeight, *, scales: bool) -> None:
        super().__init__()
        assert weight.codebook is not None
        self.weight, self.scale = weight, LearnedScale(weight, scales)
        self._book = weight.codebook
        blocks, width = self._book.shape
        block = np.arange(len(weight.codes)) * blocks // len(weight.codes)
        places = block[:, None] * width + weight.codes.astype(np.int64)
        self.register_buffer("places", torch.from_numpy(places))
        self.register_buffer("start", torch.from_numpy(self._book.astype(np.float32)).reshape(-1))
        # zeros do not change: they may represent pruned weights
        self.register_buffer("unit", (self.start != 0) * self.start.square().mean().sqrt())

    def right_inverse(self, _: Tensor) -> Tensor:
        return torch.zeros_like(self.start)

    def book(self, moved: Tensor) -> Tensor:
        """The values of all codebooks, concatenated."""
        return narrowed(self.start + self.unit * moved, self._book.dtype == np.float16)

    def forward(self, moved: Tensor) -> Tensor:
        return placed(self.book(moved)[self.places] * self.scale(), self.weight.layout)

    def learned(self, moved: Tensor) -> CodedWeight:
        book, scale = like(self.book(moved), self._book), like(self.scale(), self.weight.scale)
        return dataclasses.replace(self.weight, codebook=book, scale=scale)


class LearnedBias(nn.Module):
    """A trainable bias, rounded as it will be stored. Its original tensor is the change, in units of the biases."""

    start: Tensor
    unit: Tensor

    def __init__(self, start: NDArray[np.floating[Any]]) -> None:
        super().__init__()
        self._stored = start
        self.register_buffer("start", torch.from_numpy(start.astype(np.float32)))
        self.register_buffer("unit", self.start.square().mean().sqrt().clamp(min=LEAST_BIAS))

    def right_inverse(self, bias: Tensor) -> Tensor:
        return torch.zeros_like(bias)

    def forward(self, moved: Tensor) -> Tensor:
        return narrowed(self.start + self.unit * moved, self._stored.dtype == np.float16)

    def learned(self, moved: Tensor) -> NDArray[np.floating[Any]] | None:
        return like(self(moved), self._stored)


def narrowed(values: Tensor, half: bool) -> Tensor:
    """The values rounded to float16 (if `half`), with straight-through gradients."""
    return values + (values.half().float() - values).detach() if half else values


def placed(rows: Tensor, layout: Layout) -> Tensor:
    """The torch layer's weight from rows, one per output channel."""
    if len(layout.shape) == 2:
        return rows
    if layout.order is not None:
        rows = rows.reshape(layout.inner).permute(layout.order)
    return rows.reshape(layout.shape)


def like(values: Tensor, stored: NDArray[np.floating[Any]] | None) -> NDArray[np.floating[Any]] | None:
    """The values in the type and shape of `stored`."""
    if stored is None:
        return None
    return values.detach().cpu().numpy().reshape(stored.shape).astype(stored.dtype)
