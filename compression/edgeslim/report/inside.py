"""A model's layers: what is redundant in them, what pays by prediction, and what each technique does to each alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10, prod

import plotly.graph_objects as go

from edgeslim.analysis.results import Inside, LayerXRay, Prediction
from edgeslim.report.marks import Texts
from edgeslim.report.palette import ACCENT, FONT_SIZE, NEUTRAL
from edgeslim.units import format_decibels

TOP_DB = 80.0
"""Errors below -80 dB are drawn there."""
FLOAT_BYTES = 4
Choice = tuple[str, float]
"""A technique and its strength."""


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A layer as the X-ray has it. `error` is what the best prediction measures, None where nothing was predicted."""

    name: str
    operator: str
    shape: str
    bytes: int
    entropy: float
    redundancy: float
    rank: float
    alike: float
    best: Choice | None
    saved: float | None
    error: float | None
    kept: bool | None
    """The measured error is within the tolerance that was promised."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A technique applied to one layer alone: output SQNR in dB, and bytes of the float weight that storage saves."""

    technique: str
    strength: float
    unit: str
    predicted: float | None
    measured: float | None
    saved: int | None


def layer_rows(found: Inside) -> list[LayerRow]:
    return [_row(found, layer) for layer in found.xray.layers]


def choices(found: Inside) -> list[Choice]:
    """What was measured, by technique and strength."""
    return [(each.technique, each.strength) for each in found.sensitivity.techniques]


def layer_of(found: Inside, names: Sequence[str]) -> LayerXRay | None:
    """The layer that a file's graph calls by one of these names."""
    return next((each for each in found.xray.layers if each.name.removesuffix(".weight") in names), None)


def what_if(found: Inside, layer: str) -> list[WhatIf]:
    """Every technique and strength that fits the layer."""
    known = next(each for each in found.xray.layers if each.name == layer)
    rows = []
    for each in found.sensitivity.techniques:
        error = each.values.get(layer)
        if not isinstance(error, float):
            continue
        promised = _promised(known, (each.technique, each.strength))
        share = None if promised is None else promised.saved
        rows.append(
            WhatIf(
                technique=each.technique,
                strength=each.strength,
                unit=each.unit,
                predicted=None if promised is None else decibels(promised.error),
                measured=decibels(error),
                saved=None if share is None else round(share * prod(known.shape) * FLOAT_BYTES),
            )
        )
    return rows


def by_layer(found: Inside, choice: Choice) -> list[tuple[str, float, float | None]]:
    """Layer, measured and predicted SQNR in dB, where the technique fits."""
    measured = next(
        each for each in found.sensitivity.techniques if (each.technique, each.strength) == choice
    )
    rows = []
    for layer in found.xray.layers:
        error = measured.values.get(layer.name)
        if isinstance(error, float):
            promised = _promised(layer, choice)
            rows.append((layer.name, decibels(error), None if promised is None else decibels(promised.error)))
    return rows


def decibels(error: float) -> float:
    """SQNR of a relative squared error."""
    return min(TOP_DB, -10 * log10(max(error, 10 ** (-TOP_DB / 10))))


def by_layer_chart(rows: Sequence[tuple[str, float, float | None]], texts: Texts) -> go.Figure:
    """Bars of what was measured, marks of what was predicted; a short bar is a layer that minds."""
    names = [escape(name) for name, _, _ in rows]
    figure = go.Figure([
        go.Bar(
            y=names,
            x=[measured for _, measured, _ in rows],
            orientation="h",
            marker={"color": ACCENT},
            name=texts["inside.measured"],
            customdata=[format_decibels(measured) for _, measured, _ in rows],
            hovertemplate="%{y}: %{customdata}<extra></extra>",
        ),
        go.Scatter(
            y=names,
            x=[predicted for _, _, predicted in rows],
            mode="markers",
            marker={"color": NEUTRAL, "symbol": "line-ns-open", "size": 14, "line": {"width": 3}},
            name=texts["inside.predicted"],
            hovertemplate="%{y}: %{x:.0f} dB<extra></extra>",
        ),
    ])  # fmt: skip
    figure.update_layout(
        height=90 + 24 * len(rows),
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        dragmode=False,
        font={"size": FONT_SIZE},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"},
    )
    figure.update_xaxes(title={"text": texts["inside.sqnr"]}, fixedrange=True)
    figure.update_yaxes(type="category", autorange="reversed", automargin=True, fixedrange=True)
    return figure


def _row(found: Inside, layer: LayerXRay) -> LayerRow:
    best = None if layer.predictions is None else layer.predictions.best
    error = None
    if best is not None:
        values = next(
            each.values
            for each in found.sensitivity.techniques
            if (each.technique, each.strength) == (best.technique, best.strength)
        )
        measured = values.get(layer.name)
        error = measured if isinstance(measured, float) else None
    return LayerRow(
        name=layer.name,
        operator=layer.op,
        shape=" × ".join(map(str, layer.shape)),
        bytes=layer.bytes,
        entropy=layer.entropy,
        redundancy=layer.redundancy,
        rank=layer.spectrum.effective_rank / layer.spectrum.full_rank,
        alike=layer.similarity.alike_share,
        best=None if best is None else (best.technique, best.strength),
        saved=None if best is None else best.saved,
        error=error,
        kept=None if error is None else error <= found.xray.tolerance,
    )


def _promised(layer: LayerXRay, choice: Choice) -> Prediction | None:
    technique, strength = choice
    options = () if layer.predictions is None else layer.predictions.techniques.get(technique, ())
    return next((each for each in options if each.strength == strength), None)
