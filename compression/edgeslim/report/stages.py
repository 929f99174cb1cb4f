"""What each stage of a recipe saved and cost, and what other variants of the recipe come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from edgeslim.report.palette import FONT_SIZE, GAIN, LOSS, NEUTRAL, faint
from edgeslim.studies.trial import Bounds
from edgeslim.units import format_change, format_interval

if TYPE_CHECKING:
    from edgeslim.analysis.ablation import Ablation, MeasuredVariant


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """A variant against the one it is compared with: of stages the recipe before, of others the whole recipe.

    `change` is of the primary metric (share of 1), paired where `interval` is known; `ratio` of latencies to the
    original's, before and after. `error`: why there is no such file.
    """

    step: str | None
    steps: tuple[str, ...]
    number: int | None
    download: int | None
    saved: int | None
    """Bytes of download less than the other one; negative: more."""
    change: float | None
    interval: Bounds | None
    ratio: float | None
    error: bool = False

    @property
    def told(self) -> bool:
        return self.saved is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageInfo:
    """`stages` in their order, the first after the original; `without` each of them; `orders` of the same steps."""

    original: int | None
    """Bytes of its download."""
    metric: str | None
    stages: tuple[StageRow, ...]
    without: tuple[StageRow, ...]
    orders: tuple[StageRow, ...]

    @property
    def missing(self) -> int:
        """How many variants could be measured and are not."""
        rows = (*self.stages, *self.without, *self.orders)
        return len({row.steps for row in rows if row.number is None and not row.error})


def stage_info(found: Ablation) -> StageInfo:
    """An ablation as the screens show it."""
    first = found.stages[0].trial
    metric = next((t.primary_metric for t in (first, found.stages[-1].trial) if t is not None), None)
    return StageInfo(
        original=None if first is None or first.sizes is None else first.sizes.download,
        metric=metric,
        stages=tuple(_row(each, metric) for each in found.stages[1:]),
        without=tuple(_row(each, metric) for each in found.without),
        orders=tuple(_row(each, metric) for each in found.orders),
    )


def _row(found: MeasuredVariant, metric: str | None) -> StageRow:
    trial, change = found.trial, found.change
    saved = None if change is None else change.figures.get("download")
    paired = None if change is None else change.primary
    delta = None if change is None or metric is None else change.figures.get(metric)
    return StageRow(
        step=found.step,
        steps=found.steps,
        number=None if trial is None else trial.number,
        download=None if trial is None or trial.sizes is None else trial.sizes.download,
        saved=None if saved is None else -round(saved),
        change=delta if paired is None else paired.delta,
        interval=None if paired is None else paired.ci95,
        ratio=None if trial is None or trial.latency is None else trial.latency.ratio,
        error=found.error is not None,
    )


ROW = 70


def points_chart(rows: Sequence[StageRow], titles: Sequence[str]) -> go.Figure:
    """Points that each stage gained or lost, with 95 % intervals where these are known; pale where one spans zero."""
    changes = [100 * (row.change or 0.0) for row in rows]
    bounds = [tuple(100 * end for end in row.interval) if row.interval else None for row in rows]
    ends = [value for pair in bounds if pair for value in pair]
    most = max(map(abs, [*changes, *ends]), default=1.0) or 1.0
    figure = go.Figure(
        go.Bar(
            y=list(range(len(rows))),
            x=changes,
            orientation="h",
            width=0.3,
            marker={"color": [_color(row) for row in rows]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [
                    pair[1] - value if pair else None for value, pair in zip(changes, bounds, strict=True)
                ],
                "arrayminus": [
                    value - pair[0] if pair else None for value, pair in zip(changes, bounds, strict=True)
                ],
                "color": NEUTRAL,
                "thickness": 2,
                "width": 6,
            },
            hoverinfo="skip",
        )
    )
    notes = []
    for place, (row, title) in enumerate(zip(rows, titles, strict=True)):
        interval = f" ({format_interval(row.interval, signed=True)})" if row.interval else ""
        notes.append(
            {
                "x": 0,
                "xref": "paper",
                "y": place - 0.17,
                "text": f"{title}<br><b>{format_change(row.change)}</b>{interval}",
                "xanchor": "left",
                "yanchor": "bottom",
                "align": "left",
                "showarrow": False,
                "font": {"size": FONT_SIZE - 2},
            }
        )
    figure.update_layout(
        annotations=notes,
        height=8 + ROW * len(rows),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode=False,
        showlegend=False,
        font={"size": FONT_SIZE},
    )
    low = -1.08 * most if any(value < 0 for value in changes) else -0.35 * most
    high = 1.08 * most if any(value > 0 for value in changes) else 0.35 * most
    figure.update_xaxes(
        range=[low, high], showticklabels=False, showgrid=False, zerolinecolor=NEUTRAL, fixedrange=True
    )
    figure.update_yaxes(visible=False, range=[len(rows) - 1 + 0.28, -0.85], fixedrange=True)
    return figure


def _color(row: StageRow) -> str:
    color = GAIN if (row.change or 0.0) >= 0 else LOSS
    return faint(color) if row.interval is None or row.interval[0] <= 0 <= row.interval[1] else color
