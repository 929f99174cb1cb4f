"""A study in a terminal: plain text in columns."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.records import ClassMatching
from edgeslim.studies.figures import FIGURES, Figure, axes, columns
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.units import (
    CHANGE,
    DASH,
    MINUS,
    POINTS,
    Kind,
    format_bytes,
    format_ms,
    format_names,
    format_share,
)

_SHOWN = 8
"""Names of classes."""


def table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> str:
    """Left-aligned columns, two spaces apart."""
    cells = [[str(cell) for cell in row] for row in (headers, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headers))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)


def words(name: str) -> str:
    """A figure's or reason's name as words: 'latency ratio'."""
    return name.replace("_", " ")


def headline_kind(metric: str | None) -> Kind:
    """How the headline measure is written."""
    return FIGURES.get(metric).kind if metric is not None and metric in FIGURES else POINTS


def study_table(study: StudyResult) -> str:
    """One line for each trial; '*' marks the front, 'o' the original."""
    metric = next((trial.primary_metric for trial in study.trials if trial.primary_metric), None)
    shown = [figure for figure in columns(study.trials) if figure.name != metric]
    front = study.front
    headers = ["", "#", "recipe", "state", metric or "accuracy", *(_header(figure) for figure in shown)]
    rows = [
        [
            "*" if trial.number in front else "o" if trial.number == study.baseline else "",
            trial.number,
            trial.title,
            _state(trial),
            headline_kind(metric).text(trial.objective) if trial.sizes else "",
            *(_cell(figure, trial, study) if trial.sizes else "" for figure in shown),
        ]
        for trial in study.trials
    ]
    reasons: dict[str, list[int]] = {}
    for trial in study.trials:
        if trial.error:
            reasons.setdefault(str(trial.error), []).append(trial.number)
    errors = [f"{', '.join(map(str, numbers))}: {reason}" for reason, numbers in reasons.items()]
    notices = [f"{trial.number}: {notice}" for trial in study.trials for notice in trial.notices]
    return "\n".join([table(rows, headers), *errors, *notices])


def trial_line(trial: TrialResult) -> str:
    """What became of a trial: '3 float16: mAP 29.4, 1.85 MB'."""
    if trial.error is not None:
        return f"{trial.number} {trial.title}: {_state(trial)}, {trial.error}"
    told = [f"{trial.primary_metric} {headline_kind(trial.primary_metric).text(trial.objective)}"]
    if trial.sizes is not None:
        told.append(format_bytes(trial.sizes.download))
    return f"{trial.number} {trial.title}: {', '.join(told)}"


def classes_line(matching: ClassMatching) -> str:
    """How many of the data's classes are scored, and which have no counterpart."""
    parts = [f"{matching.matched} of the data's {len(matching.pairs)} are the model's"]
    for names, where in ((matching.dataset_only, "data"), (matching.model_only, "model")):
        if names:
            parts.append(f"only in the {where}: {format_names(names, _SHOWN)}")
    return "; ".join(parts)


def trial_lines(trial: TrialResult) -> str:
    """Everything measured of one trial, a line each."""
    rows = [("model", trial.model), ("recipe", trial.title)]
    for figure in (*axes([trial], cost=False), *axes([trial], cost=True)):
        rows.append((words(figure.name), _with_interval(figure, trial)))
    if trial.classes:
        rows.append(("classes", classes_line(trial.classes)))
    if trial.accuracy:
        rows.append(("images", str(trial.accuracy.get("images") or DASH)))
    if trial.latency:
        rows.append(("latency p95", format_ms(trial.latency.p95_ms)))
    if trial.sizes and (gap := trial.sizes.entropy_gap):
        sign, share = MINUS if gap.bytes < 0 else "", format_share(abs(gap.share))
        rows.append(("gap to bound", f"{sign}{format_bytes(abs(gap.bytes))} ({sign}{share})"))
    rows += [("path", trial.file or DASH), ("sha256", trial.sha256 or DASH)]
    if trial.error:
        rows.append(("error", str(trial.error)))
    rows += [("note", str(notice)) for notice in trial.notices]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {text}" for name, text in rows)


def _header(figure: Figure) -> str:
    return f"{words(figure.name)} (95 %)" if figure.kind is CHANGE else words(figure.name)


def _cell(figure: Figure, trial: TrialResult, study: StudyResult) -> str:
    """A figure; only of changes there is room for the interval, without which they say little."""
    if figure.kind is CHANGE:
        return _with_interval(figure, trial)
    return figure.kind.text(figure.value(trial, study.original))


def _with_interval(figure: Figure, trial: TrialResult) -> str:
    value, bounds = figure.kind.text(figure.value(trial)), figure.bounds(trial)
    return (
        value
        if bounds is None
        else f"{value} ({figure.kind.text(bounds[0])} … {figure.kind.text(bounds[1])})"
    )


_STATES = {"pruned": "dropped early", "out_of_time": "out of time"}
"""As the screens say it."""


def _state(trial: TrialResult) -> str:
    progress = trial.progress
    if progress is None:
        return "over budget" if trial.missed else _STATES.get(trial.state, trial.state)
    counted = f" {progress.done}/{progress.total}" if progress.total else ""
    return f"{progress.message}{counted}"
