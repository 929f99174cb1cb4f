"""What a step says when the data it needs are missing."""

from __future__ import annotations

from compression.datasets.base import Split
from compression.errors import RecipeError


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
