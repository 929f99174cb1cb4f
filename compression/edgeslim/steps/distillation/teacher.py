"""A model learns from a larger one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from edgeslim.params import param
from edgeslim.steps.base import STEPS, StepContext
from edgeslim.steps.distillation.distilling import Distilling
from edgeslim.steps.distillation.teachers import check_teacher, matched_by
from edgeslim.steps.recovery.config import MATCHES

if TYPE_CHECKING:
    from torch import nn

    from edgeslim.models.base import Model, ModelSpec


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class DistilFromTeacher(Distilling):
    """Train the model on what another, larger one says of images, without labels.

    The teacher must do the same task and know the same classes. Classifiers learn its soft targets. Detectors learn the
    objects that it detects, by their own family's loss, or its raw outputs place by place. A fifth of the images is
    held out, and the state that does best on them is kept. Size and speed do not change.
    """

    name: ClassVar[str] = "distil_from_teacher"
    source: ClassVar[str] = (
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
        help="For detectors: objects that the teacher detects, which may differ in size, grid and family (needs a loss "
        "of the model's family); or its raw outputs place by place; auto: objects where there is a loss.",
    )

    @property
    def learns_from(self) -> str:
        return self.teacher

    def check(self, spec: ModelSpec, teacher: Model | None) -> None:
        """Raises RecipeError: as `check_teacher`, and 'no_foreground'."""
        check_teacher(spec, teacher, self.match, self.name)
        Distilling.check(self, spec, teacher)

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the teacher, the held-out loss before and after, and whether anything got better.

        Raises RecipeError: as `check`, and 'teacher_outputs', 'nothing_to_distil', 'no_calibration_images',
        'no_training_images', 'family_without_loss', 'no_common_layers', 'no_boxes_decoded'.
        """
        teacher = check_teacher(context.spec, context.teacher, self.match, self.name)
        context.info.update(teacher=teacher.name, teacher_sha256=teacher.sha256)
        return self.distilled(model, context, teacher, matched_by(self.match, context.spec, teacher.spec))
