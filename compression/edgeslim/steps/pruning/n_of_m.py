"""Semi-structured pruning: n of every m weights are kept."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.errors import RecipeError
from edgeslim.params import param
from edgeslim.steps.base import STEPS, StepContext, TorchStep

if TYPE_CHECKING:
    from torch import nn


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class NOfMPruning(TorchStep):
    """Keep the n largest of every m neighbouring weights along a layer's inputs (such as 2:4); set the others to zero.

    Some accelerators multiply such matrices faster; onnxruntime does not, so here only the compressed download shrinks.
    Layers with fewer than m inputs per group, above all depthwise ones, and remainders are not pruned.
    """

    name = "n_of_m_pruning"
    group = "pruning"
    source = "Mishra et al. 2021, arXiv 2104.08378"
    changes = frozenset({"download", "accuracy"})
    makes = frozenset({"zeros", "pattern"})

    n: int = param(
        2,
        search=(1, 3),
        low=1,
        high=31,
        unit="weights",
        help="Number of weights kept in a group: the largest.",
    )
    m: int = param(
        4,
        low=2,
        high=32,
        unit="weights",
        help="Number of neighbouring weights along the inputs that form a group.",
    )

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the sparsity reached, and the layers left dense.

        Raises RecipeError: 'n_of_m_keeps_all', 'n_of_m_too_few_inputs'.
        """
        from torch import nn

        from edgeslim.steps.pruning import masks

        if self.n >= self.m:
            raise RecipeError("n_of_m_keeps_all", n=self.n, m=self.m)
        pruned = copy.deepcopy(model)
        weights = masks.prunable_weights(pruned)
        owners = {name: pruned.get_submodule(name.rpartition(".")[0]) for name in weights}
        axes = {name: int(not isinstance(owners[name], nn.modules.conv._ConvTransposeNd)) for name in weights}
        wide = {name: weight for name, weight in weights.items() if weight.shape[axes[name]] >= self.m}
        if not wide:
            raise RecipeError("n_of_m_too_few_inputs", m=self.m)
        masks.zero_out(
            wide,
            {name: masks.n_of_m(w.detach().abs(), self.n, self.m, axes[name]) for name, w in wide.items()},
        )
        context.info.update(masks.sparsity_info(weights), left_dense=sorted(weights.keys() - wide.keys()))
        return pruned
