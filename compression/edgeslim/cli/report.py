"""`report`: a study as a document to take home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.artifacts.store import write_atomically
from edgeslim.cli.common import Arguments, add, progress, tell
from edgeslim.cli.search import read_budget
from edgeslim.studies.budget import Budget
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
    limits = command.add_mutually_exclusive_group()
    limits.add_argument(
        "--budget",
        action="append",
        metavar="LIMIT",
        help="choose under this limit, such as download=150KB or loss=1; may be repeated (default: the study's own)",
    )
    limits.add_argument("--no-budget", action="store_true", help="choose without limits")
    command.add_argument("--short", action="store_true", help="one page")
    command.add_argument(
        "--own-timing",
        action="store_true",
        help="the study's own latencies, though it was timed on this machine too",
    )


def _report(given: Arguments) -> None:
    study, plan, sample = workbench.reported_study(given.name, given.store, own_timing=given.own_timing)
    budget = Budget() if given.no_budget else study.budget
    settings = workbench.ReportSettings(
        language=given.language,
        budget=read_budget(given.budget) if given.budget else budget,
        trial=given.trial,
        short=given.short,
    )
    text = workbench.make_report(study, plan, settings, given.store, sample=sample, progress=progress(given))
    content = text.encode()
    write_atomically(given.out, content)
    told = {"path": str(given.out), "bytes": len(content)}
    tell(given, told, lambda: f"{given.out}: {format_bytes(len(content))}")
