"""A study as CSV, JSON and plain text."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from as_kept import of

from edgeslim.report.document import study_csv, study_json
from edgeslim.report.text import study_table, table, trial_lines
from edgeslim.studies.figures import axes
from edgeslim.studies.notes import Note, TrialNotes

Study = dict[str, Any]


def lines_of(study: Study) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(study_csv(of(study)))))


def test_csv_has_a_line_for_each_trial_with_its_measures(study: Study) -> None:
    front = of(study).front
    rows = lines_of(study)
    assert len(rows) == len(study["trials"])
    for row, trial in zip(rows, study["trials"], strict=True):
        assert int(row["number"]) == trial["number"]
        assert row["state"] == trial["state"]
        assert row["front"] == str(trial["number"] in front)
        assert json.loads(row["recipe"]) == trial["recipe"]
        if trial["sizes"]:
            assert int(row["download"]) == trial["sizes"]["download"]
            gap = trial["sizes"]["download"] - trial["sizes"]["entropy_bound"]
            assert int(row["entropy_gap"]) == gap
            assert float(row["entropy_gap_share"]) == gap / trial["sizes"]["entropy_bound"]
            assert float(row["mAP"]) == trial["accuracy"]["mAP"]
            assert float(row["mAP_low"]) == trial["accuracy"]["ci95"][0]
        else:
            assert row["download"] == row["mAP"] == ""
        assert row["error"] == (trial["error"] or {}).get("code", "")


def test_csv_has_every_figure_under_its_name_whatever_was_measured(study: Study) -> None:
    columns = list(lines_of(study)[0])
    names = [figure.name for figure in axes()]
    assert columns[:3] == ["number", "title", "state"]
    assert [name for name in columns if name in names] == names
    assert columns[-2:] == ["front", "recipe"]
    assert {"paired_delta_low", "agreement_high", "latency_ratio_low", "top1_low", "noisy"} <= set(columns)
    assert "download_low" not in columns


def test_stars_and_notes_are_told_in_both_documents(study: Study) -> None:
    notes = {3: TrialNotes(True, (Note("a", "for the demo", "2026"), Note("b", "=1+1", "2026")))}
    rows = list(csv.DictReader(io.StringIO(study_csv(of(study), notes))))
    assert (rows[3]["star"], rows[3]["notes"]) == ("True", "for the demo · =1+1")
    assert (rows[4]["star"], rows[4]["notes"]) == ("False", "")
    told = json.loads(study_json(of(study), notes))["notes"]
    assert list(told) == ["3"]
    assert (told["3"]["star"], told["3"]["notes"][0]["text"]) == (True, "for the demo")


def test_csv_of_some_trials_is_in_the_order_asked_for(study: Study) -> None:
    rows = list(csv.DictReader(io.StringIO(study_csv(of(study), numbers=(12, 3)))))
    assert [row["number"] for row in rows] == ["12", "3"]


def test_csv_holds_held_out_scores_where_there_are_any(study: Study) -> None:
    score = {
        "number": 3, "chosen": 0.62, "value": 0.61, "ci95": [0.5, 0.7], "paired_delta": -0.02, "paired_ci95": None,
        "optimism": 0.01, "optimism_ci95": None, "change_optimism": 0.004, "change_optimism_ci95": None,
    }  # fmt: skip
    held_out = {"metric": "mAP", "images": 90, "looks": 1, "optimism": None, "trials": [score]}
    rows = {int(row["number"]): row for row in lines_of({**study, "held_out": held_out})}
    named = ("held_out", "held_out_high", "held_out_change", "optimism_of_change")
    assert [float(rows[3][name]) for name in named] == [0.61, 0.7, -0.02, 0.004]
    assert rows[4]["held_out"] == ""


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@x", "\tx"])
def test_a_recipes_name_is_no_formula_in_a_spreadsheet(study: Study, name: str) -> None:
    study["trials"][0]["title"] = name
    assert lines_of(study)[0]["title"] == f"'{name}"


def test_json_is_the_study_and_what_follows_from_it(study: Study) -> None:
    told = json.loads(study_json(of({**study, "budget": {"download": 200_000}})))
    assert {key: told[key] for key in ("name", "state", "baseline", "objectives")} == {
        "name": study["name"],
        "state": study["state"],
        "baseline": study["baseline"],
        "objectives": ["accuracy", "download"],
    }
    assert told["front"] == of(study).front
    assert told["hypervolume"]["value"] > 0
    assert set(told["hypervolume"]["reference"]) == {"accuracy", "download"}
    assert isinstance(told["knee"], int)
    assert told["choice"]["pick"] is not None
    assert all("over_download" in told["choice"]["rejected"][str(number)] for number in (0, 1))
    assert set(told["certainty"]) == {"pairs", "noisy"}
    assert of(told) == of({**study, "budget": {"download": 200_000}}), "and it is read as the same study"


def test_the_table_marks_front_and_baseline_and_tells_errors_below(study: Study) -> None:
    front = of(study).front
    lines = study_table(of(study)).splitlines()
    numbers = {int(line[1:].split()[0]): line for line in lines[1 : len(study["trials"]) + 1]}
    assert {number for number, line in numbers.items() if line.startswith("*")} == set(front)
    if study["baseline"] not in front:
        assert numbers[study["baseline"]].startswith("o")
    failed = [trial for trial in study["trials"] if trial["error"]]
    assert [line.split(":")[0] for line in lines[len(study["trials"]) + 1 :]] == [
        str(t["number"]) for t in failed
    ]
    assert "66.7" in numbers[0]
    assert "1.18 MB" in numbers[0]
    for name in ("mAP", "paired delta (95 %)", "agreement", "download", "latency ratio", "macs"):
        assert f"  {name}" in lines[0]
    assert "top1" not in lines[0], "nothing was measured of it"


def test_columns_are_aligned() -> None:
    assert table([["a", 1], ["long", 22]], ["x", "y"]) == "x     y\na     1\nlong  22"


def test_a_trials_lines_tell_what_was_measured(study: Study) -> None:
    lines = dict(line.split("  ", 1) for line in trial_lines(of(study).trials[1]).splitlines())
    assert lines["download"].strip() == "587 KB"
    assert lines["gap to bound"].strip() == "15.6 KB (3 %)"
    assert lines["AP50"].strip() == "88.7"
    assert "…" in lines["mAP"]
    assert "…" in lines["paired delta"]
    assert "top1" not in lines
    assert "note" not in lines


def test_a_trial_whose_plain_session_differs_says_so(study: Study) -> None:
    study["trials"][1]["fidelity"]["plain_sqnr_db"] = 21.3
    assert "x64quantprecision set to 1" in trial_lines(of(study).trials[1])


def test_the_headline_is_told_once_whatever_it_is(study: Study) -> None:
    for trial in study["trials"]:
        if trial["fidelity"]:
            trial["primary_metric"], trial["accuracy"] = "agreement", None
    assert study_table(of(study)).splitlines()[0].split().count("agreement") == 1


def test_what_is_to_be_known_before_a_file_is_used_is_told(study: Study) -> None:
    study["trials"][1]["fidelity"]["plain_sqnr_db"] = 21.3
    read = of(study)
    words = "A plain onnxruntime session gives other outputs for this file where it was scored (21.3 dB)"
    assert study_table(read).splitlines()[-1].startswith(f"1: {words}")
    lines = dict(line.split("  ", 1) for line in trial_lines(read.trials[1]).splitlines())
    assert lines["note"].strip().startswith(words)
    assert "\nnote" not in trial_lines(read.trials[2])
