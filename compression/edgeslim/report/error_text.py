"""What two files get wrong, in a terminal: plain text in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.report.text import table
from edgeslim.units import DASH, format_change, format_interval, format_points

if TYPE_CHECKING:
    from edgeslim.analysis.errors import Change, Mistakes
    from edgeslim.analysis.parts import Parts
    from edgeslim.analysis.scores import Confidence


def error_texts(mistakes: Mistakes | None, confidence: Confidence, parts: Parts) -> list[str]:
    tide = [] if mistakes is None else [_mistakes(mistakes)]
    return [*tide, _confidence(confidence), _parts(parts)]


def _mistakes(found: Mistakes) -> str:
    headers = ["kind", "dAP", "dAP", "change", "95 %", f"from {found.confidence:g}", "then", "95 %"]
    rows = [[row.kind, *_costs(row.dap), *_counts(row.count)] for row in found.kinds]
    rows += [
        ["false positives", *_costs(found.false_positives), "", "", ""],
        ["false negatives", *_costs(found.false_negatives), "", "", ""],
    ]
    ap50 = " → ".join(format_points(each) for each in (found.ap50.before, found.ap50.after))
    return f"TIDE on {found.images} images, AP50 {ap50}; dAPs do not add up\n{table(rows, headers)}"


def _points(change: Change) -> list[str]:
    return [format_points(change.before), format_points(change.after), format_change(change.difference)]


def _costs(change: Change) -> list[str]:
    return [*_points(change), format_interval(change.ci95, signed=True)]


def _counts(change: Change) -> list[str]:
    assert change.before is not None and change.after is not None, "there is always a count"
    span = DASH if change.ci95 is None else f"{change.ci95[0]:+.0f} … {change.ci95[1]:+.0f}"
    return [f"{change.before:.0f}", f"{change.after:.0f}", span]


def _confidence(found: Confidence) -> str:
    first, second = found.sides
    moved = found.shift
    lines = [
        f"best threshold {first.best:.2f} → {second.best:.2f}",
        f"at {found.threshold:.2f}: F1 {' → '.join(_points(found.f1)[:2])}, "
        f"{found.lost} of {found.objects} objects fewer; at {second.best:.2f}: {found.lost_at_best} fewer, "
        f"{found.wrong_at_best:+d} wrong",
        f"ECE {' → '.join(_points(found.ece)[:2])} ({format_interval(found.ece.ci95, signed=True)})",
    ]
    if moved is not None:
        span = "" if moved.ci95 is None else f" ({moved.ci95[0]:+.3f} … {moved.ci95[1]:+.3f})"
        lines.insert(0, f"scores {moved.median:+.3f} at the median of {moved.pairs}{span}")
    return "\n".join(lines)


def _parts(found: Parts) -> str:
    headers = ["class or size", "first", "second", "change", "95 %", "Holm"]
    rows = [
        [
            row.name,
            *_points(row.change),
            format_interval(row.change.ci95, signed=True),
            "*" if row.holds else "",
        ]
        for row in (*found.classes, *found.sizes)
    ]
    return table(rows, headers)
