"""Unstructured pruning by first-order Taylor importance."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, Effect, Need, NeedsByParameters, StepContext, TorchStep, Trait
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

    name: ClassVar[str] = "taylor_pruning"
    group: ClassVar[str] = "pruning"
    source: ClassVar[str] = "Molchanov et al. 2019, arXiv 1906.10771"
    changes: ClassVar[frozenset[Effect]] = frozenset({"download", "accuracy"})
    needs: ClassVar[frozenset[Need]] = cast(
        Any, NeedsByParameters(("calibration",), lambda step: needs_of(step.signal))
    )
    makes: ClassVar[frozenset[Trait]] = frozenset({"zeros"})

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
