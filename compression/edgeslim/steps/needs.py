"""What a step needs besides the model, and what it says when that is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from edgeslim.datasets.base import Split
from edgeslim.errors import RecipeError
from edgeslim.steps.base import Need


class NeedsByParameters:
    """A step's `needs` where they depend on its parameters: `needs: ClassVar[…] = cast(Any, NeedsByParameters(…))`.

    Of a step they are what `of` gives for it; of the class alone, which has no parameters yet, the usual ones.
    """

    def __init__(self, usual: Iterable[Need], of: Callable[[Any], Iterable[Need]]) -> None:
        self._usual, self._of = frozenset(usual), of

    def __get__(self, step: object | None, owner: type[object]) -> frozenset[Need]:
        return self._usual if step is None else frozenset(self._of(step))


def calibration_images(split: Split | None, step: str) -> Split:
    """The split, if it has images. Raises RecipeError (code 'no_calibration_images')."""
    if split is None or len(split) == 0:
        raise RecipeError(
            "no_calibration_images",
            f"'{step}' needs images to calibrate on, and there are none.",
            "Choose a dataset for calibration; labels are not needed.",
            step=step,
        )
    return split


def training_images(split: Split | None, step: str) -> Split:
    """The split, if it has images. Raises RecipeError (code 'no_training_images')."""
    if split is None or len(split) == 0:
        raise RecipeError(
            "no_training_images",
            f"'{step}' needs labelled images to train on, and the dataset has no train split.",
            f"Choose a dataset with a train split, or leave out '{step}'.",
            step=step,
        )
    return split
