"""A study as files for other programs: CSV for spreadsheets, JSON for everything else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence

from edgeslim.records import encoded, with_messages
from edgeslim.report.certainty_info import certainty
from edgeslim.report.machine import machine_of
from edgeslim.studies.figures import Figure, axes, in_all, no_interval, runtimes_of
from edgeslim.studies.front_summary import front_summary
from edgeslim.studies.groups import HeldOutScore
from edgeslim.studies.notes import TrialNotes
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

Cell = str | int | float | bool | None


NO_NOTES: Mapping[int, TrialNotes] = {}


def study_csv(
    study: StudyResult,
    notes: Mapping[int, TrialNotes] = NO_NOTES,
    numbers: Sequence[int] | None = None,
) -> str:
    """One line for each trial of a study, in the order of their numbers; or those of `numbers`, in that order.

    Columns: every figure under its name, with `_low` and `_high` where it has a 95 % interval; then what is no figure.
    Fractions are 0–1, sizes bytes; what was not measured is an empty cell.
    """
    output, front = io.StringIO(), set(study.front)
    known = {trial.number: trial for trial in study.trials}
    rows = [
        _row(study, known[number], number in front, notes.get(number, TrialNotes()))
        for number in (known if numbers is None else numbers)
    ]
    writer = csv.DictWriter(output, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(cell) for name, cell in row.items()} for row in rows)
    return output.getvalue()


def study_json(study: StudyResult, notes: Mapping[int, TrialNotes] = NO_NOTES) -> str:
    """The study, what follows from it (studies.front_summary) and how sure that is, as indented JSON."""
    found = front_summary(study)
    told = {
        **study.to_json(),
        **encoded(found),
        "certainty": encoded(certainty(study, found.choice)),
        "notes": encoded(notes),
    }
    return json.dumps(with_messages(told), indent=1, ensure_ascii=False) + "\n"


def _row(study: StudyResult, trial: TrialResult, on_front: bool, notes: TrialNotes) -> dict[str, Cell]:
    row: dict[str, Cell] = {"number": trial.number, "title": trial.title, "state": trial.state}
    for figure in in_all(axes(), runtimes_of(study.trials)):
        row |= _figure(figure, study, trial)
    gap = trial.sizes.entropy_gap if trial.sizes else None
    return row | {
        "entropy_gap": gap.bytes if gap else None,
        "entropy_gap_share": gap.share if gap else None,
        **_held_out(study.held_out.score(trial.number) if study.held_out else None),
        "latency_p95": trial.latency.p95_ms if trial.latency else None,
        "noisy": trial.latency.noisy if trial.latency else None,
        "timed_on": machine_of(study.environment).text if trial.latency else None,
        "seconds": trial.seconds,
        "error": trial.error.code if trial.error else None,
        "sha256": trial.sha256,
        "star": notes.star,
        "notes": notes.text,
        "front": on_front,
        "recipe": json.dumps(trial.recipe.to_json(), ensure_ascii=False),
    }


def _figure(figure: Figure, study: StudyResult, trial: TrialResult) -> dict[str, Cell]:
    value = figure.value(trial, study.original)
    cells: dict[str, Cell] = {figure.name: int(value) if value is not None and value.is_integer() else value}
    if figure.bounds is not no_interval:
        low, high = figure.bounds(trial) or (None, None)
        cells |= {f"{figure.name}_low": low, f"{figure.name}_high": high}
    return cells


def _held_out(score: HeldOutScore | None) -> dict[str, Cell]:
    low, high = (score.ci95 if score else None) or (None, None)
    return {
        "held_out": score.value if score else None,
        "held_out_low": low,
        "held_out_high": high,
        "held_out_change": score.paired_delta if score else None,
        "optimism_of_change": score.change_optimism if score else None,
    }


def _plain(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula: recipes' names are given by users."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
