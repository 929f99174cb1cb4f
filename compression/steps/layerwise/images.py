"""Calibration images as the network's inputs."""

from __future__ import annotations

import numpy as np

from compression.detections import FloatArray
from compression.steps.base import StepContext
from compression.steps.needs import calibration_images
from compression.tasks import task_for


def prepared(context: StepContext, count: int, step: str) -> list[FloatArray]:
    """`count` images (or all), spread over the split, each (1, C, H, W). Raises RecipeError, DatasetError."""
    split = calibration_images(context.calibration, step)
    task = task_for(context.spec)
    chosen = sorted({int(index) for index in np.linspace(0, len(split) - 1, min(count, len(split)))})
    return [task.prepare(split.image(index), context.spec).tensor for index in chosen]
