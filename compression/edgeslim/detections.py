"""The neutral types between decoding, metrics and drawing, and the arrays they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Doubles = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Image = NDArray[np.uint8]
"""(height, width, 3) RGB, 0–255."""
TaskName = Literal["detection", "classification"]
READING_SCORE = 0.5
"""From which score on boxes are drawn and counted, unless somebody asks otherwise. Of the sample detectors F1 is best
about here (0.86 and 0.77 at 0.5; 0.80 and 0.68 at 0.3)."""


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector says about one image: boxes (N, 4) xyxy in image pixels, scores (N,), classes (N,)."""

    boxes: FloatArray
    scores: FloatArray
    classes: IntArray

    def __post_init__(self) -> None:
        n = len(self.boxes)
        assert self.boxes.shape == (n, 4), f"boxes must be (N, 4), got {self.boxes.shape} instead"
        assert self.scores.shape == (n,) and self.classes.shape == (n,), "scores and classes must be (N,)"

    def __len__(self) -> int:
        return len(self.boxes)

    def rows_from(self, confidence: float) -> IntArray:
        """Which boxes have a score that reaches the threshold."""
        return np.flatnonzero(self.scores >= confidence)

    def from_score(self, confidence: float) -> Detections:
        """Those boxes alone."""
        rows = self.rows_from(confidence)
        return Detections(self.boxes[rows], self.scores[rows], self.classes[rows])

    @staticmethod
    def empty() -> Detections:
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class Annotations:
    """The truth about one image: boxes (N, 4) xyxy in image pixels, classes (N,), crowd (N,) bool, area (N,) px²."""

    boxes: FloatArray
    classes: IntArray
    crowd: NDArray[np.bool_]
    area: FloatArray

    @staticmethod
    def of(boxes: FloatArray, classes: IntArray) -> Annotations:
        """Ordinary annotations: nothing is a crowd, the area is the box's."""
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        return Annotations(boxes, classes, np.zeros(len(boxes), np.bool_), area.astype(np.float32))

    def __len__(self) -> int:
        return len(self.boxes)


Target = Annotations | int | None
"""What is known of an image: boxes (detection), a class index (classification), or nothing (unlabelled)."""
