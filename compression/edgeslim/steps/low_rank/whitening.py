"""Activation-aware approximation: errors weighted by the actual inputs of a layer.

With C = L Lᵀ the covariance of the inputs x, and m their mean, the mean of |W x + b - (W' x + b')|² is |W L - W' L|²
if b' = b + (W - W') m. So W L is decomposed, the first factor is multiplied by the inverse of L, and the bias is shifted.
Source: Zhang et al. 2015, arXiv 1505.06798; Yuan et al. 2023, arXiv 2312.05821 (without the mean).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from edgeslim.datasets.base import Split
from edgeslim.detections import Doubles
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress
from edgeslim.steps.images import inputs as network_inputs
from edgeslim.steps.low_rank.layers import Layer

PLACES = 1024
"""Evenly spaced positions per image at which a layer's input is sampled; neighbouring ones are nearly equal."""
RIDGE = 1e-6
"""Added to the diagonal of the covariance, relative to its mean, so that directions never seen count a little."""


@dataclass(frozen=True, slots=True)
class Whitening:
    """`root` (P, P) is L, `mean` (P,) is m: over input channels, or over channels and kernel positions together.

    Over channels alone, neighbouring pixels are treated as independent, and borders like the interior.
    """

    root: Doubles
    mean: Doubles

    def applied(self, weight: Doubles) -> Doubles:
        """W L for a weight (out, in, rows, columns)."""
        return _restored(_rows(weight, len(self.root)) @ self.root, weight.shape)

    def undone(self, factor: Doubles) -> Doubles:
        """The factor (r, in, rows or 1, columns or 1) times the inverse of L."""
        rows = torch.from_numpy(_rows(factor, len(self.root)))
        root = torch.from_numpy(self.root)
        solved: Doubles = torch.linalg.solve_triangular(root, rows, upper=False, left=False).numpy()
        return _restored(solved, factor.shape)

    def mean_response(self, weight: Doubles) -> Doubles:
        """W m, (out,)."""
        response: Doubles = (_rows(weight, len(self.mean)) @ self.mean).reshape(len(weight), -1).sum(axis=1)
        return response


def whitening(covariance: Doubles, mean: Doubles) -> Whitening:
    """From the covariance (P, P) and the mean (P,) of a layer's input."""
    scale = float(np.trace(covariance)) / len(covariance)
    ridge = RIDGE * scale if scale > 0 else 1.0
    root = np.linalg.cholesky(covariance + ridge * np.eye(len(covariance)))
    return Whitening(root.astype(np.float64, copy=False), mean)


def whitenings(
    module: fx.GraphModule,
    layers: Mapping[Layer, bool],
    split: Split,
    spec: ModelSpec,
    images: int,
    progress: Progress,
) -> dict[Layer, Whitening]:
    """The whitening of each layer's inputs, over `images` images of the split.

    P is the number of input channels or, for layers marked True, of input channels times kernel positions.
    Raises DatasetError for unreadable images.
    """
    seen = {layer: _RunningCovariance() for layer in layers}

    def look(layer: Layer, patches: bool, _: nn.Module, inputs: tuple[Any, ...]) -> None:
        seen[layer].add(_vectors(layer.module, inputs[0], patches).double())

    handles = [
        layer.module.register_forward_pre_hook(partial(look, layer, patches))
        for layer, patches in layers.items()
    ]
    try:
        with torch.no_grad():
            for done, tensor in enumerate(network_inputs(split, spec, images)):
                progress("calibration", done, min(images, len(split)))
                module(torch.from_numpy(tensor))
    finally:
        for handle in handles:
            handle.remove()
    return {layer: moments.whitening() for layer, moments in seen.items()}


class _RunningCovariance:
    """Running sums over a layer's input vectors, relative to the mean of the first batch for numerical accuracy."""

    def __init__(self) -> None:
        self._count = 0
        self._offset: Tensor | None = None
        self._first: Any = 0.0
        self._second: Any = 0.0

    def add(self, vectors: Tensor) -> None:
        """(count, P)."""
        if self._offset is None:
            self._offset = vectors.mean(0)
        centred = vectors - self._offset
        self._count += len(vectors)
        self._first = self._first + centred.sum(0)
        self._second = self._second + centred.T @ centred

    def whitening(self) -> Whitening:
        assert self._offset is not None, "the network calls every layer"
        mean = self._first / self._count
        covariance = self._second / self._count - torch.outer(mean, mean)
        return whitening(covariance.numpy(), (self._offset + mean).numpy())


def _vectors(layer: nn.Conv2d | nn.Linear, value: Tensor, patches: bool) -> Tensor:
    """(positions, P): the vectors that the layer's weight is multiplied with."""
    if isinstance(layer, nn.Linear):
        columns = value.reshape(-1, value.shape[-1]).T
    elif patches:
        assert not isinstance(layer.padding, str), "only numbers are factorized"
        unfolded = functional.unfold(
            value, layer.kernel_size, dilation=layer.dilation, padding=layer.padding, stride=layer.stride
        )
        columns = unfolded.transpose(0, 1).flatten(1)
    else:
        columns = value.transpose(0, 1).flatten(1)
    count = columns.shape[1]
    if count > PLACES:
        columns = columns[:, torch.linspace(0, count - 1, PLACES).long()]
    return columns.T


def _rows(weight: Doubles, width: int) -> Doubles:
    """The weight as a matrix with `width` columns: input channels, or input channels and kernel positions."""
    if width == weight.shape[1]:
        return np.moveaxis(weight, 1, -1).reshape(-1, width)
    return weight.reshape(-1, width)


def _restored(rows: Doubles, shape: tuple[int, ...]) -> Doubles:
    width = rows.shape[1]
    if width == shape[1]:
        return np.moveaxis(rows.reshape(shape[0], *shape[2:], width), -1, 1)
    return rows.reshape(shape)
