"""`edgeslim learn …`: the course from a shell."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from edgeslim.artifacts.store import write_atomically
from edgeslim.cli.common import Arguments, add, clear_line, counted, show_line, tell
from edgeslim.cli.common import progress as progress_of
from edgeslim.lessons.base import Fact
from edgeslim.records import ProgressRecord
from edgeslim.report.text import table
from edgeslim.texts import LANGUAGES
from edgeslim.units import format_bytes, format_clock
from edgeslim.workbench import lessons


def add_commands(commands: Any) -> None:
    add(commands, "list", _list, "list the lessons, and what is not computed yet")
    command = add(commands, "prepare", _prepare, "compute everything that is missing, before a class")
    command.add_argument("lessons", nargs="*", metavar="LESSON", help="default: all")
    command = add(commands, "publish", _publish, "write a lesson's outcomes into the samples that ship")
    command.add_argument("lessons", nargs="+", metavar="LESSON")
    command = add(commands, "run", _run, "run an experiment at one setting of its controls")
    command.add_argument("lesson", metavar="LESSON")
    command.add_argument("experiment", metavar="EXPERIMENT")
    command.add_argument(
        "--set",
        dest="values",
        action="append",
        default=[],
        metavar="CONTROL=VALUE",
        help="default: as declared; can be given several times",
    )

    command = add(commands, "handout", _handout, "write a lesson as an HTML file to print")
    command.add_argument("lesson", metavar="LESSON")
    command.add_argument("--language", choices=list(LANGUAGES), default="en")
    command.add_argument("--out", type=Path, required=True, metavar="FILE")


def _list(given: Arguments) -> None:
    found = lessons.list_lessons(given.store)
    rows = [[one.name, one.minutes, one.experiments, one.settings, one.missing] for one in found]
    tell(given, found, lambda: table(rows, ["lesson", "minutes", "experiments", "settings", "missing"]))


def _prepare(given: Arguments) -> None:
    began = time.monotonic()
    count = lessons.prepare_lessons(tuple(given.lessons), given.store, _Remaining())
    clear_line()
    seconds = round(time.monotonic() - began, 1)
    told = {"computed": count, "seconds": seconds}
    tell(given, told, lambda: f"{count} outcomes computed in {format_clock(seconds)}")


def _publish(given: Arguments) -> None:
    paths = [str(lessons.publish_lesson(name, given.store)) for name in given.lessons]
    tell(given, paths, lambda: "\n".join(paths))


def _run(given: Arguments) -> None:
    values = dict(each.partition("=")[::2] for each in given.values)
    found = lessons.run_setting(given.lesson, given.experiment, values, given.store, progress_of(given))
    rows = [[name, f"{fact.value:g}", fact.unit, _interval(fact)] for name, fact in found.facts.items()]
    if found.answer:
        rows.append(["answer", found.answer, "", ""])
    tell(given, found, lambda: table(rows, ["fact", "value", "unit", "95 %"]))


def _handout(given: Arguments) -> None:
    content = lessons.handout(given.lesson, given.language, given.store).encode()
    write_atomically(given.out, content)
    tell(
        given,
        {"path": str(given.out), "bytes": len(content)},
        lambda: f"{given.out}: {format_bytes(len(content))}",
    )


def _interval(fact: Fact) -> str:
    return "" if fact.low is None or fact.high is None else f"{fact.low:g} … {fact.high:g}"


class _Remaining:
    """Progress that adds, to how many outcomes are done, the time left by what they have taken."""

    def __init__(self) -> None:
        self._began, self._prefix = time.monotonic(), ""

    def __call__(self, message: str, done: int, total: int, who: str = "") -> None:
        if message != "preparing_lessons":
            if self._prefix:
                show_line(f"{self._prefix} · {counted(ProgressRecord(message, done, total, who))}")
            return
        left = (time.monotonic() - self._began) / done * (total - done) if done else None
        self._prefix = f"{counted(ProgressRecord(message, done, total))}"
        if left is not None:
            self._prefix += f", {format_clock(left)} left"
        show_line(self._prefix)
