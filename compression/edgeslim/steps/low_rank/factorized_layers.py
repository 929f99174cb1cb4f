"""A layer with its decomposition, the ranks it can have, and the chain of layers that replaces it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from edgeslim.detections import Doubles
from edgeslim.models.torch_graph.operation import empty
from edgeslim.steps.low_rank.decompositions import (
    Cp,
    Decomposition,
    FactorLayer,
    Spatial,
    Svd,
    Tucker2,
    compose,
    energy_kept,
)
from edgeslim.steps.low_rank.layers import Layer
from edgeslim.steps.low_rank.rank_options import RankOptions, admitted, cheaper_options
from edgeslim.steps.low_rank.whitening import Whitening


def replace(
    module: fx.GraphModule,
    layer: Layer,
    parts: Sequence[FactorLayer],
    factors: Sequence[Doubles],
    shift: Doubles | None,
) -> None:
    """Replace the layer, in place, wherever it is called; the last part gets the bias, plus `shift` (out,).

    The parts are named 0, 1 … under the layer's name; each is a node of its own.
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


def _made(layer: nn.Conv2d | nn.Linear, part: FactorLayer, factor: Doubles, bias: Tensor | None) -> nn.Module:
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


DECOMPOSITIONS: dict[str, type[Decomposition]] = {
    "tucker2": Tucker2,
    "svd": Svd,
    "spatial": Spatial,
    "cp": Cp,
}


@dataclass(frozen=True, slots=True)
class FactorizedLayer:
    """`weight` is decomposed: the layer's weight, whitened if its inputs are known."""

    layer: Layer
    weight: Doubles
    white: Whitening | None
    decomposition: Decomposition
    options: RankOptions

    @staticmethod
    def of(
        layer: Layer,
        kind: type[Decomposition],
        white: Whitening | None,
        seed: int,
        round_to: int,
        share: float | None,
        target: str,
    ) -> FactorizedLayer:
        weight = layer.weight() if white is None else white.applied(layer.weight())
        decomposition = kind(weight, seed)
        rows = admitted(decomposition.ranks, round_to, share)
        ranks = decomposition.ranks[rows]
        costs = layer.costs(kind.parts, ranks, biased=white is not None)
        options = cheaper_options(
            ranks, decomposition.energy[rows], costs, (layer.parameters, layer.macs), target
        )
        return FactorizedLayer(layer, weight, white, decomposition, options)

    def energy(self, option: int) -> float:
        """The share of energy that the option keeps, measured on its factors."""
        return energy_kept(self.weight, compose(self._factors(option)))

    def put(self, module: fx.GraphModule, option: int) -> dict[str, Any]:
        """Replace the layer in the network, in place. Returns a report, as JSON values."""
        factors = self._factors(option)
        energy = energy_kept(self.weight, compose(factors))
        shift = None
        if self.white is not None:
            factors = (self.white.undone(factors[0]), *factors[1:])
            shift = self.white.mean_response(self.layer.weight() - compose(factors))
        replace(module, self.layer, self.decomposition.parts, factors, shift)
        return {
            "name": self.layer.name,
            "method": next(name for name, kind in DECOMPOSITIONS.items() if kind is type(self.decomposition)),
            "ranks": self.options.ranks[option].tolist(),
            "full_ranks": self.decomposition.ranks.max(axis=0).tolist(),
            "energy": energy,
            "parameters_before": self.layer.parameters,
            "parameters": int(self.options.parameters[option]),
            "macs_before": self.layer.macs,
            "macs": int(self.options.macs[option]),
            "feeds_output": self.layer.feeds_output,
        }

    def _factors(self, option: int) -> tuple[Doubles, ...]:
        return self.decomposition.factors(self.options.ranks[option].tolist())


def decomposition_class(method: str, layer: Layer) -> type[Decomposition]:
    """The decomposition of the method, or SVD for kernels that are 1 wide along an axis."""
    return DECOMPOSITIONS[method] if min(layer.shape[2:]) > 1 else Svd
