"""X-rays, sensitivities and ablations in a terminal: plain text in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeslim.analysis.results import (
    BestPrediction,
    FileScores,
    LayerScores,
    LayerXRay,
    PairedChange,
    PredictionScores,
    Sensitivity,
    XRay,
)
from edgeslim.report.text import headline_kind, table
from edgeslim.studies.figures import FIGURES
from edgeslim.units import DASH, MINUS, format_change, format_interval, format_points, format_share

if TYPE_CHECKING:
    from edgeslim.analysis.ablation import Ablation, Change, MeasuredVariant


def xray_texts(found: XRay, scores: PredictionScores | None) -> list[str]:
    headers = [
        "#",
        "layer",
        "shape",
        "params",
        "MACs",
        f"H({found.bits})",
        "1-H/b",
        "rank",
        "alike",
        "zeros in",
    ]
    rows = [_layer_row(layer) for layer in found.layers]
    if found.predictions is None:
        return [table(rows, headers)]
    paying = [[*row, _best(layer)] for row, layer in zip(rows, found.layers, strict=True)]
    promised = [
        [name, f"{each.strength:g}", f"{each.error:.2g}", format_share(each.saved), each.layers]
        for name, lines in found.predictions.items()
        for each in lines
    ]
    texts = [
        table(paying, [*headers, "predicted to pay"]),
        table(promised, ["all layers at once", "strength", "predicted error", "predicted saving", "layers"]),
    ]
    if scores is not None:
        texts += _layer_score_texts(scores.layers)
        texts += _file_score_texts(scores.files) if scores.files else []
    return texts


def _layer_row(layer: LayerXRay) -> list[object]:
    return [
        layer.index,
        f"{layer.name} {'depthwise ' if layer.depthwise else ''}{layer.op}",
        "×".join(map(str, layer.shape)),
        format_share(layer.params_share),
        format_share(layer.macs_share),
        f"{layer.entropy:.2f}",
        format_share(layer.redundancy),
        f"{layer.spectrum.effective_rank:.0f}/{layer.spectrum.full_rank}",
        format_share(layer.similarity.alike_share),
        format_share(layer.activations.input_zeros if layer.activations else None),
    ]


def _best(layer: LayerXRay) -> str:
    best: BestPrediction | None = layer.predictions.best if layer.predictions else None
    return DASH if best is None else f"{best.technique} {best.strength:g} (saves {format_share(best.saved)})"


def _layer_score_texts(scores: LayerScores) -> list[str]:
    rows = [
        [
            each.technique,
            f"{each.strength:g}",
            each.layers,
            _rho(each.spearman),
            DASH if each.ratio is None else f"{each.ratio:.2g}",
        ]
        for each in scores.techniques
    ]
    best = scores.best
    return [
        table(rows, ["technique", "strength", "layers", "rank correlation", "measured / predicted"]),
        f"The technique predicted to pay most was the one that did for {best.agree} of {best.layers} layers; "
        f"of {best.promised} promises {best.within_tolerance} kept within the tolerated error.",
    ]


def _file_score_texts(scores: FileScores) -> list[str]:
    rows = [
        [
            each.number,
            each.title,
            f"{each.predicted:.2g}",
            format_points(each.loss),
            format_share(each.disagreement),
        ]
        for each in scores.trials
    ]
    return [
        table(rows, ["trial", "recipe", "predicted error", "points lost", "disagreement"]),
        *(
            f"rank correlation with {name}: {_rho(found.spearman)} ({found.trials} trials)"
            for name, found in (("loss", scores.loss), ("disagreement", scores.disagreement))
            if found is not None
        ),
        f"{len(scores.left_out)} trials left out: no rule covers all of their steps",
    ]


def sensitivity_text(found: Sensitivity) -> str:
    headers = [f"{each.technique} {each.strength:g}" for each in found.techniques]
    rows = [
        [
            layer.index,
            f"{layer.name} {layer.op}",
            "×".join(map(str, layer.shape)),
            *(_value(each.values.get(layer.name)) for each in found.techniques),
        ]
        for layer in found.layers
    ]
    measure = (
        "relative output error" if found.measure == "output_error" else f"change of {found.measure} in points"
    )
    shown = table(rows, ["#", "layer", "shape", *headers])
    return f"{shown}\n{measure}, {found.images} images, one layer changed at a time"


def _value(value: float | PairedChange | None) -> str:
    if isinstance(value, PairedChange):
        return f"{format_change(value.delta)} ({format_interval(value.ci95, signed=True)})"
    return DASH if value is None else f"{value:.2g}"


def ablation_text(found: Ablation) -> str:
    headers = ["", found.metric or "", "Δ points (95 %)", "download", "Δ download", "latency", "Δ latency"]
    lines = [(line.step or "original", line, line.change) for line in found.stages]
    if found.total is not None:
        lines.append(("all stages", found.stages[-1], found.total))
    lines += [(f"without {line.step}", line, line.change) for line in found.without]
    lines += [(" → ".join(line.steps), line, line.change) for line in found.orders]
    return "\n".join(
        [
            table([_ablation_row(*line) for line in lines if line[1].trial], headers),
            "Stages: change from the stage before; others: from the whole recipe as given.",
            f"{len(found.orders)} of {found.orders_sensible} other orders that make sense were measured.",
            *(f"{name}: {line.error}" for name, line, _ in lines if line.error),
        ]
    )


def _ablation_row(name: str, line: MeasuredVariant, change: Change | None) -> Sequence[str]:
    trial = line.trial
    assert trial is not None, "only what was measured has a row"
    row = [
        name,
        headline_kind(trial.primary_metric).text(trial.objective),
        _value(change.primary if change else None),
    ]
    for figure in ("download", "latency"):
        row.append(FIGURES.get(figure).kind.text(FIGURES.get(figure).value(trial)))
        row.append(_signed(change, figure))
    row[-2] += " (noisy)" if trial.latency and trial.latency.noisy else ""
    return row


def _signed(change: Change | None, name: str) -> str:
    value = None if change is None else change.figures.get(name)
    if value is None:
        return DASH
    return f"{MINUS if value < 0 else '+'}{FIGURES.get(name).kind.text(abs(value))}"


def _rho(value: float | None) -> str:
    return DASH if value is None else f"{value:.2f}".replace("-", MINUS)
