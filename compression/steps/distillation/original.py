"""Recovery by distillation from the uncompressed network."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from compression.params import param
from compression.steps.base import STEPS, Effect, Need, StepContext, TorchStep
from compression.steps.needs import calibration_images

if TYPE_CHECKING:
    from torch import nn


class _Needs:
    """Calibration images always; a train split and a loss only where labels are mixed in."""

    def __get__(self, step: DistilFromOriginal | None, owner: type[DistilFromOriginal]) -> frozenset[Need]:
        labels = step is not None and step.label_weight > 0
        return frozenset({"calibration", "train", "loss"} if labels else {"calibration"})


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class DistilFromOriginal(TorchStep):
    """Train the compressed network to give the original's raw outputs, on images without labels.

    Classifiers learn soft targets, detectors scores everywhere and boxes where the original sees something, unknown
    outputs by squared error. A fifth of the images is held out, and the state that does best on them is kept: the
    result is never further from the original there than the start. Zeros stay zero. Size and speed do not change.
    """

    name: ClassVar[str] = "distil_from_original"
    group: ClassVar[str] = "training"
    source: ClassVar[str] = (
        "Hinton et al. 2015, arXiv 1503.02531; hints: Romero et al. 2015, arXiv 1412.6550; attention: Zagoruyko and "
        "Komodakis 2017, arXiv 1612.03928; boxes: Zheng et al. 2022, arXiv 2102.12252"
    )
    changes: ClassVar[frozenset[Effect]] = frozenset({"accuracy"})
    needs: ClassVar[frozenset[Need]] = cast(Any, _Needs())

    steps: int = param(200, low=0, high=5000, unit="steps", help="Updates at most.")
    learning_rate: float = param(
        1e-3, low=1e-6, high=0.1, help="Peak of the learning rate; it falls along a cosine."
    )
    batch: int = param(8, low=1, high=256, unit="images", help="Images for one update.")
    trainable: str = param(
        "scales_and_biases",
        choices=("scales_and_biases", "all", "last"),
        help="What learns: with few images a scale and a bias of every channel; everything; or the last layers.",
    )
    features: str = param(
        "none",
        choices=("none", "hints", "attention"),
        help="Compare inner layers too: their values (hints), or where in the image they are strong (attention).",
    )
    feature_weight: float = param(
        0.5, low=0.0, high=100.0, help="Weight of the inner layers against the outputs."
    )
    temperature: float = param(
        4.0, low=1.0, high=20.0, help="Softening of a classifier's distributions; detectors have none."
    )
    label_weight: float = param(
        0.0,
        low=0.0,
        high=100.0,
        help="Weight of the task's own loss on labelled images; 0: no labels at all.",
    )
    patience: int = param(
        4, low=1, high=10, unit="tenths of the steps", help="Stop when nothing got better for so long."
    )

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the held-out loss before and after, and whether anything got better.

        Raises RecipeError: 'nothing_to_distil', 'no_calibration_images', 'no_training_images', 'family_without_loss'.
        """
        from torch import fx

        from compression.steps.distillation.learning import Schedule
        from compression.steps.distillation.recovery import Signal, recover
        from compression.steps.distillation.trainable import trainable

        assert isinstance(model, fx.GraphModule), "distillation works on an imported graph"
        calibration_images(context.calibration, self.name)
        tuned = copy.deepcopy(model).eval()
        if self.steps == 0:
            return tuned
        signal = Signal(
            features=self.features,
            feature_weight=self.feature_weight,
            temperature=self.temperature,
            label_weight=self.label_weight,
        )
        schedule = Schedule(
            steps=self.steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            patience=self.patience,
            seed=context.seed,
        )
        with trainable(tuned, self.trainable) as parameters:
            result = recover(tuned, parameters, context, signal, schedule, self.name)
        return copy.deepcopy(model).eval() if result.best_step == 0 else tuned
