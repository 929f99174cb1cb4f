"""The weight of a convolution or linear layer, seen from its input channels, whatever its groups and direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


def inputs_of(layer: nn.Module) -> int:
    """Number of input channels or features."""
    return int(getattr(layer, "in_channels", 0) or getattr(layer, "in_features", 0))


def outputs_of(layer: nn.Module) -> int:
    """Number of output channels or features."""
    return int(getattr(layer, "out_channels", 0) or getattr(layer, "out_features", 0))


def across_inputs(layer: nn.Module, values: Tensor) -> Tensor:
    """One value for each input (inputs,), shaped to be multiplied with the weight."""
    weight, groups = layer.get_parameter("weight"), _groups(layer)
    if _transposed(layer):
        return values.reshape(-1, *(1,) * (weight.dim() - 1))
    rows = values.reshape(groups, 1, -1).expand(groups, weight.shape[0] // groups, -1)
    return rows.reshape(weight.shape[0], -1, *(1,) * (weight.dim() - 2))


def by_input(layer: nn.Module, product: Tensor) -> Tensor:
    """(inputs,): what has the weight's shape, summed over all that reads each input."""
    if _transposed(layer):
        return product.flatten(1).sum(1)
    groups = _groups(layer)
    rows = product.reshape(groups, product.shape[0] // groups, product.shape[1], -1)
    return rows.sum((1, 3)).flatten()


def by_output(layer: nn.Module, product: Tensor) -> Tensor:
    """(outputs,): what has the weight's shape, summed over all that each output reads. Not for transposed ones."""
    return product.flatten(1).sum(1)


def has_steady_inputs(layer: nn.Module) -> bool:
    """Whether a constant input gives a constant output, borders aside: a shift can then stand for it."""
    return not _transposed(layer)


def _groups(layer: nn.Module) -> int:
    return int(getattr(layer, "groups", 1))


def _transposed(layer: nn.Module) -> bool:
    return bool(getattr(layer, "transposed", False))
