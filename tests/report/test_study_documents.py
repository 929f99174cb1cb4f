"""A study as CSV, JSON and plain text."""

from __future__ import annotations

import csv
import io
import json

import pytest

from edgeslim.report.document import look_up, study_csv, study_json
from edgeslim.report.text import study_table, table, trial_lines


def test_csv_has_a_line_for_each_trial_with_its_measures(study):
    rows = list(csv.DictReader(io.StringIO(study_csv(study))))
    assert len(rows) == len(study["trials"])
    for row, trial in zip(rows, study["trials"], strict=True):
        assert int(row["number"]) == trial["number"]
        assert row["state"] == trial["state"]
        assert row["front"] == str(trial["number"] in study["front"])
        assert json.loads(row["recipe"]) == trial["recipe"]
        if trial["sizes"]:
            assert int(row["download_bytes"]) == trial["sizes"]["download"]
            gap = trial["sizes"]["download"] - trial["sizes"]["entropy_bound"]
            assert int(row["entropy_gap_bytes"]) == gap
            assert float(row["entropy_gap_share"]) == gap / trial["sizes"]["entropy_bound"]
            assert float(row["mAP"]) == trial["accuracy"]["mAP"]
            assert float(row["ci95_low"]) == trial["accuracy"]["ci95"][0]
        else:
            assert row["download_bytes"] == row["mAP"] == ""
        assert row["error"] == (trial["error"] or {}).get("code", "")


def test_csv_holds_held_out_scores_where_there_are_any(study):
    claim = {"number": 3, "value": 0.61, "ci95": [0.5, 0.7], "paired_delta": -0.02, "change_optimism": 0.004}
    held_out = {"metric": "mAP", "images": 90, "looks": 1, "optimism": None, "trials": [claim]}
    rows = {
        int(row["number"]): row
        for row in csv.DictReader(io.StringIO(study_csv({**study, "held_out": held_out})))
    }
    named = ("held_out", "held_out_ci95_high", "held_out_change", "optimism_of_change")
    assert [float(rows[3][name]) for name in named] == [0.61, 0.7, -0.02, 0.004]
    assert rows[4]["held_out"] == ""


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@x", "\tx"])
def test_a_recipes_name_is_no_formula_in_a_spreadsheet(study, name):
    study["trials"][0]["title"] = name
    assert next(csv.DictReader(io.StringIO(study_csv(study))))["title"] == f"'{name}"


def test_json_is_the_study(study):
    assert json.loads(study_json(study)) == study


def test_the_table_marks_front_and_baseline_and_tells_errors_below(study):
    lines = study_table(study).splitlines()
    numbers = {int(line[1:].split()[0]): line for line in lines[1 : len(study["trials"]) + 1]}
    assert {number for number, line in numbers.items() if line.startswith("*")} == set(study["front"])
    if study["baseline"] not in study["front"]:
        assert numbers[study["baseline"]].startswith("o")
    failed = [trial for trial in study["trials"] if trial["error"]]
    assert [line.split(":")[0] for line in lines[len(study["trials"]) + 1 :]] == [
        str(t["number"]) for t in failed
    ]
    assert "66.7" in numbers[0]
    assert "1.18 MB" in numbers[0]


def test_columns_are_aligned():
    assert table([["a", 1], ["long", 22]], ["x", "y"]) == "x     y\na     1\nlong  22"


def test_a_trials_lines_tell_what_was_measured(study):
    lines = dict(line.split("  ", 1) for line in trial_lines(study["trials"][1]).splitlines())
    assert lines["download"].strip() == "587 KB"
    assert lines["gap to bound"].strip() == "15.6 KB (3 %)"
    assert lines["AP50"].strip() == "88.7"
    assert "against original" in lines


def test_look_up_finds_nothing_where_nothing_was_measured(study):
    assert look_up(study["trials"][0], "accuracy.ci95.1") == 0.6851
    assert look_up({"accuracy": None}, "accuracy.ci95.1") is None
    assert look_up({"accuracy": {"ci95": None}}, "accuracy.ci95.1") is None
