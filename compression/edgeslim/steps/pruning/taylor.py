"""Unstructured pruning by first-order Taylor importance."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, StepContext, TorchStep, needs_by
from edgeslim.steps.pruning.fields import needs_of, scope, signal, sparsity

if TYPE_CHECKING:
    from torch import nn


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class TaylorPruning(TorchStep):
    """Set those weights to zero whose removal changes the outputs least, to first order.

    The score of a weight is the mean square over images of weight times gradient: of the task loss, or without labels of
    random projections of the outputs. Only the compressed download shrinks, not the file or the latency.
    """

    name = "taylor_pruning"
    group = "pruning"
    source = "Molchanov et al. 2019, arXiv 1906.10771"
    changes = frozenset({"download", "accuracy"})
    needs = needs_by(lambda step: needs_of(step.signal))
    makes = frozenset({"zeros"})

    sparsity: float = sparsity()
    scope: str = scope()
    signal: str = signal()
    images: int = fields.images()

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the sparsity reached in total and by layer. Raises RecipeError as `passes`."""
        from edgeslim.steps.pruning import masks
        from edgeslim.steps.pruning.gradients import passes

        pruned = copy.deepcopy(model).requires_grad_(True)
        weights = masks.prunable_weights(pruned)
        rounds = passes(pruned, context, self.signal, self.images, self.name)
        scores = masks.taylor(weights, masks.mean_squared_gradients(weights, rounds))
        masks.zero_out(weights, masks.lowest_out(scores, self.sparsity, self.scope))
        context.info.update(masks.sparsity_info(weights))
        return pruned
