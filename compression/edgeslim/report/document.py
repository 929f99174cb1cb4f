"""A study as files for other programs: CSV for spreadsheets, JSON for everything else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from edgeslim.metrics.gap import entropy_gap

_COLUMNS = {
    "number": "number",
    "title": "title",
    "state": "state",
    "file_bytes": "sizes.file",
    "download_bytes": "sizes.download",
    "entropy_bound_bytes": "sizes.entropy_bound",
    "entropy_gap_bytes": "entropy_gap.bytes",
    "entropy_gap_share": "entropy_gap.share",
    "params": "params",
    "nonzero": "nonzero",
    "macs": "macs",
    "peak_activation_bytes": "memory.peak_activation",
    "mAP": "accuracy.mAP",
    "AP50": "accuracy.AP50",
    "AP75": "accuracy.AP75",
    "AP_small": "accuracy.AP_small",
    "AP_medium": "accuracy.AP_medium",
    "AP_large": "accuracy.AP_large",
    "top1": "accuracy.top1",
    "top5": "accuracy.top5",
    "macro_F1": "accuracy.macro_F1",
    "ci95_low": "accuracy.ci95.0",
    "ci95_high": "accuracy.ci95.1",
    "paired_delta": "accuracy.paired_delta",
    "paired_ci95_low": "accuracy.paired_ci95.0",
    "paired_ci95_high": "accuracy.paired_ci95.1",
    "held_out": "held_out.value",
    "held_out_ci95_low": "held_out.ci95.0",
    "held_out_ci95_high": "held_out.ci95.1",
    "held_out_change": "held_out.paired_delta",
    "optimism_of_change": "held_out.change_optimism",
    "agreement": "fidelity.agreement",
    "agreement_ci95_low": "fidelity.agreement_ci95.0",
    "agreement_ci95_high": "fidelity.agreement_ci95.1",
    "sqnr_db": "fidelity.sqnr_db",
    "latency_median_ms": "latency.median_ms",
    "latency_p95_ms": "latency.p95_ms",
    "latency_ratio": "latency.ratio",
    "latency_noisy": "latency.noisy",
    "seconds": "seconds",
    "error": "error.code",
    "sha256": "sha256",
}
"""Column → where a trial's JSON holds it. Fractions are 0–1; not measured is an empty cell."""


def study_csv(study: Mapping[str, Any]) -> str:
    """One line for each trial of a study (its JSON), in the order of their numbers."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow([*_COLUMNS, "front", "recipe"])
    claims = {claim["number"]: claim for claim in (study.get("held_out") or {}).get("trials", ())}
    for trial in study["trials"]:
        told = {
            **trial,
            "entropy_gap": entropy_gap(trial["sizes"]),  # older studies do not hold it
            "held_out": claims.get(trial["number"]),
        }
        measured = [_plain(look_up(told, path)) for path in _COLUMNS.values()]
        recipe = json.dumps(trial["recipe"], ensure_ascii=False)
        writer.writerow([*measured, trial["number"] in study["front"], recipe])
    return output.getvalue()


def study_json(study: Mapping[str, Any]) -> str:
    """The study's JSON, indented."""
    return json.dumps(study, indent=1, ensure_ascii=False) + "\n"


def look_up(trial: Mapping[str, Any], path: str) -> Any:
    """What a trial's JSON holds at a dotted path ('accuracy.ci95.0'), None where nothing was measured."""
    found: Any = trial
    for key in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(key)
        elif isinstance(found, list | tuple) and key.isdecimal():
            found = found[int(key)]
        else:
            return None
    return found


def _plain(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: recipes' names are given by users."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
