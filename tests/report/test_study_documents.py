"""A study as CSV, JSON and plain text."""

from __future__ import annotations

import csv
import io
import json

import pytest

from compression.report.document import look_up, study_csv, study_json
from compression.report.text import study_table, table, trial_lines


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
            assert float(row["mAP"]) == trial["accuracy"]["mAP"]
            assert float(row["ci95_low"]) == trial["accuracy"]["ci95"][0]
        else:
            assert row["download_bytes"] == row["mAP"] == ""
        assert row["error"] == (trial["error"] or {}).get("code", "")


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
    assert lines["AP50"].strip() == "88.7"
    assert "against original" in lines


def test_look_up_finds_nothing_where_nothing_was_measured(study):
    assert look_up(study["trials"][0], "accuracy.ci95.1") == 0.6851
    assert look_up({"accuracy": None}, "accuracy.ci95.1") is None
    assert look_up({"accuracy": {"ci95": None}}, "accuracy.ci95.1") is None
