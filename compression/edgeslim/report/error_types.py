"""What kinds of mistakes two files make, and which classes they confuse: plain data, then charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from edgeslim.analysis.errors import Change, Matrix, Mistakes
from edgeslim.metrics.bootstrap import Bounds
from edgeslim.metrics.tide import Size
from edgeslim.report.palette import ACCENT, FONT_SIZE, NEUTRAL, SCALE
from edgeslim.units import MINUS

Side = Literal["original", "compressed"]
SIDES: tuple[Side, ...] = ("original", "compressed")
View = Literal["difference", "original", "compressed"]
VIEWS: tuple[View, ...] = ("difference", *SIDES)
MOST_CLASSES = 12
"""Classes in a matrix: those of which most changed."""
TOTALS = ("false_positives", "false_negatives")


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of mistake, or a total, in both files."""

    kind: str
    before: float
    after: float
    ci95: Bounds | None = None
    """Of the change; None where it is not known."""

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def sure(self) -> bool:
        """The interval of the change excludes zero."""
        return self.ci95 is not None and not self.ci95[0] <= 0.0 <= self.ci95[1]


def cost_rows(found: Mistakes, size: Size | None = None) -> tuple[Row, ...]:
    """dAP of each kind in points of 100; without a size also of all false positives and false negatives."""
    rows = [
        _row(each.kind, each.dap if size is None else each.dap_by_size[size], 100) for each in found.kinds
    ]
    if size is None:
        rows += [_row(name, getattr(found, name), 100) for name in TOTALS]
    return tuple(rows)


def count_rows(found: Mistakes, size: Size | None = None) -> tuple[Row, ...]:
    """How many mistakes of each kind there are from the threshold on, as the gallery shows them."""
    return tuple(
        _row(each.kind, each.count if size is None else each.count_by_size[size], 1) for each in found.kinds
    )


def _row(kind: str, change: Change, scale: float) -> Row:
    span = change.ci95 and (scale * change.ci95[0], scale * change.ci95[1])
    return Row(kind, scale * (change.before or 0.0), scale * (change.after or 0.0), span)


@dataclass(frozen=True, slots=True)
class Cell:
    """Objects of a class (None: background) taken for a class (None: missed)."""

    truth: int | None
    seen: int | None
    before: int
    after: int

    @property
    def right(self) -> bool:
        return self.truth == self.seen

    @property
    def worse(self) -> int:
        """Mistakes that were added, or right detections that were lost."""
        return (self.before - self.after) if self.right else (self.after - self.before)


@dataclass(frozen=True, slots=True)
class Confusion:
    """The cells of the classes that are shown, row by row."""

    rows: tuple[int | None, ...]
    columns: tuple[int | None, ...]
    cells: tuple[Cell, ...]
    left_out: int
    """Classes that are not shown."""


def occurring(first: Matrix, second: Matrix, classes: int) -> list[int]:
    """The classes that either matrix holds anything of."""
    both = np.array(first) + np.array(second)
    return [k for k in range(classes) if both[k].any() or both[:, k].any()]


def confusion(
    first: Matrix, second: Matrix, classes: int, wanted: Sequence[int] = (), most: int = MOST_CLASSES
) -> Confusion:
    """Two matrices side by side: (classes, classes), or one more of each for background and missed.

    Of the `wanted` classes; without any, of the `most` of which most changed.
    """
    before, after = np.array(first), np.array(second)
    changed, both = np.abs(after - before), before + after
    weight = [
        (int(changed[k].sum() + changed[:, k].sum()), int(both[k].sum() + both[:, k].sum()))
        for k in range(classes)
    ]
    there = occurring(first, second, classes)
    shown = sorted(wanted or sorted(there, key=lambda k: weight[k], reverse=True)[:most])
    places: list[tuple[int, int | None]] = [(k, k) for k in shown]
    if len(before) > classes:
        places.append((classes, None))
    cells = [
        Cell(truth, seen, int(before[i, j]), int(after[i, j]))
        for i, truth in places
        for j, seen in places
        if truth is not None or seen is not None
    ]
    names = tuple(name for _, name in places)
    return Confusion(names, names, tuple(cells), len(there) - len(shown))


ROW, BAR = 52, 0.36
"""Pixels of a kind with its two bars; a bar's share of them."""


def rows_chart(
    rows: Sequence[Row],
    titles: Mapping[str, str],
    sides: Sequence[str],
    interval: str,
    decimals: int = 1,
) -> go.Figure:
    """Two bars for each kind, their values beside; the second with the change, starred where it is sure.

    Bars carry [kind, side]. `interval` names the interval of a change, which is told on hover.
    """
    figure = go.Figure()
    for n, side in enumerate(SIDES):
        values = [row.before if side == "original" else row.after for row in rows]
        texts = [_number(value, decimals) for value in values]
        if side == "compressed":
            texts = [_with_change(words, row, decimals) for words, row in zip(texts, rows, strict=True)]
        figure.add_bar(
            name=sides[n],
            y=[titles[row.kind] for row in rows],
            x=values,
            text=texts,
            customdata=[[row.kind, side] for row in rows],
            hovertext=[
                f"{words}{_span(row, interval, decimals) if side == 'compressed' else ''}"
                for words, row in zip(texts, rows, strict=True)
            ],
            marker={"color": NEUTRAL if side == "original" else ACCENT},
        )
    high = max((max(row.before, row.after) for row in rows), default=0)
    low = min((min(row.before, row.after) for row in rows), default=0)
    figure.update_traces(
        orientation="h",
        width=BAR,
        textposition="outside",
        textangle=0,
        cliponaxis=False,
        hovertemplate="%{y}: %{hovertext}<extra>%{fullData.name}</extra>",
    )
    figure.update_layout(
        height=60 + ROW * len(rows),
        margin={"l": 0, "r": 0, "t": 34, "b": 0},
        barmode="group",
        dragmode=False,
        font={"size": FONT_SIZE - 2},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    figure.update_xaxes(
        visible=False, fixedrange=True, range=[min(1.2 * low, 0), 1.7 * high if high > 0 else 1]
    )
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True, showgrid=False)
    return figure


def confusion_chart(
    info: Confusion, view: View, titles: Mapping[int, str], words: tuple[str, str, str, str]
) -> go.Figure:
    """Square marks with their counts; blue is better, orange worse. Marks carry [truth, seen], -1 for none.

    `words` name the background, what is missed, and the axes: true and predicted.
    """
    background, missed, true, predicted = words
    row_titles = [background if k is None else titles[k] for k in info.rows]
    column_titles = [missed if k is None else titles[k] for k in info.columns]
    values = [cell.worse if view == "difference" else getattr(cell, _FIELD[view]) for cell in info.cells]
    shown = [
        cell.after - cell.before if view == "difference" else value
        for cell, value in zip(info.cells, values, strict=True)
    ]
    most = max((abs(v) for c, v in zip(info.cells, values, strict=True) if not c.right), default=0)
    top = max((abs(v) for c, v in zip(info.cells, values, strict=True) if c.right), default=0)
    colors = [
        _shade(
            value if view == "difference" else (-value if cell.right else value), top if cell.right else most
        )
        for cell, value in zip(info.cells, values, strict=True)
    ]
    figure = go.Figure(
        go.Scatter(
            x=[info.columns.index(cell.seen) for cell in info.cells],
            y=[info.rows.index(cell.truth) for cell in info.cells],
            mode="markers+text",
            text=[_signed(n) if view == "difference" else (str(n) if n else "") for n in shown],
            textfont={"size": FONT_SIZE - 4, "weight": 700},
            customdata=[
                [-1 if c.truth is None else c.truth, -1 if c.seen is None else c.seen] for c in info.cells
            ],
            hovertext=[
                f"{row_titles[info.rows.index(c.truth)]} → {column_titles[info.columns.index(c.seen)]}: "
                f"{c.before} → {c.after}"
                for c in info.cells
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            marker={
                "symbol": "square",
                "size": SQUARE,
                "color": colors,
                "opacity": 1,
                "line": {"width": 1, "color": "rgba(125,140,134,0.35)"},
            },
        )
    )
    count = len(info.rows)
    figure.update_layout(
        height=CELL * count + 150,
        margin={"l": 0, "r": 8, "t": 0, "b": 0},
        dragmode=False,
        showlegend=False,
        font={"size": FONT_SIZE - 3},
    )
    axis = {"tickvals": list(range(count)), "showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(
        **axis,
        ticktext=column_titles,
        tickangle=-90,
        side="top",
        range=[-0.5, count - 0.5],
        title=predicted,
        automargin=True,
    )
    figure.update_yaxes(**axis, ticktext=row_titles, range=[count - 0.5, -0.5], title=true, automargin=True)
    return figure


CELL, SQUARE = 30, 20
"""Pixels of a row, and of a cell's side: eleven beside each other fit a phone."""
_FIELD: Mapping[str, str] = {"original": "before", "compressed": "after"}


def _shade(worse: float, most: float) -> str:
    """Orange for what is worse, blue for what is better; paler for less. Words stay readable on it in both themes."""
    color = SCALE[-1] if worse > 0 else SCALE[0]
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    opacity = 0.0 if not worse or not most else 0.12 + 0.3 * min(abs(worse) / most, 1)
    return f"rgba({red},{green},{blue},{opacity:.2f})"


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".replace("-", MINUS)


def _signed(value: float, decimals: int = 0) -> str:
    """'+3', '−2', nothing for no change."""
    words = f"{value:+.{decimals}f}"
    return "" if float(words) == 0 else words.replace("-", MINUS)


def _with_change(words: str, row: Row, decimals: int) -> str:
    change = _signed(row.change, decimals)
    return f"{words} ({change}{'*' if row.sure else ''})" if change else words


def _span(row: Row, interval: str, decimals: int) -> str:
    """The interval of the change, on a line of its own."""
    if row.ci95 is None:
        return ""
    low, high = (f"{bound:+.{decimals}f}".replace("-", MINUS) for bound in row.ci95)
    return f"<br>{interval}: {low} … {high}"
