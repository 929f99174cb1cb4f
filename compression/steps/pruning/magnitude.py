"""Unstructured pruning by magnitude."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from compression.params import param
from compression.steps.base import STEPS, Effect, StepContext, TorchStep
from compression.steps.pruning.masks import prunable_weights, smallest, sparsity_info

if TYPE_CHECKING:
    from torch import nn


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class MagnitudePruning(TorchStep):
    """Set the smallest weights to zero.

    The file keeps its size and its speed: the zeros are stored and multiplied like any number. What shrinks
    is the compressed download. Biases and normalization stay; weights already zero count as pruned.
    """

    name: ClassVar[str] = "magnitude_pruning"
    group: ClassVar[str] = "pruning"
    source: ClassVar[str] = "Han et al. 2015, arXiv 1506.02626"
    changes: ClassVar[frozenset[Effect]] = frozenset({"download", "accuracy"})

    sparsity: float = param(
        0.5, low=0.0, high=0.99, unit="fraction of weights", help="How many of the weights become zero."
    )
    scope: str = param(
        "global",
        choices=("global", "layer"),
        help="Rank all weights of the network together, or each layer by itself.",
    )

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """Scores are absolute values; `context.info` receives the achieved sparsity in all and by layer."""
        import torch

        pruned = copy.deepcopy(model)
        weights = prunable_weights(pruned)
        masks = smallest({name: w.detach().abs() for name, w in weights.items()}, self.sparsity, self.scope)
        with torch.no_grad():
            for name, weight in weights.items():
                weight[~masks[name]] = 0.0
        context.info.update(sparsity_info(weights))
        return pruned
