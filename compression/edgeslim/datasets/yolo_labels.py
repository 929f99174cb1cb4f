"""One YOLO label file: lines of `class cx cy w h`, fractions of the image's width and height."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from edgeslim.datasets.annotations import read_text
from edgeslim.errors import DatasetError


@dataclass(frozen=True, slots=True)
class YoloLabels:
    """Parallel lists: boxes xyxy as fractions of the image, class indices, line numbers (from 1)."""

    boxes: list[tuple[float, float, float, float]]
    classes: list[int]
    lines: list[int]


def read_labels(path: Path, class_count: int | None) -> YoloLabels:
    """Parse a label file; a polygon (`class x1 y1 x2 y2 …`, three points or more) gives its bounding box.

    `class_count` None: any class index is accepted. Raises DatasetError (unreadable_file, yolo_line, yolo_class)
    naming file and line.
    """
    labels = YoloLabels([], [], [])
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        index, values = _numbers(path, number, line)
        if class_count is not None and index >= class_count:
            raise DatasetError("yolo_class", file=path, line=number, index=index, count=class_count)
        labels.boxes.append(_box(values))
        labels.classes.append(index)
        labels.lines.append(number)
    return labels


def _numbers(path: Path, number: int, line: str) -> tuple[int, list[float]]:
    try:
        index, *values = map(float, line.split())
    except ValueError:
        index, values = -1.0, []
    sound = index >= 0 and index.is_integer() and all(map(math.isfinite, values))
    if not sound or not (len(values) == 4 or (len(values) >= 6 and len(values) % 2 == 0)):
        raise DatasetError("yolo_line", file=path, line=number, text=line.strip()[:60])
    return int(index), values


def _box(values: list[float]) -> tuple[float, float, float, float]:
    if len(values) == 4:
        cx, cy, width, height = values
        return cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2
    return min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2])
