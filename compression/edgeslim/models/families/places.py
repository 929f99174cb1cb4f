"""Decoding of a detector's raw outputs in torch, for any family: scores and boxes at every place, with gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import FAMILIES, Columns, Family, HeadColumns
from edgeslim.models.families.geometry import cells, grid, size_of

_TINY = 1e-7
Heads = tuple[HeadColumns, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """`scores` (B, N, C) 0–1, objectness included; `boxes` (B, N, 4) xyxy in pixels of the network's input."""

    scores: Tensor
    boxes: Tensor


def decoded(outputs: Sequence[Tensor], spec: ModelSpec) -> Places | None:
    """Scores and boxes of all heads of a detector, the finest first, from its outputs (B, …).

    None if its family is unknown or has no heads, if the outputs do not fit it, or if they do not lie on the grid of the
    specification.
    """
    found = rows_and_heads(outputs, spec)
    if found is None:
        return None
    return of_heads(*found, spec)


def of_heads(rows: Sequence[Tensor], heads: Heads, spec: ModelSpec) -> Places | None:
    """Scores and boxes of the heads, the finest first; None where the places do not lie on the specification's grid."""
    ordered = sorted(heads, key=lambda head: -rows[head.classes.output].shape[1])
    boxes = [decoded_boxes(head, rows, spec) for head in ordered]
    known = [each for each in boxes if each is not None]
    if len(known) < len(ordered):
        return None
    return Places(torch.cat([label_scores(head, rows) for head in ordered], 1), torch.cat(known, 1))


def rows_and_heads(outputs: Sequence[Tensor], spec: ModelSpec) -> tuple[list[Tensor], Heads] | None:
    """The outputs as rows (B, places, columns), and the heads in them; None for what `decoded` does not read either."""
    family, rows = _family(spec), rows_of(outputs, spec)
    if family is None or rows is None:
        return None
    levels: dict[int, list[Columns]] = {}
    for index, output in enumerate(rows):
        levels.setdefault(output.shape[1], []).append(Columns(index, 0, output.shape[2]))
    heads = [family.head(level, len(spec.labels)) for level in levels.values()]
    found = tuple(head for head in heads if head is not None)
    return (rows, found) if found and len(found) == len(heads) else None


def class_probabilities(head: HeadColumns, rows: Sequence[Tensor]) -> Tensor:
    """(B, places, classes) of the head, objectness left out and background columns left in."""
    classes: Tensor = head.classes.of(rows)
    return classes.sigmoid() if head.logits else classes.clamp(0, 1)


def label_scores(head: HeadColumns, rows: Sequence[Tensor]) -> Tensor:
    """(B, places, labels): class probabilities times objectness, each to its power."""
    scores = class_probabilities(head, rows)[..., head.background :]
    if head.objectness is None:
        return scores
    objectness: Tensor = head.objectness.of(rows).clamp(0, 1)
    if head.powers == (1.0, 1.0):
        return scores * objectness
    # At zero a root has no gradient.
    first, second = (
        each.clamp(min=_TINY) ** power for each, power in zip((objectness, scores), head.powers, strict=True)
    )
    return first * second


def decoded_boxes(head: HeadColumns, rows: Sequence[Tensor], spec: ModelSpec) -> Tensor | None:
    """(B, places, 4) xyxy in input pixels; None where the places are not those of the specification's strides."""
    family, columns = _family(spec), head.boxes
    if family is None or columns is None:
        return None
    values = columns.of(rows)
    points = scales = torch.zeros(0, device=values.device)
    if family.on_grid:
        strides = grid_strides(values.shape[1], spec)
        if strides is None:
            return None
        found = grid(size_of(spec), strides, family.offset)
        points, scales = (torch.tensor(each, device=values.device) for each in found)
    boxes: Tensor = family.boxes(values, points, scales[:, None], spec)
    return boxes


def _family(spec: ModelSpec) -> Family | None:
    return FAMILIES.get(spec.family) if spec.task == "detection" and spec.family in FAMILIES else None


def rows_of(outputs: Sequence[Tensor], spec: ModelSpec) -> list[Tensor] | None:
    """Each output (B, places, columns); None if the family is unknown, or one has neither three nor four dimensions."""
    family, labels, rows = _family(spec), len(spec.labels), []
    if family is None:
        return None
    for output in outputs:
        if output.dim() == 4:
            rows.append(output.flatten(2).transpose(1, 2))
        elif output.dim() == 3:
            turned = family.columns_first(tuple(output.shape), labels)
            rows.append(output.transpose(1, 2) if turned else output)
        else:
            return None
    return rows


def grid_strides(places: int, spec: ModelSpec) -> tuple[int, ...] | None:
    """The levels that have so many places: all, or one."""
    counts = {stride: cells(size_of(spec), stride) for stride in spec.strides}
    each = {stride: height * width for stride, (height, width) in counts.items()}
    if sum(each.values()) == places and each:
        return spec.strides
    return next(((stride,) for stride, count in each.items() if count == places), None)
