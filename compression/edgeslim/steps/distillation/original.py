"""Recovery by distillation from the uncompressed network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from edgeslim.steps.base import STEPS, StepContext
from edgeslim.steps.distillation.distilling import Distilling

if TYPE_CHECKING:
    from torch import nn


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class DistilFromOriginal(Distilling):
    """Train the compressed network to give the original's raw outputs, on images without labels.

    Classifiers learn soft targets, detectors scores everywhere and boxes where the original sees something, unknown
    outputs by squared error. A fifth of the images is held out, and the state that does best on them is kept: the
    result is never further from the original there than the start. Zeros stay zero. Size and speed do not change.
    """

    name: ClassVar[str] = "distil_from_original"
    source: ClassVar[str] = (
        "Hinton et al. 2015, arXiv 1503.02531; decoupled: Zhao et al. 2022, arXiv 2203.08679; hints: Romero et al. "
        "2015, arXiv 1412.6550; attention: Zagoruyko and Komodakis 2017, arXiv 1612.03928; boxes: Zheng et al. 2022, "
        "arXiv 2102.12252; foreground: Wang et al. 2019, arXiv 1906.03609"
    )
    recovers: ClassVar[bool] = True

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the held-out loss before and after, and whether anything got better.

        Raises RecipeError: 'nothing_to_distil', 'no_calibration_images', 'no_training_images', 'family_without_loss',
        'no_common_layers', 'no_boxes_decoded', 'no_foreground'.
        """
        return self.distilled(model, context, None, "places")
