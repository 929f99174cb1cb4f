"""`study star` and `study note`: what people say of a study's trials."""

from __future__ import annotations

from typing import Any

from edgeslim import workbench
from edgeslim.cli.common import Arguments, add, tell
from edgeslim.studies.notes import TrialNotes


def add_note_commands(commands: Any) -> None:
    command = add(commands, "star", _star, "give a trial a star")
    command.add_argument("name", metavar="NAME")
    command.add_argument("number", type=int, metavar="N", help="number of the trial")
    command.add_argument("--off", action="store_true", help="take the star away")
    command = add(commands, "note", _note, "add a note to a trial")
    command.add_argument("name", metavar="NAME")
    command.add_argument("number", type=int, metavar="N", help="number of the trial")
    command.add_argument("text", metavar="TEXT")


def note_lines(notes: dict[int, TrialNotes]) -> str:
    """A line for each trial that has a star or notes: '★ 12: for the demo'; nothing without any."""
    return "".join(f"{'★' if each.star else ' '} {number}: {each.text}\n" for number, each in notes.items())


def _star(given: Arguments) -> None:
    workbench.trial_of(workbench.study_result(given.name, given.store), given.number)
    workbench.star_trial(given.name, given.number, not given.off, given.store)
    _tell(given)


def _note(given: Arguments) -> None:
    workbench.trial_of(workbench.study_result(given.name, given.store), given.number)
    workbench.note_trial(given.name, given.number, given.text, given.store)
    _tell(given)


def _tell(given: Arguments) -> None:
    found = workbench.trial_notes(given.name, given.store)
    tell(given, found, lambda: note_lines(found).rstrip("\n"))
