"""Unstructured pruning by magnitude."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.params import param
from edgeslim.steps.base import STEPS, StepContext, TorchStep
from edgeslim.steps.pruning.fields import scope, sparsity

if TYPE_CHECKING:
    from torch import nn


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class MagnitudePruning(TorchStep):
    """Set the smallest weights to zero.

    Only the compressed download shrinks: in the file zeros are stored and multiplied like any number. Biases and
    normalization are not pruned; weights that are zero already count as pruned.
    """

    name = "magnitude_pruning"
    group = "pruning"
    source = "Han et al. 2015, arXiv 1506.02626"
    changes = frozenset({"download", "accuracy"})
    makes = frozenset({"zeros"})

    sparsity: float = sparsity()
    scope: str = scope()
    order: str = param(
        "smallest_first",
        choices=("smallest_first", "largest_first", "random"),
        help="Which weights are removed first. largest_first is a counter-example: what sorting in ascending order and "
        "pruning from the end does. random is the baseline that every criterion must beat.",
    )

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the sparsity reached in total and by layer."""
        from edgeslim.steps.pruning import masks

        pruned = copy.deepcopy(model)
        weights = masks.prunable_weights(pruned)
        if self.order == "random":
            scores = masks.chance(weights, context.seed)
        else:
            sign = -1 if self.order == "largest_first" else 1
            scores = {name: sign * score for name, score in masks.magnitude(weights).items()}
        masks.zero_out(weights, masks.lowest_out(scores, self.sparsity, self.scope))
        context.info.update(masks.sparsity_info(weights))
        return pruned
