"""A picture with boxes over it, as SVG that needs nothing from outside."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from PIL import Image as Pictures

from edgeslim.detections import Image

SIDE = 480
"""Pixels of the longer side that a picture keeps."""


@dataclass(frozen=True, slots=True)
class Box:
    """xyxy in pixels of the picture; its title appears under the pointer."""

    corners: Sequence[float]
    title: str
    color: str
    dashed: bool = False


def address_of(image: Image) -> str:
    """A picture as the address of itself, no larger than SIDE."""
    picture = Pictures.fromarray(image)
    picture.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def boxed_svg(
    image: Image, boxes: Sequence[Box], said: str, *, known_as: str = "", again: bool = False
) -> str:
    """The picture with its boxes; `said` is for those who do not see it.

    `known_as` is an id under which a later drawing takes the same picture `again`, which is then stored once.
    """
    height, width = image.shape[:2]
    name = f' id="{escape(known_as)}"' if known_as else ""
    picture = (
        f'<use href="#{escape(known_as)}"/>'
        if again
        else f'<image{name} href="{address_of(image)}" width="{width}" height="{height}"/>'
    )
    thick = max(1.5, max(width, height) / 150)
    drawn = "".join(_rect(box, thick) for box in boxes)
    return (
        f'<svg viewBox="0 0 {width} {height}" width="260" role="img" aria-label="{escape(said)}">'
        f"{picture}{drawn}</svg>"
    )


def _rect(box: Box, thick: float) -> str:
    x0, y0, x1, y1 = box.corners
    dashes = f' stroke-dasharray="{3 * thick:.1f} {2 * thick:.1f}"' if box.dashed else ""
    return (
        f'<rect x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{y1 - y0:.1f}" fill="none" '
        f'stroke="{box.color}" stroke-width="{thick:.3g}"{dashes}><title>{escape(box.title)}</title></rect>'
    )
