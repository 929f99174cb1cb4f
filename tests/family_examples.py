"""For every detector family, outputs whose one detection was worked out by hand; the input is 96×64 pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.models.base import ModelSpec
from edgeslim.models.families.geometry import grid

HEIGHT, WIDTH = 64, 96
HW = (HEIGHT, WIDTH)
THREE = 96 + 24 + 6  # cells at strides 8, 16, 32
FOUR = THREE + 2  # and 64
CELL = 96 + 2 * 6 + 3  # stride 16, row 2, column 3
Arrays = list[np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Example:
    """Outputs with one detection that decodes to `box`, `score`, class `label` of `classes`."""

    outputs: Arrays
    box: tuple[float, float, float, float]
    score: float
    label: int
    classes: int
    strides: tuple[int, ...]


def zeros(*shape: int) -> np.ndarray[Any, Any]:
    return np.zeros(shape, np.float32)


def yolox() -> Example:
    rows = zeros(1, THREE, 5 + 3)
    rows[0, CELL] = [0.5, 0.25, np.log(2), 0, 0.8, 0.25, 0.5, 0]
    return Example([rows], (40, 28, 72, 44), 0.4, 1, 3, (8, 16, 32))


def yolox_decoded() -> Example:
    rows = zeros(1, THREE, 5 + 3)
    rows[0, :, :2] = grid(HW, (8, 16, 32), 0.5)[0]
    rows[0, CELL] = [56, 36, 32, 16, 0.8, 0.25, 0.5, 0]
    return Example([rows], (40, 28, 72, 44), 0.4, 1, 3, (8, 16, 32))


def bins(rows: int) -> np.ndarray[Any, Any]:
    """Logits of distributions at bins 1, 2, 3 and halfway between 0 and 1."""
    logits = np.full((rows, 4, 8), -50, np.float32)
    logits[:, [0, 1, 2, 3, 3], [1, 2, 3, 0, 1]] = 50
    return logits.reshape(rows, 32)


def gfl() -> Example:
    scores = zeros(THREE, 5)
    scores[CELL, 2] = 0.7
    parts = np.split(scores, [96, 120]) + np.split(bins(THREE), [96, 120])
    return Example([parts[i] for i in (4, 0, 2, 5, 3, 1)], (40, 8, 104, 48), 0.7, 2, 5, (8, 16, 32))


def picodet() -> Example:
    scores = zeros(FOUR, 5)
    scores[CELL, 2] = 0.7
    parts = np.split(scores, [96, 120, 126]) + np.split(bins(FOUR), [96, 120, 126])
    return Example([part[None] for part in parts], (40, 8, 104, 48), 0.7, 2, 5, (8, 16, 32, 64))


def nanodet_plus() -> Example:
    rows = np.concatenate([zeros(FOUR, 5), bins(FOUR)], axis=1)
    rows[CELL, 2] = 0.7
    return Example([rows[None]], (32, 0, 96, 40), 0.7, 2, 5, (8, 16, 32, 64))


def fcos() -> Example:
    classes = [np.full((1, 3, 8, 12), -9, np.float32), np.full((1, 3, 4, 6), -9, np.float32)]
    boxes = [zeros(1, 4, 8, 12), zeros(1, 4, 4, 6)]
    classes[1][0, 1, 2, 3] = np.log(3)
    boxes[1][0, :, 2, 3] = np.log([1, 0.5, 2, 1])
    return Example([boxes[1], *classes, boxes[0]], (40, 32, 88, 56), 0.75, 1, 3, (8, 16))


def ssd() -> Example:
    scores, boxes = zeros(1, 7, 3), zeros(1, 7, 4)
    scores[:, :, 0] = 1
    scores[0, 4] = [0.1, 0.3, 0.6]
    boxes[0, 4] = [0.25, 0.5, 0.5, 0.75]
    scores[0, 4, 1] = 0
    return Example([scores, boxes], (24, 32, 48, 48), 0.6, 1, 2, ())


def yolov8() -> Example:
    rows = zeros(4 + 3, THREE)
    rows[:2] = grid(HW, (8, 16, 32), 0.5)[0].T
    rows[:, CELL] = [56, 36, 32, 16, 0, 0.4, 0]
    return Example([rows[None]], (40, 28, 72, 44), 0.4, 1, 3, (8, 16, 32))


def end_to_end() -> Example:
    rows = zeros(1, 20, 6)
    rows[0, 5] = [40, 28, 72, 44, 0.4, 17]
    return Example([rows], (40, 28, 72, 44), 0.4, 17, 80, ())


def yunet() -> Example:
    columns = {1: zeros(THREE, 1), 2: zeros(THREE, 1), 4: zeros(THREE, 4), 10: zeros(THREE, 10)}
    columns[1][CELL], columns[2][CELL] = 0.9, 0.4
    columns[4][CELL] = [0.5, 0.25, np.log(2), 0]
    outputs = [part[None] for rows in columns.values() for part in np.split(rows, [96, 120])]
    return Example(outputs, (40, 28, 72, 44), 0.6, 0, 1, (8, 16, 32))


def fastestdet() -> Example:
    """0.81^0.6 · 0.64^0.4 at row 2, column 3; half of the width, and a quarter of the height."""
    rows = zeros(1, 5 + 3, 4, 6)
    rows[0, :, 2, 3] = [0.81, np.arctanh(0.5), np.arctanh(0.25), 0, -np.log(3), 0.16, 0.64, 0.2]
    score = 0.81**0.6 * 0.64**0.4
    return Example([rows], (56 - 24, 36 - 8, 56 + 24, 36 + 8), score, 1, 3, (16,))


def spec_of(family: str, example: Example, **given: Any) -> ModelSpec:
    labels = tuple(f"class {index}" for index in range(example.classes))
    known = {"strides": example.strides, "labels": labels, "confidence": 0.1, **given}
    return ModelSpec(family=family, input_width=WIDTH, input_height=HEIGHT, **known)


EXAMPLES = {
    "yolox": yolox,
    "yolox_decoded": yolox_decoded,
    "gfl": gfl,
    "picodet": picodet,
    "nanodet_plus": nanodet_plus,
    "fcos": fcos,
    "ssd": ssd,
    "yolov8": yolov8,
    "end_to_end": end_to_end,
    "yunet": yunet,
    "fastestdet": fastestdet,
}
