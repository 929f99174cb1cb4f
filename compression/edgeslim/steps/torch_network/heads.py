"""Which columns of a detector's raw outputs are scores and which are boxes, by family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from edgeslim.models.base import ModelSpec

YOLOX_FIXED = 5
"""Columns of YOLOX before the class scores: x, y, width, height, objectness."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Of one output in rows: (B, places, columns)."""

    output: int
    start: int
    stop: int

    def of(self, rows: Sequence[Tensor]) -> Tensor:
        return rows[self.output][..., self.start : self.stop]


@dataclass(frozen=True, slots=True)
class Head:
    """One level, or all of them: what is said about the same places.

    `numbers` are boxes (and landmarks) as numbers, `bins` as logits of four distributions over bins.
    """

    classes: Columns
    objectness: Columns | None = None
    numbers: tuple[Columns, ...] = ()
    bins: Columns | None = None
    logits: bool = False
    """Whether class scores are still before their sigmoid."""
    background: int = 0
    """Leading class columns that speak for no object."""


def as_rows(outputs: Sequence[Tensor], spec: ModelSpec) -> list[Tensor] | None:
    """Each output (B, places, columns); None if one has neither three nor four dimensions."""
    rows = []
    for output in outputs:
        if output.dim() == 4:
            rows.append(output.flatten(2).transpose(1, 2))
        elif output.dim() == 3:
            turned = spec.family == "yolov8" and output.shape[1] == 4 + len(spec.labels)
            rows.append(output.transpose(1, 2) if turned else output)
        else:
            return None
    return rows


def heads_of(rows: Sequence[Tensor], spec: ModelSpec) -> tuple[Head, ...] | None:
    """The heads of a network whose rows these are; None if its family has none or they do not fit it."""
    split = _FAMILIES.get(spec.family)
    if split is None:
        return None
    levels: dict[int, list[int]] = {}
    for index, output in enumerate(rows):
        levels.setdefault(output.shape[1], []).append(index)
    heads = [split(rows, level, len(spec.labels)) for level in levels.values()]
    found = tuple(head for head in heads if head is not None)
    return found if found and len(found) == len(heads) else None


Split = Callable[[Sequence[Tensor], list[int], int], Head | None]
"""(rows, the outputs of one level, number of labels) → its head."""


def _yolox(rows: Sequence[Tensor], level: list[int], labels: int) -> Head | None:
    (first, *rest), width = level, YOLOX_FIXED + labels
    if rest or rows[first].shape[2] != width:
        return None
    numbers, objectness = Columns(first, 0, 4), Columns(first, 4, YOLOX_FIXED)
    return Head(Columns(first, YOLOX_FIXED, width), objectness, (numbers,))


def _yolov8(rows: Sequence[Tensor], level: list[int], labels: int) -> Head | None:
    (first, *rest), width = level, 4 + labels
    if rest or rows[first].shape[2] != width:
        return None
    return Head(Columns(first, 4, width), numbers=(Columns(first, 0, 4),))


def _fcos(rows: Sequence[Tensor], level: list[int], labels: int) -> Head | None:
    pair = _classes_and_boxes(rows, level, (labels,), lambda columns: columns == 4)
    return Head(pair[0], numbers=(pair[1],), logits=True) if pair else None


def _ssd(rows: Sequence[Tensor], level: list[int], labels: int) -> Head | None:
    pair = _classes_and_boxes(rows, level, (labels, labels + 1), lambda columns: columns == 4)
    return Head(pair[0], numbers=(pair[1],), background=pair[0].stop - labels) if pair else None


def _gfl(rows: Sequence[Tensor], level: list[int], labels: int) -> Head | None:
    def bins(columns: int) -> bool:
        return columns >= 8 and columns % 4 == 0

    if len(level) == 1:
        width = rows[level[0]].shape[2]
        if not bins(width - labels):
            return None
        return Head(Columns(level[0], 0, labels), bins=Columns(level[0], labels, width))
    pair = _classes_and_boxes(rows, level, (labels,), bins)
    return Head(pair[0], bins=pair[1]) if pair else None


def _yunet(rows: Sequence[Tensor], level: list[int], labels: int) -> Head | None:
    columns = [Columns(index, 0, rows[index].shape[2]) for index in level]
    scores = [each for each in columns if each.stop == 1]
    numbers = tuple(each for each in columns if each.stop > 1)
    return Head(scores[0], scores[1], numbers) if len(scores) == 2 and len(numbers) == 2 else None


def _classes_and_boxes(
    rows: Sequence[Tensor], level: list[int], classes: tuple[int, ...], boxes: Callable[[int], bool]
) -> tuple[Columns, Columns] | None:
    """The two outputs of a level; where both could be either, the first is the class scores."""
    columns = [Columns(index, 0, rows[index].shape[2]) for index in level]
    if len(columns) != 2:
        return None
    for first, second in (columns, columns[::-1]):
        if first.stop in classes and boxes(second.stop):
            return first, second
    return None


_FAMILIES: dict[str, Split] = {
    "yolox": _yolox,
    "yolox_decoded": _yolox,
    "yolov8": _yolov8,
    "fcos": _fcos,
    "ssd": _ssd,
    "gfl": _gfl,
    "picodet": _gfl,
    "nanodet_plus": _gfl,
    "yunet": _yunet,
}
