"""Puts a chain of convolutions in the place of a layer of the graph."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, fx, nn

from edgeslim.models.torch_graph.operation import empty
from edgeslim.steps.low_rank.decomposition import Doubles, Part
from edgeslim.steps.low_rank.layers import Layer


def replace(
    module: fx.GraphModule,
    layer: Layer,
    parts: Sequence[Part],
    factors: Sequence[Doubles],
    shift: Doubles | None,
) -> None:
    """Replace the layer, in place, wherever it is called; the bias, plus `shift` (out,), goes to the last part.

    The parts are called 0, 1 … under the layer's name, each a node of its own.
    """
    biases = [None] * (len(parts) - 1) + [_bias(layer.module, shift)]
    chain = [
        _made(layer.module, part, factor, bias)
        for part, factor, bias in zip(parts, factors, biases, strict=True)
    ]
    path, _, leaf = layer.name.rpartition(".")
    setattr(module.get_submodule(path), leaf, nn.Sequential(*chain))
    for node in list(module.graph.nodes):
        if node.op == "call_module" and node.target == layer.name:
            value = node.all_input_nodes[0]
            with module.graph.inserting_before(node):
                for index in range(len(chain)):
                    value = module.graph.call_module(f"{layer.name}.{index}", (value,))
            node.replace_all_uses_with(value)
            module.graph.erase_node(node)


def _bias(layer: nn.Conv2d | nn.Linear, shift: Doubles | None) -> Tensor | None:
    bias = None if layer.bias is None else layer.bias.detach()
    if shift is None:
        return bias
    added = torch.from_numpy(shift)
    return added if bias is None else bias.double() + added


def _made(layer: nn.Conv2d | nn.Linear, part: Part, factor: Doubles, bias: Tensor | None) -> nn.Module:
    out, channels, *kernel = factor.shape
    if isinstance(layer, nn.Linear):
        made: nn.Module = empty(nn.Linear, channels, out, bias=bias is not None)
    else:
        assert not isinstance(layer.padding, str), "only numbers are factorized"
        along = (part.rows, part.columns)
        made = empty(
            nn.Conv2d,
            out if part.depthwise else channels,
            out,
            tuple(kernel),
            stride=_where(along, layer.stride, 1),
            padding=_where(along, layer.padding, 0),
            dilation=_where(along, layer.dilation, 1),
            groups=out if part.depthwise else 1,
            bias=bias is not None,
        )
    with torch.no_grad():
        weight = made.get_parameter("weight")
        weight.copy_(torch.from_numpy(factor.copy()).reshape(weight.shape))
        if bias is not None:
            made.get_parameter("bias").copy_(bias)
    return made.train(layer.training)


def _where(along: tuple[bool, bool], values: Sequence[int], otherwise: int) -> tuple[int, ...]:
    return tuple(value if here else otherwise for here, value in zip(along, values, strict=True))
