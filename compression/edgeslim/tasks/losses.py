"""The loss that trains a model with labels."""

from __future__ import annotations

from edgeslim.errors import RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES
from edgeslim.models.families.base import Loss


def loss_for(spec: ModelSpec) -> Loss | None:
    """The loss of the specification's family, or None if it has none. Torch is imported when the loss is computed."""
    family = "classifier" if spec.task == "classification" else spec.family
    return FAMILIES.get(family).loss if family in FAMILIES else None


def required_loss(spec: ModelSpec) -> Loss:
    """The loss of the specification's family. Raises RecipeError (code 'family_without_loss') if it has none."""
    loss = loss_for(spec)
    if loss is None:
        raise RecipeError(
            "family_without_loss",
            f"Models of the family '{spec.family}' cannot be trained with labels: no loss is known for their outputs.",
            "Leave out what needs labels; without them, any model can learn from its original (distil_from_original).",
            family=spec.family,
        )
    return loss
