"""Recovery by distillation: from the uncompressed network, or from a larger one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.errors import RecipeError
from edgeslim.params import param
from edgeslim.records import shared
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, Need, StepContext, TorchStep, needs_by
from edgeslim.steps.distillation.config import BOX_LOSSES, CLASS_LOSSES, FEATURES, MATCHES, DistillationConfig
from edgeslim.steps.images import calibration_images
from edgeslim.steps.recovery.teachers import check_teacher, matched_by

if TYPE_CHECKING:
    from torch import nn

    from edgeslim.models.base import Model, ModelSpec


def _needs(step: Distilling) -> Iterator[Need]:
    """Images always; labels and a task loss only where they are mixed in."""
    yield "calibration"
    if step.train_images or step.label_weight > 0:
        yield "train"
    if step.label_weight > 0:
        yield "loss"


@dataclass(frozen=True, kw_only=True, slots=True)
class Distilling(TorchStep):
    """Training on another network's raw outputs, on images without labels."""

    group = "training"
    changes = frozenset({"accuracy"})
    needs = needs_by(_needs)

    steps: int = fields.updates("Maximum number of weight updates.", high=20000)
    seconds: float = param(
        0.0,
        low=0.0,
        high=86400.0,
        unit="s",
        help="Time budget: the speed is measured first, and as many steps are made as fit. 0: none. Their number is "
        "recorded as planned_steps; only a run with that many steps and no budget gives the same file again.",
    )
    learning_rate: float = fields.learning_rate(1e-3, search=(3e-4, 4e-3))
    batch: int = param(8, low=1, high=256, unit="images", help="Images per update.")
    trainable: str = param(
        "scales_and_biases",
        search=("scales_and_biases", "all"),
        choices=("scales_and_biases", "all", "last"),
        help="What is trained: a scale and a bias of every channel (for few images), all weights, or the last layers.",
    )
    train_images: bool = param(
        False, help="Use the images of the train split too; their labels are not used."
    )
    loss: str = param(
        "soft_targets",
        choices=CLASS_LOSSES,
        help="For classifiers: softened distributions (soft_targets), squared error of logits, or the teacher's class "
        "and the other classes weighted separately (decoupled).",
    )
    temperature: float = param(
        4.0, low=1.0, high=20.0, help="Softening of a classifier's distributions; not for detectors."
    )
    alpha: float = param(
        1.0, low=0.0, high=100.0, help="Weight of the target class, if decoupled.", when=("loss", "decoupled")
    )
    beta: float = param(
        8.0,
        low=0.0,
        high=100.0,
        help="Weight of the other classes, if decoupled.",
        when=("loss", "decoupled"),
    )
    boxes: str = param(
        "overlap",
        choices=BOX_LOSSES,
        help="For detectors: compare raw box numbers, or the overlap of boxes (generalized IoU). Where a family predicts "
        "distributions over bins, these are compared.",
    )
    background: float = param(
        1.0,
        low=0.0,
        high=1.0,
        help="For detectors: weight of scores where the teacher detects nothing; it is 1 where the teacher is certain.",
    )
    features: str = param(
        "none",
        choices=FEATURES,
        help="Compare inner layers too: their values (hints), where in the image they are active (attention), or their "
        "values where the teacher detects an object (foreground).",
    )
    feature_weight: float = param(
        0.5,
        low=0.0,
        high=100.0,
        help="Weight of the inner layers relative to the outputs.",
        when=("features", "hints", "attention", "foreground"),
    )
    label_weight: float = fields.label_weight()
    patience: int = param(
        4,
        low=1,
        high=10,
        unit="tenths of the steps",
        help="Stop after this many tenths of the steps without improvement.",
    )

    def check(self, spec: ModelSpec, teacher: Model | None) -> None:
        """Raises RecipeError (code 'no_foreground')."""
        if self.features == "foreground" and spec.task != "detection":
            raise RecipeError("no_foreground", step=self.name)

    def distilled(
        self, model: nn.Module, context: StepContext, teacher: Model | None, match: str
    ) -> nn.Module:
        """`context.info` receives the held-out loss before and after, and whether it improved.

        `teacher` None: the original. `match` as in DistillationConfig. Raises RecipeError: see `distil`.
        """
        from torch import fx

        from edgeslim.steps.distillation.distil import distil
        from edgeslim.steps.distillation.loop import DistillationSchedule
        from edgeslim.steps.recovery.trainable import trainable

        assert isinstance(model, fx.GraphModule), "distillation works on an imported graph"
        self.check(context.spec, teacher)
        calibration_images(context.calibration, self.name)
        tuned = copy.deepcopy(model).eval()
        if self.steps == 0:
            return tuned
        config = DistillationConfig(**shared(DistillationConfig, self) | {"match": match})
        schedule = DistillationSchedule(seed=context.seed, **shared(DistillationSchedule, self))
        with trainable(tuned, self.trainable) as parameters:
            result = distil(tuned, parameters, context, config, schedule, self.name, teacher=teacher)
        return copy.deepcopy(model).eval() if result.best_step == 0 else tuned


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class DistilFromOriginal(Distilling):
    """Train the compressed network on the original's raw outputs, on images without labels.

    Classifiers learn soft targets; detectors learn scores everywhere and boxes where the original detects something;
    unknown outputs are compared by squared error. A fifth of the images is held out, and the state with the lowest
    held-out loss is kept, so the result is never worse there than before. Zeros, size and speed do not change.
    """

    name = "distil_from_original"
    source = (
        "Hinton et al. 2015, arXiv 1503.02531; decoupled: Zhao et al. 2022, arXiv 2203.08679; hints: Romero et al. "
        "2015, arXiv 1412.6550; attention: Zagoruyko and Komodakis 2017, arXiv 1612.03928; boxes: Zheng et al. 2022, "
        "arXiv 2102.12252; foreground: Wang et al. 2019, arXiv 1906.03609"
    )
    recovers = True

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the held-out loss before and after, and whether it improved.

        Raises RecipeError: 'nothing_to_distil', 'no_calibration_images', 'no_training_images', 'family_without_loss',
        'no_common_layers', 'no_boxes_decoded', 'no_foreground'.
        """
        return self.distilled(model, context, None, "places")


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class DistilFromTeacher(Distilling):
    """Train the model on the outputs of another, larger one, on images without labels.

    The teacher must do the same task and know the same classes. Classifiers learn its soft targets. Detectors learn the
    objects that it detects, by their own family's loss, or its raw outputs place by place. A fifth of the images is
    held out, and the state with the lowest held-out loss is kept. Size and speed do not change.
    """

    name = "distil_from_teacher"
    source = (
        "Hinton et al. 2015, arXiv 1503.02531; decoupled: Zhao et al. 2022, arXiv 2203.08679; hints: Romero et al. "
        "2015, arXiv 1412.6550; boxes: Zheng et al. 2022, arXiv 2102.12252; foreground: Wang et al. 2019, "
        "arXiv 1906.03609"
    )

    teacher: str = param(
        "street-signs-large",
        low=1,
        high=500,
        unit="characters",
        help="The model to learn from: a name in the library, or an .onnx file.",
    )
    match: str = param(
        "auto",
        choices=MATCHES,
        help="For detectors: objects that the teacher detects (input size, grid and family may differ, but the model's "
        "family needs a loss), or its raw outputs place by place; auto: objects where there is a loss.",
    )

    @property
    def learns_from(self) -> str:
        return self.teacher

    def check(self, spec: ModelSpec, teacher: Model | None) -> None:
        """Raises RecipeError: as `check_teacher`, and 'no_foreground'."""
        check_teacher(spec, teacher, self.match, self.name)
        Distilling.check(self, spec, teacher)

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the teacher, the held-out loss before and after, and whether it improved.

        Raises RecipeError: as `check`, and 'teacher_outputs', 'nothing_to_distil', 'no_calibration_images',
        'no_training_images', 'family_without_loss', 'no_common_layers', 'no_boxes_decoded'.
        """
        teacher = check_teacher(context.spec, context.teacher, self.match, self.name)
        context.info.update(teacher=teacher.name, teacher_sha256=teacher.sha256)
        return self.distilled(model, context, teacher, matched_by(self.match, context.spec, teacher.spec))
