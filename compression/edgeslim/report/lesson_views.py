"""Every still view of a lesson as HTML that needs nothing from outside: drawings, small pictures, tables."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from html import escape

import numpy as np
from PIL import Image as Pictures

from edgeslim.lessons.views import Bars, Histogram, Lines, Table, Tile, Tiles, View
from edgeslim.report.lesson_axes import WIDTHS, Drawing
from edgeslim.report.lesson_charts import bars_svg, histogram_svg, lines_svg, out_of_sight
from edgeslim.units import DASH, format_bytes

STYLE = """
.drawn {container-type: inline-size}
.drawn > figure {margin: 0 0 1rem; max-width: 56rem}
.drawn > figure > .phone {display: none}
@container (max-width: 540px) {.drawn > figure > .phone {display: block} .drawn > figure > .wide {display: none}}
.drawn svg {display: block; overflow: visible}
.drawn figcaption {font-size: 0.875rem; opacity: 0.85; margin-block: 0.25rem}
.drawn ul {list-style: none; padding: 0; margin: 0 0 1rem}
.drawn li {padding-block: 0.3rem}
.drawn .mark {display: inline-block; margin-inline-start: 0.6rem; padding: 0.05rem 0.5rem; border: 2px solid;
  border-radius: 1rem; font-size: 0.875rem}
.drawn .tiles {display: flex; flex-wrap: wrap; gap: 0.75rem 1rem}
.drawn .tiles figure {margin: 0; font-size: 0.875rem; text-align: center}
.drawn .tiles img {display: block; min-width: 72px; height: 96px; image-rendering: pixelated; border: 1px solid #7d8c86}
.drawn .scroll {overflow-x: auto}
.drawn table {border-collapse: collapse; font-variant-numeric: tabular-nums}
.drawn th, .drawn td {padding: 0.35rem 0.75rem; border-bottom: 1px solid #7d8c8655; text-align: right;
  white-space: nowrap}
.drawn th:first-child {white-space: normal; text-align: left; font-weight: 600; min-width: 5em}
.drawn thead th {font-weight: 400; white-space: normal; opacity: 0.85}
.drawn.large > figure > .phone {display: block}
.drawn.large > figure > .wide {display: none}
.drawn.large > figure {max-width: 640px}
.drawn.large :is(table, figcaption) {font-size: 1.4rem}
@container (max-width: 540px) {.drawn table {font-size: 0.8125rem}
  .drawn th, .drawn td {padding: 0.3rem 0.35rem} .drawn :is(th, td):first-child {padding-inline-start: 0}}
"""


def views_html(views: Sequence[View], drawing: Drawing) -> str:
    """All views that stand still, one below the other, for the widths of a phone and of everything else."""
    kind = "drawn large" if drawing.large else "drawn"
    return f'<div class="{kind}">{"".join(_view(view, drawing) for view in views)}</div>'


def _view(view: View, drawing: Drawing) -> str:
    sizes = [replace(drawing, width=width) for width in WIDTHS]
    if isinstance(view, Lines):
        return both([lines_svg(view, size) for size in sizes], _note(view, drawing))
    if isinstance(view, Bars):
        return both([bars_svg(view, size) for size in sizes], _note(view, drawing))
    if isinstance(view, Histogram):
        return both([histogram_svg(view, size) for size in sizes])
    if isinstance(view, Tiles):
        return _tiles(view, drawing)
    return _table(view, drawing) if isinstance(view, Table) else ""


def _note(view: Lines | Bars, drawing: Drawing) -> str:
    """The device's room, where it is so large that the chart could not show it."""
    if drawing.limit is None or not out_of_sight(view, drawing.limit):
        return ""
    room = format_bytes(drawing.limit.bytes)
    return drawing.words.t("learn.all_fit", device=drawing.limit.name, room=room)


def both(drawings: Sequence[str], note: str = "") -> str:
    """A drawing for each of WIDTHS, of which the one is shown that fits."""
    phone, wide = drawings
    caption = f"<figcaption>{escape(note)}</figcaption>" if note else ""
    return f'<figure><div class="wide">{wide}</div><div class="phone">{phone}</div>{caption}</figure>'


def _tiles(view: Tiles, drawing: Drawing) -> str:
    shown = []
    for tile in view.tiles:
        name = drawing.words.word(tile.name)
        shown.append(
            f'<figure><img src="{tile_address(tile, view.low, view.high)}" alt="{escape(name)}">{escape(name)}</figure>'
        )
    return f'<figure><div class="tiles">{"".join(shown)}</div></figure>'


def tile_address(tile: Tile, low: float, high: float) -> str:
    """A matrix as a small PNG; where zero lies inside the scale, negative is blue, zero white and positive red."""
    values = np.asarray(tile.rows, float)
    if low < 0 < high:
        share = np.clip(values / max(-low, high), -1, 1)[..., None]
        ends = np.where(share < 0, np.array([42, 123, 214]), np.array([196, 70, 40]))
        pixels = 255 + (ends - 255) * np.abs(share)
    else:
        pixels = np.repeat(255 * np.clip((values - low) / ((high - low) or 1), 0, 1)[..., None], 3, axis=2)
    buffer = io.BytesIO()
    Pictures.fromarray(pixels.round().astype(np.uint8)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _table(view: Table, drawing: Drawing) -> str:
    words = drawing.words
    heads = "".join(f'<th scope="col">{escape(words.word(column.name))}</th>' for column in view.columns)
    rows = []
    for name, values in zip(view.rows, view.values, strict=True):
        cells = "".join(
            f"<td>{DASH if value is None else escape(words.amount(column.unit, value))}</td>"
            for column, value in zip(view.columns, values, strict=True)
        )
        rows.append(f'<tr><th scope="row">{escape(words.word(name))}</th>{cells}</tr>')
    return (
        f'<figure><div class="scroll" tabindex="0" role="region" aria-label="{escape(words.t("learn.table"))}">'
        f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></figure>"
    )
