"""Which images files are compared on, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeslim.records import ClassMap


@dataclass(frozen=True, slots=True)
class Images:
    """Images that files are compared on: by default those that a plan with this limit and share scores its files on."""

    dataset: str
    split: Literal["train", "calibration", "validation", "gallery"] = "validation"
    limit: int | None = None
    """The first images of the split, before some are held out."""
    held_out: float | None = 0.0
    """Share that is left out, as in a study's plan; None is a quarter, of enough images."""
    most: int | None = None
    """The first of what is left."""
    classes: ClassMap = ()
    """Which classes of the dataset are which of the model's, where names do not say so."""
    divided: bool = True
    """Whether a dataset that declares no splits is divided (datasets.division)."""
