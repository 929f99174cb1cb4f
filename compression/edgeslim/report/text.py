"""A study in a terminal: plain text in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgeslim.metrics.gap import entropy_gap
from edgeslim.report.document import look_up
from edgeslim.units import (
    DASH,
    MINUS,
    format_bytes,
    format_change,
    format_count,
    format_interval,
    format_ms,
    format_points,
    format_ratio,
    format_share,
)


def table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> str:
    """Left-aligned columns, two spaces apart."""
    cells = [[str(cell) for cell in row] for row in (headers, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headers))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)


def study_table(study: Mapping[str, Any]) -> str:
    """One line for each trial; '*' marks the front."""
    metric = next((t["primary_metric"] for t in study["trials"] if t["primary_metric"]), None) or "accuracy"
    headers = [
        "",
        "#",
        "recipe",
        "state",
        metric,
        "Δ points (95 %)",
        "agree",
        "download",
        "file",
        "latency",
        "ratio",
    ]
    rows = []
    for trial in study["trials"]:
        mark = (
            "*" if trial["number"] in study["front"] else "o" if trial["number"] == study["baseline"] else ""
        )
        rows.append([mark, trial["number"], trial["title"], _state(trial), *_figures(trial, metric)])
    failed = [trial for trial in study["trials"] if trial["error"]]
    errors = [f"{t['number']}: {t['error']['problem']} {t['error']['remedy']}" for t in failed]
    return "\n".join([table(rows, headers), *errors])


def trial_lines(trial: Mapping[str, Any]) -> str:
    """Everything measured of one trial, a line each."""
    metric = trial["primary_metric"] or "accuracy"
    value, interval = look_up(trial, f"accuracy.{metric}"), look_up(trial, "accuracy.ci95")
    rows: list[tuple[str, str]] = [("model", trial["model"]), ("recipe", trial["title"])]
    if value is not None:
        rows.append((metric, f"{format_points(value)} ({format_interval(interval)})"))
        for name in ("AP50", "AP75", "AP_small", "AP_medium", "AP_large", "top5", "macro_F1"):
            if (found := look_up(trial, f"accuracy.{name}")) is not None:
                rows.append((name, format_points(found)))
        rows.append(("images", str(look_up(trial, "accuracy.images") or DASH)))
    if trial["recipe"]["steps"]:
        rows.append(("against original", _delta(trial)))
        rows.append(("agreement", format_share(look_up(trial, "fidelity.agreement"))))
    rows += [(name.replace("_", " "), format_bytes(size)) for name, size in (trial["sizes"] or {}).items()]
    gap = entropy_gap(trial["sizes"])
    if gap is not None:
        sign = MINUS if gap["bytes"] < 0 else ""
        rows.append(
            (
                "gap to bound",
                f"{sign}{format_bytes(abs(gap['bytes']))} ({sign}{format_share(abs(gap['share']))})",
            )
        )
    rows += [(name, format_count(trial[name])) for name in ("params", "nonzero", "macs")]
    rows.append(("peak activations", format_bytes(look_up(trial, "memory.peak_activation"))))
    median, p95 = (format_ms(look_up(trial, f"latency.{name}")) for name in ("median_ms", "p95_ms"))
    rows.append(
        ("latency", f"{median} (p95 {p95}, {format_ratio(look_up(trial, 'latency.ratio'))} of original)")
    )
    rows += [("file", trial["file"] or DASH), ("sha256", trial["sha256"] or DASH)]
    if trial["error"]:
        rows.append(("error", f"{trial['error']['problem']} {trial['error']['remedy']}"))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {text}" for name, text in rows)


def _state(trial: Mapping[str, Any]) -> str:
    progress = trial["progress"]
    if not progress:
        return "over budget" if trial.get("missed") else str(trial["state"])
    counted = f" {progress['done']}/{progress['total']}" if progress["total"] else ""
    return f"{progress['message']}{counted}"


def _figures(trial: Mapping[str, Any], metric: str) -> list[str]:
    if not trial["sizes"]:
        return [""] * 7
    value = look_up(trial, f"accuracy.{metric}")
    headline = format_points(value if value is not None else look_up(trial, f"fidelity.{metric}"))
    return [
        headline,
        _delta(trial),
        format_share(look_up(trial, "fidelity.agreement")),
        format_bytes(look_up(trial, "sizes.download")),
        format_bytes(look_up(trial, "sizes.file")),
        format_ms(look_up(trial, "latency.median_ms")),
        format_ratio(look_up(trial, "latency.ratio")),
    ]


def _delta(trial: Mapping[str, Any]) -> str:
    delta, interval = look_up(trial, "accuracy.paired_delta"), look_up(trial, "accuracy.paired_ci95")
    return DASH if delta is None else f"{format_change(delta)} ({format_interval(interval, signed=True)})"
