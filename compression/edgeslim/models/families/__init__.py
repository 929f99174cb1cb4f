"""Model families. Adding one: a file that registers it, and its line here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.models.base import COCO_80
from edgeslim.models.families import (  # noqa: F401 - registered by import
    classifier,
    end_to_end,
    fastestdet,
    fcos,
    gfl,
    ssd,
    yolov8,
    yolox,
    yunet,
)
from edgeslim.models.families.base import FAMILIES, Family, Output, Raw, list_shapes

__all__ = ["FAMILIES", "UNKNOWN", "Family", "Raw", "recognise"]

UNKNOWN = "unknown"
"""The family of a model without a decoder: only fidelity can be measured."""


def recognise(outputs: Sequence[Output], input_hw: tuple[int, int]) -> dict[str, Any] | None:
    """Hints for the specification of a network with these outputs, or None if they fit no family.

    Shapes decide first; where they fit several families, the values do (YOLOX's raw offsets are not YOLOv8's
    pixels); then having exactly COCO's 80 classes (of [1, N, 85] as YOLOX or transposed YOLOv8). Raises
    ModelError(code='ambiguous_family') if several remain.
    """
    shapes = [output.shape for output in outputs]
    found = {family.name: family.recognise(shapes, input_hw) for family in FAMILIES}
    hints = {name: hint for name, hint in found.items() if hint is not None}
    hints = {name: hint for name, hint in hints.items() if FAMILIES.get(name).plausible(outputs, input_hw)}
    coco = {name: hint for name, hint in hints.items() if hint["labels"] == COCO_80}
    if len(coco) == 1:
        hints = coco
    if len(hints) > 1:
        choices = ", ".join(hints)
        raise ModelError("ambiguous_family", shapes=list_shapes(shapes), choices=choices)
    return next(iter(hints.values()), None)
