"""A detector learns the objects that its teacher sees, by the loss of its own family: its own places answer for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from edgeslim.detections import Annotations, Detections
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import Loss
from edgeslim.steps.recovery.losses.outputs import OutputLoss
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prepared

SURE = 0.4
"""Detections of at least this score are taught as objects."""


def objects_loss(spec: ModelSpec, teacher: ModelSpec, task_loss: Loss) -> OutputLoss:
    """`task_loss` with the teacher's sure detections for labels. The two may differ in input size, grid and family."""
    classes = np.array([spec.labels.index(label) if label in spec.labels else -1 for label in teacher.labels])
    ratio = np.array([spec.input_width / teacher.input_width, spec.input_height / teacher.input_height] * 2)

    def loss(own: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
        rows = zip(*(output.detach().cpu().numpy() for output in wanted), strict=True)
        seen = [_detections([row[None] for row in outputs], teacher) for outputs in rows]
        targets = [_annotations(each, classes, ratio) for each in seen]
        return task_loss([output.cpu() for output in own], targets, spec)

    return loss


def _detections(outputs: Sequence[np.ndarray], spec: ModelSpec) -> Detections:
    """Of one image, in pixels of the network's input."""
    size = spec.input_width, spec.input_height
    prepared = Prepared(np.zeros(spec.input_shape, np.float32), 1.0, 1.0, 0.0, 0.0, *size)
    found = task_for(spec).decode(outputs, prepared, spec)
    assert isinstance(found, Detections), "the family was looked up before"
    return found


def _annotations(found: Detections, classes: np.ndarray, ratio: np.ndarray) -> Annotations:
    kept = (found.scores >= SURE) & (classes[found.classes] >= 0)
    boxes = (found.boxes[kept] * ratio).astype(np.float32)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return Annotations(boxes, classes[found.classes[kept]], np.zeros(len(boxes), bool), area)
