"""Recovery by training on labelled images."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.params import param
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, StepContext, TorchStep
from edgeslim.steps.images import evenly_spaced, training_images
from edgeslim.steps.torch_network.held import held_classes

if TYPE_CHECKING:
    from torch import nn

WATCHED = 64
"""Held-out images, of at most a fifth of all."""
WARM_UP = 0.05
"""Share of the steps over which the learning rate rises."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class FineTuning(TorchStep):
    """Continue training with labels and the task loss, to recover accuracy lost to earlier steps.

    Weights that are exactly zero stay zero, so pruning is preserved. Size and speed do not change.
    """

    name = "fine_tuning"
    group = "training"
    source = "Han et al. 2015, arXiv 1506.02626 (retraining of what pruning leaves)"
    changes = frozenset({"accuracy"})
    needs = frozenset({"train", "loss"})

    steps: int = fields.updates()
    learning_rate: float = fields.learning_rate(2e-3, search=(3e-4, 4e-3))
    batch: int = param(16, low=1, high=256, unit="images", help="Images per update.")
    ema_decay: float = param(
        0.0,
        low=0.0,
        high=0.9999,
        help="Decay of a running average of the weights that is kept; 0: keep the last weights.",
    )

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the mean loss of the last epoch.

        A network without normalization layers, as most published files are, has nothing that bounds a step: some images
        are held out, and it ends in the state that is best on them. Classes that the images teach nothing of are held
        as the original knows them; `context.info` receives their names.
        """
        from torch import nn

        from edgeslim.training.loop import train
        from edgeslim.training.settings import TrainSettings
        from edgeslim.training.weights import ZerosStay

        images = training_images(context.train, self.name)
        tuned = copy.deepcopy(model)
        if self.steps == 0:
            return tuned
        settings = TrainSettings(
            steps=self.steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            warmup_steps=max(1, round(WARM_UP * self.steps)),
            seed=context.seed,
            ema_decay=self.ema_decay or None,
            threads=context.threads,
        )
        bounded = any(
            isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm) for layer in tuned.modules()
        )
        watched = () if bounded else evenly_spaced(len(images), min(WATCHED, len(images) // 5))
        log = train(
            tuned,
            images,
            context.spec,
            settings,
            progress=context.progress,
            observer=ZerosStay(tuned),
            held_out=watched,
            held=held_classes(images, context),
        )
        context.info.update(steps=self.steps, loss=log.final_loss)
        return tuned
