"""What the two distilling steps have in common: their parameters, and the run."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from edgeslim.errors import RecipeError
from edgeslim.params import param
from edgeslim.steps import fields
from edgeslim.steps.base import Effect, Need, StepContext, TorchStep
from edgeslim.steps.needs import NeedsByParameters, calibration_images
from edgeslim.steps.recovery.config import BOX_LOSSES, CLASS_LOSSES, FEATURES, Signal

if TYPE_CHECKING:
    from torch import nn

    from edgeslim.models.base import Model, ModelSpec


def _needs(step: Distilling) -> Iterator[Need]:
    """Images always; labels and a loss for them only where they are mixed in."""
    yield "calibration"
    if step.train_images or step.label_weight > 0:
        yield "train"
    if step.label_weight > 0:
        yield "loss"


@dataclass(frozen=True, kw_only=True, slots=True)
class Distilling(TorchStep):
    """A network learns from another one's raw outputs, on images without labels."""

    group: ClassVar[str] = "training"
    changes: ClassVar[frozenset[Effect]] = frozenset({"accuracy"})
    needs: ClassVar[frozenset[Need]] = cast(Any, NeedsByParameters({"calibration"}, _needs))

    steps: int = fields.updates("Updates at most.", high=20000)
    seconds: float = param(
        0.0,
        low=0.0,
        high=86400.0,
        unit="s",
        help="Budget of time: the speed is measured first, and so many steps made as fit. 0: none. How many they were "
        "is recorded as planned_steps; only the same number of steps without a budget gives the same file again.",
    )
    learning_rate: float = fields.learning_rate(1e-3, search=(3e-4, 4e-3))
    batch: int = param(8, low=1, high=256, unit="images", help="Images for one update.")
    trainable: str = param(
        "scales_and_biases",
        search=("scales_and_biases", "all"),
        choices=("scales_and_biases", "all", "last"),
        help="What learns: with few images a scale and a bias of every channel; everything; or the last layers.",
    )
    train_images: bool = param(
        False, help="Learn on the images of the train split too; their labels are not looked at."
    )
    loss: str = param(
        "soft_targets",
        choices=CLASS_LOSSES,
        help="For classifiers: softened distributions, squared error of logits, or decoupled: the class that the "
        "teacher gives, and the others among themselves.",
    )
    temperature: float = param(
        4.0, low=1.0, high=20.0, help="Softening of a classifier's distributions; detectors have none."
    )
    alpha: float = param(1.0, low=0.0, high=100.0, help="Weight of the target class, if decoupled.")
    beta: float = param(8.0, low=0.0, high=100.0, help="Weight of the other classes, if decoupled.")
    boxes: str = param(
        "overlap",
        choices=BOX_LOSSES,
        help="For detectors: raw box numbers, or the overlap of the boxes (generalized IoU). Where a family gives "
        "distributions over bins, these are compared.",
    )
    background: float = param(
        1.0,
        low=0.0,
        high=1.0,
        help="For detectors: weight of scores where the teacher sees nothing; where it is sure, it is 1.",
    )
    features: str = param(
        "none",
        choices=FEATURES,
        help="Compare inner layers too: their values (hints), where in the image they are strong (attention), or their "
        "values where a teacher of detectors sees an object (foreground).",
    )
    feature_weight: float = param(
        0.5, low=0.0, high=100.0, help="Weight of the inner layers against the outputs."
    )
    label_weight: float = fields.label_weight()
    patience: int = param(
        4, low=1, high=10, unit="tenths of the steps", help="Stop when nothing got better for so long."
    )

    def check(self, spec: ModelSpec, teacher: Model | None) -> None:
        """Raises RecipeError (code 'no_foreground')."""
        if self.features == "foreground" and spec.task != "detection":
            raise RecipeError(
                "no_foreground",
                "A classifier has no boxes, so there is no foreground to look at.",
                "Choose features = hints or attention.",
                step=self.name,
            )

    def distilled(
        self, model: nn.Module, context: StepContext, teacher: Model | None, match: str
    ) -> nn.Module:
        """`context.info` receives the held-out loss before and after, and whether anything got better.

        `teacher` None: the original. `match` as in Signal. Raises RecipeError: see `recover`.
        """
        from torch import fx

        from edgeslim.steps.distillation.trainable import trainable
        from edgeslim.steps.recovery.learning import Schedule
        from edgeslim.steps.recovery.recover import recover

        assert isinstance(model, fx.GraphModule), "distillation works on an imported graph"
        self.check(context.spec, teacher)
        calibration_images(context.calibration, self.name)
        tuned = copy.deepcopy(model).eval()
        if self.steps == 0:
            return tuned
        signal = Signal(
            match=match,
            loss=self.loss,
            temperature=self.temperature,
            alpha=self.alpha,
            beta=self.beta,
            boxes=self.boxes,
            background=self.background,
            features=self.features,
            feature_weight=self.feature_weight,
            label_weight=self.label_weight,
        )
        schedule = Schedule(
            steps=self.steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            patience=self.patience,
            seed=context.seed,
            seconds=self.seconds,
        )
        with trainable(tuned, self.trainable) as parameters:
            result = recover(tuned, parameters, context, signal, schedule, self.name, teacher=teacher)
        return copy.deepcopy(model).eval() if result.best_step == 0 else tuned
