"""What a detector says, whatever its family: scores and boxes at every place, in torch, so that gradients flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES
from edgeslim.models.families.base import cells, grid, size_of
from edgeslim.models.families.fcos import RAW_LIMIT
from edgeslim.models.families.gfl import Gfl
from edgeslim.steps.torch_network.heads import Head

LARGEST_EXPONENT = 20.0
"""As in the families' own decoders: what a damaged network cannot overflow."""


@dataclass(frozen=True, slots=True)
class Places:
    """`scores` (B, N, C) 0–1, objectness included; `boxes` (B, N, 4) xyxy in pixels of the network's input."""

    scores: Tensor
    boxes: Tensor


def places_of(rows: Sequence[Tensor], heads: Sequence[Head], spec: ModelSpec) -> Places | None:
    """All heads one after the other, the finest first; None if they do not lie on the grid of the specification."""
    ordered = sorted(heads, key=lambda head: -rows[head.classes.output].shape[1])
    boxes = [boxes_of(head, rows, spec) for head in ordered]
    found = [each for each in boxes if each is not None]
    if len(found) < len(ordered):
        return None
    return Places(torch.cat([scores_of(head, rows) for head in ordered], 1), torch.cat(found, 1))


def probabilities(head: Head, rows: Sequence[Tensor]) -> Tensor:
    """(B, places, classes) of the head, objectness left out and background columns left in."""
    classes = head.classes.of(rows)
    return classes.sigmoid() if head.logits else classes.clamp(0, 1)


def scores_of(head: Head, rows: Sequence[Tensor]) -> Tensor:
    """(B, places, labels): probabilities times objectness."""
    scores = probabilities(head, rows)[..., head.background :]
    return scores if head.objectness is None else scores * head.objectness.of(rows).clamp(0, 1)


def boxes_of(head: Head, rows: Sequence[Tensor], spec: ModelSpec) -> Tensor | None:
    """(B, places, 4) xyxy in input pixels; None where the places are not those of the specification's strides."""
    decode = _DECODERS.get(spec.family)
    columns = head.bins or next((each for each in head.numbers if each.stop - each.start == 4), None)
    if decode is None or columns is None:
        return None
    values = columns.of(rows)
    strides = _strides(values.shape[1], spec)
    if spec.family in _WITHOUT_GRID:
        points = scales = torch.zeros(0, device=values.device)
    elif strides is None:
        return None
    else:
        found = grid(size_of(spec), strides, _offset(spec.family))
        points, scales = (torch.tensor(each, device=values.device) for each in found)
    return decode(values, points, scales[:, None], spec)


def _strides(places: int, spec: ModelSpec) -> tuple[int, ...] | None:
    """The levels that have so many places: all, or one."""
    counts = {stride: cells(size_of(spec), stride) for stride in spec.strides}
    each = {stride: height * width for stride, (height, width) in counts.items()}
    if sum(each.values()) == places and each:
        return spec.strides
    return next(((stride,) for stride, count in each.items() if count == places), None)


def _offset(family: str) -> float:
    known = FAMILIES.get(family)
    if isinstance(known, Gfl):
        return known.offset
    return 0.5 if family == "fcos" else 0.0


Decoder = Callable[[Tensor, Tensor, Tensor, ModelSpec], Tensor]
"""(values (B, N, K), points (N, 2), strides (N, 1), specification) → boxes (B, N, 4)."""


def _offsets_and_logs(values: Tensor, points: Tensor, scales: Tensor, spec: ModelSpec) -> Tensor:
    sizes = values[..., 2:].clamp(max=LARGEST_EXPONENT).exp() * scales
    return _from_centres(values[..., :2] * scales + points, sizes)


def _pixels(values: Tensor, points: Tensor, scales: Tensor, spec: ModelSpec) -> Tensor:
    return _from_centres(values[..., :2], values[..., 2:])


def _parts(values: Tensor, points: Tensor, scales: Tensor, spec: ModelSpec) -> Tensor:
    size = [spec.input_width, spec.input_height] * 2
    return values * torch.tensor(size, dtype=values.dtype, device=values.device)


def _log_distances(values: Tensor, points: Tensor, scales: Tensor, spec: ModelSpec) -> Tensor:
    return _around(points, values.clamp(max=RAW_LIMIT).exp() * scales)


def _bins(values: Tensor, points: Tensor, scales: Tensor, spec: ModelSpec) -> Tensor:
    weights = values.reshape(*values.shape[:2], 4, -1).softmax(3)
    return _around(points, weights @ torch.arange(weights.shape[3], device=values.device).float() * scales)


def _from_centres(centres: Tensor, sizes: Tensor) -> Tensor:
    return torch.cat([centres - sizes / 2, centres + sizes / 2], -1)


def _around(points: Tensor, distances: Tensor) -> Tensor:
    return torch.cat([points - distances[..., :2], points + distances[..., 2:]], -1)


_WITHOUT_GRID = ("yolov8", "yolox_decoded", "ssd")
"""Families whose boxes are not told from their place."""
_DECODERS: dict[str, Decoder] = {
    "yolox": _offsets_and_logs,
    "yunet": _offsets_and_logs,
    "yolox_decoded": _pixels,
    "yolov8": _pixels,
    "ssd": _parts,
    "fcos": _log_distances,
    "gfl": _bins,
    "picodet": _bins,
    "nanodet_plus": _bins,
}
