"""The trainable part of a network: everything, a scale and a bias of every channel, or the last layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, fx, nn
from torch.nn.utils import parametrize

from edgeslim.steps.torch_network.units import Unit, scaled_weight, units_of


@contextmanager
def trainable(module: fx.GraphModule, what: str) -> Iterator[list[nn.Parameter]]:
    """The trainable parameters while open; afterwards the module has its own parameters again, all trainable.

    'scales_and_biases': those of normalization, and for layers without it the bias and a scale of every output channel,
    which is multiplied into the weight at the end.
    """
    module.requires_grad_(False)
    units = units_of(module)
    scaled = [unit.layer for unit in units if unit.norm is None] if what == "scales_and_biases" else []
    for layer in scaled:
        parametrize.register_parametrization(layer, "weight", _ChannelScale(layer))
    learning = list(dict.fromkeys(_chosen(module, units, what)))
    for parameter in learning:
        parameter.requires_grad_(True)
    try:
        yield learning
    finally:
        for layer in scaled:
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
        module.requires_grad_(True)


class _ChannelScale(nn.Module):
    """A weight times a scale for every output channel, initially 1."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        weight = layer.get_parameter("weight")
        channels = layer.out_channels if isinstance(layer, nn.ConvTranspose2d) else weight.shape[0]
        self.scale = nn.Parameter(torch.ones(channels))
        self._transposed = (
            [layer] if isinstance(layer, nn.ConvTranspose2d) else []
        )  # in a list: not a submodule

    def forward(self, weight: Tensor) -> Tensor:
        if self._transposed:
            return scaled_weight(self._transposed[0], weight, self.scale)
        return weight * self.scale.reshape(-1, *(1,) * (weight.dim() - 1))


def _chosen(module: fx.GraphModule, units: tuple[Unit, ...], what: str) -> Iterator[nn.Parameter]:
    if what == "all":
        yield from module.parameters()
    elif what == "last":
        for unit in units:
            if unit.feeds_output:
                yield from unit.layer.parameters()
                yield from unit.norm.parameters() if unit.norm is not None else ()
    else:
        for layer in module.modules():
            if isinstance(layer, _ChannelScale):
                yield layer.scale
            elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm):
                yield from layer.parameters()
        for unit in units:
            if unit.layer.bias is not None and unit.norm is None:
                yield unit.layer.get_parameter("bias")
