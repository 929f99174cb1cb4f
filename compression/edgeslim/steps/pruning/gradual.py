"""Unstructured pruning while the network trains."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.params import param
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, StepContext, TorchStep, needs_by
from edgeslim.steps.images import calibration_images, training_images
from edgeslim.steps.pruning.fields import needs_of, signal, sparsity
from edgeslim.steps.torch_network.held import held_classes

if TYPE_CHECKING:
    from torch import nn

    from edgeslim.steps.pruning.rising_sparsity import RisingSparsity

IMAGES = 48
"""Number of images on which Taylor importance is measured."""
WARM_UP = 0.05
"""Share of the steps over which the learning rate rises."""
PATIENCE = 10
"""Tenths of the run: training never stops early."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class GradualPruning(TorchStep):
    """Train and set more and more weights to zero on the way, so that the remaining weights can adapt.

    Sparsity rises along a cubic curve and is then held; zeros stay zero. With labels the task loss is minimized, without
    labels the network learns the original's outputs. Only the compressed download shrinks, not the file or the latency.
    """

    name = "gradual_pruning"
    group = "pruning"
    source = (
        "Zhu and Gupta 2017, arXiv 1710.01878 (schedule); Sanh et al. 2020, arXiv 2005.07683 (movement); "
        "Molchanov et al. 2019, arXiv 1906.10771 (Taylor)"
    )
    changes = frozenset({"download", "accuracy"})
    needs = needs_by(lambda step: needs_of(step.signal))
    makes = frozenset({"zeros"})

    sparsity: float = sparsity(0.8, (0.4, 0.95), "Share of the weights that are zero at the end.")
    importance: str = param(
        "magnitude",
        choices=("magnitude", "movement", "taylor"),
        help="Which weights are removed: the smallest (magnitude), those that training moves towards zero (movement), or "
        "those that by their gradients at the start change the outputs least (taylor).",
    )
    scope: str = param(
        "global",
        choices=("global", "layer"),
        help="global: rank all weights together; layer: each layer separately.",
    )
    signal: str = signal()
    steps: int = param(
        300, search=(100, 900), log=True, low=1, high=5000, unit="steps", help="Number of weight updates."
    )
    rising: float = param(
        0.7,
        low=0.0,
        high=1.0,
        unit="fraction of steps",
        help="Share of the run over which the sparsity rises; then it is held.",
    )
    learning_rate: float = fields.learning_rate(5e-4)
    batch: int = fields.batch()

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the sparsity reached in total and by layer, and what the training reports.

        Raises RecipeError: 'training_diverged', and as `distil`, `train` and `passes`.
        """
        from edgeslim.steps.pruning import masks
        from edgeslim.steps.pruning.gradients import passes
        from edgeslim.steps.pruning.rising_sparsity import RisingSparsity

        pruned = copy.deepcopy(model).eval().requires_grad_(True)
        weights = masks.prunable_weights(pruned)
        curvature = None
        if self.importance == "taylor":
            rounds = passes(pruned, context, self.signal, IMAGES, self.name)
            curvature = masks.mean_squared_gradients(weights, rounds)
        until = max(1, round(self.rising * self.steps))
        rising = RisingSparsity(weights, self.sparsity, until, self.importance, self.scope, curvature)
        if self.signal == "labels":
            self._with_labels(pruned, rising, context)
        else:
            self._from_original(pruned, rising, until, context)
        context.info.update(masks.sparsity_info(weights))
        return pruned

    def _with_labels(self, pruned: nn.Module, rising: RisingSparsity, context: StepContext) -> None:
        from edgeslim.training.loop import train
        from edgeslim.training.settings import TrainSettings

        images = training_images(context.train, self.name)
        settings = TrainSettings(
            steps=self.steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            warmup_steps=max(1, round(WARM_UP * self.steps)),
            seed=context.seed,
            threads=context.threads,
        )
        log = train(
            pruned,
            images,
            context.spec,
            settings,
            progress=context.progress,
            observer=rising,
            held=held_classes(images, context),
        )
        context.info.update(loss=log.final_loss)

    def _from_original(
        self, pruned: nn.Module, rising: RisingSparsity, until: int, context: StepContext
    ) -> None:
        from torch import fx

        from edgeslim.steps.distillation.distil import DistillationConfig, DistillationSchedule, distil
        from edgeslim.training.optimizer import diverged

        assert isinstance(pruned, fx.GraphModule), "distillation works on an imported graph"
        calibration_images(context.calibration, self.name)
        schedule = DistillationSchedule(
            steps=self.steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            patience=PATIENCE,
            seed=context.seed,
            evaluated_from=until,
        )
        result = distil(
            pruned,
            list(pruned.parameters()),
            context,
            DistillationConfig(),
            schedule,
            self.name,
            observer=rising,
        )
        if result.best_step < until:
            raise diverged(result.steps, self.learning_rate)
