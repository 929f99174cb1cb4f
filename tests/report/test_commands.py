"""What is copied from a screen gives what the screen shows."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.cli.main import _parser, main
from edgeslim.models.catalogue import SAMPLES
from edgeslim.report.commands import (
    ComparedFiles,
    choose_command,
    choose_python,
    errors_command,
    errors_python,
    report_command,
    run_command,
)
from edgeslim.report.settings import ReportSettings
from edgeslim.runtime import check_runtimes
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import choose
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan

BUDGETS = [
    Budget(),
    Budget.of(download=150_000, loss=0.015),
    Budget.of(latency_ratio=0.65, agreement=0.9, loss=0.007),
    Budget.of(macs=150_000_000, accuracy=0.655, file=400_000),
]


def told(command: str) -> Any:
    """What a command of ours prints as JSON."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["--json", *shlex.split(command)[1:]]) == 0
    return json.loads(out.getvalue())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGESLIM_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: " ".join(budget.limits) or "none")
def test_a_copied_choice_gives_the_file_that_the_screen_names(budget: Budget) -> None:
    study, settings = workbench.shown_study("sample"), ReportSettings(budget=budget)
    said = told(choose_command("sample", settings))
    found: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(choose_python("sample", settings), found)
    if budget:
        choice = choose(study, budget)
        assert choice.pick is not None
        assert (said["pick"], said["runner_up"]) == (choice.pick, choice.runner_up)
        assert found["found"] == choice
    else:
        assert said["recommended"] == found["found"] == workbench.recommended_trial("sample") == 6


def test_a_copied_report_is_the_screens(home: Path) -> None:
    budget = Budget.of(download=60_000)
    study = workbench.shown_study("sample")
    # Trial 0 is the original: nothing is to be run for it.
    settings = ReportSettings(language="zh", budget=budget, trial=0, short=True)
    command = report_command("sample", settings).replace("sample-short.html", str(home / "report.html"))
    assert told(command)["path"] == str(home / "report.html")
    assert (home / "report.html").read_bytes() == workbench.make_report(study, settings).encode()


@pytest.mark.parametrize(
    ("plan", "search"),
    [
        (
            StudyPlan(model="digits-cnn", dataset="digits", preset="quick", seeds=2, limit=50, name="mine"),
            None,
        ),
        (
            StudyPlan(
                model="a model.onnx",
                dataset="digits",
                held_out=0.4,
                workers=1,
                objectives=("accuracy", "file"),
                budget=Budget.of(download=20_000, loss=0.01),
            ),
            SearchRun(sampler="tpe", minutes=2.5, trials=9, patience=4, multi_fidelity=False, seed=3),
        ),
    ],
    ids=["preset", "search"],
)
def test_a_copied_plan_starts_the_same_study(
    plan: StudyPlan, search: SearchRun | None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(SAMPLES / "digits-cnn.onnx", home / "a model.onnx")  # the shell reads what it was trained on
    monkeypatch.chdir(home)
    asked: list[Any] = []

    def start(*given: Any) -> str:
        asked.append(given)
        raise KeyboardInterrupt

    monkeypatch.setattr(workbench, "start_study", start)
    main(shlex.split(run_command(plan, search))[1:])
    started, recipes, searched = asked[0][:3]
    if search is not None:  # the shell's --minutes are those of both
        plan = replace(plan, minutes=search.minutes)
    started = replace(started, runtimes=check_runtimes(started.runtimes))
    assert (started, tuple(recipes), searched) == (plan, (), search)


def test_two_files_are_compared_by_commands_that_the_shell_takes() -> None:
    asked = ComparedFiles("a study", "m", "data/x.json", (0, 6), 0.3, held_out=0.25, limit=40)
    *saves, tell = errors_command(asked).splitlines()
    assert saves[1] == "edgeslim study save 'a study' 6 --to 'a study-6.onnx'"
    assert tell == (
        "edgeslim errors 'a study-0.onnx' 'a study-6.onnx' --model m --data data/x.json --threshold 0.3 "
        "--held-out 0.25 --limit 40"
    )
    given = _parser().parse_args(shlex.split(tell)[1:])
    assert (given.threshold, given.held_out, given.limit) == (0.3, 0.25, 40)
    code = errors_python(replace(asked, held_out=0.0, limit=None))
    assert "compare_errors('a study-0.onnx', 'a study-6.onnx', 'm', 'data/x.json', threshold=0.3)" in code
    compile(code, "copied", "exec")
