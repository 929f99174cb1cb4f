"""Which loss trains which family; families without one cannot be fine-tuned with labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from edgeslim.datasets.base import Target
from edgeslim.models.base import ModelSpec

if TYPE_CHECKING:
    from torch import Tensor

Loss = Callable[["Sequence[Tensor]", Sequence[Target], ModelSpec], "Tensor"]
"""(outputs in any order, one target per image in input pixels, spec) → scalar."""


def loss_for(spec: ModelSpec) -> Loss | None:
    """The loss of the spec's family, or None if there is none. Imports torch only where there is one."""
    if spec.family == "fcos":
        from edgeslim.tasks.detection_loss import fcos_loss

        return fcos_loss
    if spec.task == "classification":
        from edgeslim.tasks.classification_loss import classification_loss

        return classification_loss
    return None


def has_loss(spec: ModelSpec) -> bool:
    """Whether `loss_for` finds one; imports nothing."""
    return spec.family == "fcos" or spec.task == "classification"
