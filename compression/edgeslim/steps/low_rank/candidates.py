"""A layer with its decomposition and what can be done to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import fx

from edgeslim.steps.low_rank.cp import Cp
from edgeslim.steps.low_rank.decomposition import Decomposition, Doubles, compose, energy_kept
from edgeslim.steps.low_rank.layers import Layer
from edgeslim.steps.low_rank.options import Options, admitted, cheaper_options
from edgeslim.steps.low_rank.replacing import replace
from edgeslim.steps.low_rank.spatial import Spatial
from edgeslim.steps.low_rank.svd import Svd
from edgeslim.steps.low_rank.tucker2 import Tucker2
from edgeslim.steps.low_rank.whitening import Whitening

DECOMPOSITIONS: dict[str, type[Decomposition]] = {
    "tucker2": Tucker2,
    "svd": Svd,
    "spatial": Spatial,
    "cp": Cp,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """`weight` is what is decomposed: the layer's own, whitened if the inputs are known."""

    layer: Layer
    weight: Doubles
    white: Whitening | None
    decomposition: Decomposition
    options: Options

    @staticmethod
    def of(
        layer: Layer,
        kind: type[Decomposition],
        white: Whitening | None,
        seed: int,
        round_to: int,
        share: float | None,
        target: str,
    ) -> Candidate:
        weight = layer.weight() if white is None else white.applied(layer.weight())
        decomposition = kind(weight, seed)
        rows = admitted(decomposition.ranks, round_to, share)
        ranks = decomposition.ranks[rows]
        costs = layer.costs(kind.parts, ranks, biased=white is not None)
        options = cheaper_options(
            ranks, decomposition.energy[rows], costs, (layer.parameters, layer.macs), target
        )
        return Candidate(layer, weight, white, decomposition, options)

    def energy(self, option: int) -> float:
        """The share of energy that the option really keeps."""
        return energy_kept(self.weight, compose(self._factors(option)))

    def put(self, module: fx.GraphModule, option: int) -> dict[str, Any]:
        """Replace the layer in the network, in place. Returns what there is to tell, as JSON values."""
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
    """The method's, or SVD where a kernel has no two axes to separate."""
    return DECOMPOSITIONS[method] if min(layer.shape[2:]) > 1 else Svd
