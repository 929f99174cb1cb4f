"""Stars and notes on a study's trials: one file beside the trials, which no result depends on.

Every change is one appended line, so that people who write at once lose nothing: a note is added or removed, never
rewritten.
"""

from __future__ import annotations

import datetime
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import ValidationError

from edgeslim.artifacts.store import PATIENCE, Store, as_store_error, locked
from edgeslim.errors import StudyError
from edgeslim.records import decoded, encoded
from edgeslim.studies.folders import study_folder

NOTES = "notes.log"
LONGEST = 500
"""Characters of a note."""


@dataclass(frozen=True, slots=True)
class Note:
    """`key` distinguishes it from all others; `written` is ISO 8601, UTC."""

    key: str
    text: str
    written: str


@dataclass(frozen=True, slots=True)
class TrialNotes:
    """What people have said of one trial."""

    star: bool = False
    notes: tuple[Note, ...] = ()

    @property
    def text(self) -> str:
        """All notes in one line."""
        return " · ".join(note.text for note in self.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A change: one of `star`, `note` and `removed` (the note's key)."""

    trial: int
    star: bool | None = None
    note: Note | None = None
    removed: str | None = None


@dataclass(slots=True)
class _Found:
    star: bool = False
    notes: dict[str, Note] = field(default_factory=dict)


def notes_path(store: Store, name: str, *, sample: bool) -> Path:
    """Where the study's stars and notes lie; the published sample's in the user's own data folder.

    Raises StudyError if there is no such study.
    """
    if sample:
        return store.root / "studies" / ".sample" / NOTES
    folder = study_folder(store, name)
    if not folder.exists():
        raise StudyError("no_study", name=name)
    return folder / NOTES


def read_notes(path: Path) -> dict[int, TrialNotes]:
    """By number of the trial; what a power failure left of a line is passed over."""
    found: dict[int, _Found] = {}
    for content in path.read_bytes().splitlines() if path.exists() else ():
        try:
            line = decoded(_Line, json.loads(content))
        except (ValueError, ValidationError):
            continue
        known = found.setdefault(line.trial, _Found())
        if line.star is not None:
            known.star = line.star
        if line.note is not None:
            known.notes[line.note.key] = line.note
        if line.removed is not None:
            known.notes.pop(line.removed, None)
    told = {number: TrialNotes(known.star, tuple(known.notes.values())) for number, known in found.items()}
    return {number: notes for number, notes in sorted(told.items()) if notes != TrialNotes()}


def set_star(path: Path, trial: int, star: bool) -> None:
    """Raises StoreError."""
    _append(path, _Line(trial=trial, star=star))


def add_note(path: Path, trial: int, text: str) -> None:
    """Raises StudyError (note_text) for a text that is empty or too long, StoreError."""
    text = " ".join(text.split())
    if not 0 < len(text) <= LONGEST:
        raise StudyError("note_text", longest=LONGEST, length=len(text))
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    _append(path, _Line(trial=trial, note=Note(secrets.token_hex(8), text, now)))


def remove_note(path: Path, trial: int, key: str) -> None:
    """Raises StoreError."""
    _append(path, _Line(trial=trial, removed=key))


def _append(path: Path, line: _Line) -> None:
    told = {name: value for name, value in encoded(line).items() if value is not None}
    with locked(path.with_suffix(".lock"), PATIENCE):
        try:
            with path.open("a+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 1))
                torn = file.read(1) not in (b"", b"\n")
                file.write(b"\n" * torn + json.dumps(told).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise as_store_error(path, error) from error
