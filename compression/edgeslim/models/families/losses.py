"""The losses of detector_losses by the kind of head they train; torch is imported when one is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeslim.detections import Target
from edgeslim.models.base import ModelSpec

if TYPE_CHECKING:
    from torch import Tensor


def objectness(outputs: Sequence[Tensor], targets: Sequence[Target], spec: ModelSpec) -> Tensor:
    """Of heads with an objectness beside the classes."""
    from edgeslim.models.families.detector_losses import objectness_loss

    return objectness_loss(outputs, targets, spec)


def quality(outputs: Sequence[Tensor], targets: Sequence[Target], spec: ModelSpec) -> Tensor:
    """Of heads whose class scores are to be the quality of their boxes."""
    from edgeslim.models.families.detector_losses import quality_loss

    return quality_loss(outputs, targets, spec)


def multibox(outputs: Sequence[Tensor], targets: Sequence[Target], spec: ModelSpec) -> Tensor:
    """Of heads with anchors, and a background among the classes."""
    from edgeslim.models.families.detector_losses import multibox_loss

    return multibox_loss(outputs, targets, spec)
