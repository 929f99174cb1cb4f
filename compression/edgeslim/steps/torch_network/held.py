"""Which classes the training images teach nothing of, so that the original has to hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.datasets import Relabelled
from edgeslim.datasets.base import Split
from edgeslim.steps.base import StepContext

if TYPE_CHECKING:
    from edgeslim.training.held_classes import HeldClasses


def held_classes(images: Split, context: StepContext) -> HeldClasses | None:
    """Those of the model's classes that the dataset does not have, held by the original; None if it has all.

    `context.info` receives their names.
    """
    from edgeslim.steps.torch_network.running import original_network
    from edgeslim.training.held_classes import HeldClasses

    labels = context.spec.labels
    known = images.annotated if isinstance(images, Relabelled) else frozenset(range(len(labels)))
    missing = [index for index in range(len(labels)) if index not in known]
    if not missing:
        return None
    context.info.update(held_classes=[labels[index] for index in missing])
    return HeldClasses(original_network(context.original), missing, context.spec)
