"""`report`: a study as a document to take home; `study choose`: the file to take."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.artifacts.store import write_atomically
from edgeslim.cli.common import Arguments, add, progress, tell
from edgeslim.cli.search import read_budget
from edgeslim.report.choice import choice_lines
from edgeslim.report.findings import recommended
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import choose
from edgeslim.studies.study import StudyResult
from edgeslim.texts import LANGUAGES
from edgeslim.units import format_bytes


def add_commands(commands: Any) -> None:
    command = add(commands, "report", _report, "write a study as one HTML file to read anywhere and to print")
    command.add_argument(
        "name", metavar="STUDY", help="a study, or 'sample', the one that comes with EdgeSlim"
    )
    command.add_argument("--out", type=Path, required=True, metavar="FILE.html", help="where to")
    command.add_argument("--language", choices=list(LANGUAGES), default="en")
    command.add_argument(
        "--trial", type=int, metavar="N", help="tell about this trial (default: the one to take)"
    )
    add_choosing(command)
    command.add_argument("--short", action="store_true", help="one page")


def _report(given: Arguments) -> None:
    name: str = given.name
    study = workbench.shown_study(name, given.store, own_timing=given.own_timing)
    settings = workbench.ReportSettings(
        language=given.language,
        budget=chosen_budget(given, study),
        trial=given.trial,
        short=given.short,
        own_timing=given.own_timing,
    )
    text = workbench.make_report(study, settings, given.store, progress=progress(given))
    content = text.encode()
    write_atomically(given.out, content)
    told = {"path": str(given.out), "bytes": len(content)}
    tell(given, told, lambda: f"{given.out}: {format_bytes(len(content))}")


def add_choose(commands: Any) -> None:
    """`study choose`."""
    command = add(commands, "choose", _choose, "say which file to take under limits, and why")
    command.add_argument(
        "name", metavar="NAME", help="a study, or 'sample', the one that comes with EdgeSlim"
    )
    add_choosing(command)


def _choose(given: Arguments) -> None:
    study = workbench.shown_study(given.name, given.store, own_timing=given.own_timing)
    budget = chosen_budget(given, study)
    found = choose(study, budget) if budget else {"recommended": recommended(study)}
    tell(given, found, lambda: choice_lines(replace(study, budget=budget), search=False).rstrip())


def add_choosing(command: argparse.ArgumentParser) -> None:
    """Let the command ask under which limits a file is chosen, and by whose latencies."""
    limits = command.add_mutually_exclusive_group()
    limits.add_argument(
        "--budget",
        action="append",
        metavar="LIMIT",
        help="choose under this limit, such as download=150KB or loss=1; may be repeated (default: the study's own)",
    )
    limits.add_argument("--no-budget", action="store_true", help="choose without limits")
    command.add_argument(
        "--own-timing",
        action="store_true",
        help="by the study's own latencies, though it was timed on this machine too",
    )


def chosen_budget(given: Arguments, study: StudyResult) -> Budget:
    """The limits that were asked for, else the study's own. Raises StudyError."""
    if given.no_budget:
        return Budget()
    return read_budget(given.budget) if given.budget else study.budget
