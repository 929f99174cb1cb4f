"""Stars and notes on trials. `sample`: of the published study, whose notes lie in the user's data folder."""

from __future__ import annotations

from edgeslim.artifacts.store import Store
from edgeslim.studies import notes
from edgeslim.studies.notes import TrialNotes, notes_path


def trial_notes(name: str, store: Store | None = None, *, sample: bool = False) -> dict[int, TrialNotes]:
    """By number of the trial, only those that have a star or notes. Raises StudyError if there is no such study."""
    return notes.read_notes(notes_path(store or Store(), name, sample=sample))


def notes_version(name: str, store: Store | None = None, *, sample: bool = False) -> str:
    """What differs once `trial_notes` does; nothing is read for it. Raises StudyError."""
    path = notes_path(store or Store(), name, sample=sample)
    try:
        found = path.stat()
    except FileNotFoundError:
        return f"{path}"
    return f"{path} {found.st_size} {found.st_mtime_ns}"


def star_trial(
    name: str, number: int, star: bool = True, store: Store | None = None, *, sample: bool = False
) -> None:
    """Give a trial a star, or take it away. Raises StudyError, StoreError."""
    notes.set_star(notes_path(store or Store(), name, sample=sample), number, star)


def note_trial(
    name: str, number: int, text: str, store: Store | None = None, *, sample: bool = False
) -> None:
    """Add a note to a trial. Raises StudyError, StoreError."""
    notes.add_note(notes_path(store or Store(), name, sample=sample), number, text)


def remove_note(
    name: str, number: int, key: str, store: Store | None = None, *, sample: bool = False
) -> None:
    """Remove one of a trial's notes. Raises StudyError, StoreError."""
    notes.remove_note(notes_path(store or Store(), name, sample=sample), number, key)
