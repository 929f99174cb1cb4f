"""`study …` in the shell, with the real processes behind it."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.cli.main import main

ROOT = Path(__file__).parents[2]


def arguments(case: Any, *recipes: dict[str, Any]) -> list[str]:
    file = case.pictures.parent / "recipes.json"
    file.write_text(json.dumps([{"steps": [{"step": "act", **recipe}]} for recipe in recipes]))
    data = ["--model", str(case.model), "--data", str(case.pictures), "--recipes", str(file)]
    return ["study", "run", *data, "--name", "s", "--store", str(case.store.root)]


def test_a_study_runs_in_the_foreground_and_is_shown_listed_and_exported(case, capsys, tmp_path):
    store = ["--store", str(case.store.root)]
    assert main([*arguments(case, {"change": 1.0}, {"change": 2.0, "what": "infeasible"}), "--json"]) == 0
    study = json.loads(capsys.readouterr().out)
    assert [trial["state"] for trial in study["trials"]] == ["complete", "complete", "infeasible"]
    assert main(["study", "list", *store]) == 0
    assert "s     complete  linear" in capsys.readouterr().out
    assert main(["study", "show", "s", *store]) == 0
    shown = capsys.readouterr().out
    assert "error.too_much; limit: 3" in shown
    assert main(["study", "export", "s", "--csv", *store]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["state"] for row in rows] == ["complete", "complete", "infeasible"]
    assert int(rows[1]["download"]) == study["trials"][1]["sizes"]["download"]
    assert rows[2]["error"] == "too_much"
    assert main(["study", "export", "s", "--to", str(tmp_path / "study.json"), *store]) == 0
    assert json.loads((tmp_path / "study.json").read_text()) == study
    assert (
        main(["study", "star", "s", "1", *store]) == main(["study", "note", "s", "1", "the one", *store]) == 0
    )
    capsys.readouterr()
    assert main(["study", "show", "s", *store]) == 0
    assert "★ 1: the one\n" in capsys.readouterr().out
    assert main(["study", "star", "s", "9", *store]) == 2
    assert "has no trial 9" in capsys.readouterr().err
    assert main(["study", "check", "s", *store]) == 0
    assert main(["study", "publish", "s", "--to", str(tmp_path / "published"), *store]) == 0
    assert main(["study", "delete", "s", *store]) == 0
    capsys.readouterr()
    assert main(["study", "list", "--json", *store]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_failed_recipes_are_told_each_in_a_line_and_the_exit_code_says_so(case, capsys):
    assert main(arguments(case, {"change": 1.0, "what": "raise"})) == 1
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert [line[:6] for line in lines[:2]] == ["[1/2] ", "[2/2] "]
    assert sum("failed, Something unexpected happened" in line for line in lines[:2]) == 1
    assert "1: Something unexpected happened: RuntimeError: a defect." in told.out
    assert "Traceback" not in told.out + told.err


def test_a_study_that_cannot_go_on_is_exit_code_2(case, capsys):
    for picture in list(case.pictures.iterdir()):
        picture.rename(picture.with_name("broken.png")).write_bytes(b"broken")
    assert main(arguments(case, {"change": 1.0})) == 2
    told = capsys.readouterr()
    assert told.err.startswith("error: ")
    assert "broken.png" in told.err


def test_ctrl_c_cancels_the_study(case):
    # A shell starts background jobs deaf to Ctrl-C, and they pass that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command = [
        sys.executable,
        "-m",
        "edgeslim",
        *arguments(case, {"change": 1.0, "what": "sleep", "seconds": 60.0}),
    ]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=os.environ) as shell:
        case.wait(lambda: case.ran() == [1.0], "the step")
        shell.send_signal(signal.SIGINT)
        assert shell.stderr is not None
        assert "study resume s" in shell.stderr.read()
    assert shell.returncode == 130
    assert workbench.study_status("s", case.store).state == "cancelled"


def test_pausing_from_another_shell_ends_the_first_in_peace(case, capsys):
    pause = {"change": 1.0, "what": "sleep", "seconds": 3.0}
    command = [
        sys.executable,
        "-m",
        "edgeslim",
        *arguments(case, pause, {"change": 2.0}),
        "--workers",
        "1",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as shell:
        case.wait(lambda: case.ran() == [1.0], "the step")
        assert main(["study", "pause", "s", "--store", str(case.store.root)]) == 0
        assert shell.stdout is not None
        assert "edgeslim study resume s" in shell.stdout.read()
    assert shell.returncode == 0
    assert main(["study", "resume", "s", "--store", str(case.store.root)]) == 0
    assert "s: complete" in capsys.readouterr().out
    assert case.ran() == [1.0, 2.0]


def test_limits_for_a_trial_are_given_in_minutes_and_bytes(case, capsys):
    eat = {"change": 1.0, "what": "eat", "seconds": 60.0}
    hang = {"change": 2.0, "what": "hang", "seconds": 60.0, "once": True}
    limits = ["--trial-memory", "0.9GB", "--trial-minutes", "0.2", "--workers", "1"]
    assert main([*arguments(case, eat, hang), *limits]) == 1
    told = capsys.readouterr().out
    assert "1: This recipe needed more than 0.9 GB of memory and was stopped." in told
    assert "2: This recipe took longer than 0.2 minutes and was stopped." in told
    retry = ["study", "retry", "s", "--store", str(case.store.root), "--trial-minutes", "0.08"]
    assert main([*retry, "--trial-memory", "8GB"]) == 1
    told = capsys.readouterr().out
    assert "3: This recipe took longer than 0.08 minutes" in told, "of the first, which has the memory now"
    assert "GB of memory" not in told
    for wrong in (["--trial-memory", "much"], ["--trial-memory", "0"], ["--trial-minutes", "0"]):
        with pytest.raises(SystemExit):
            main([*arguments(case, eat), *wrong])
