"""Rooms: opening and stepping through one (the teacher's token), joining and answering (a person's), and looking."""

from __future__ import annotations

from edgeslim.artifacts.store import Store
from edgeslim.lessons.predictions import Answer
from edgeslim.rooms import export, looking, taking_part, teaching
from edgeslim.rooms.limits import read_code
from edgeslim.rooms.looking import person_of, require_teacher, was_removed
from edgeslim.rooms.room import Pace, Phase, Place, Presence, Room
from edgeslim.rooms.taking_part import Joined
from edgeslim.rooms.teaching import Opened

__all__ = [
    "Joined", "Opened", "Room", "answer", "answers_csv", "end_room", "freeze", "join", "look", "open_room", "person_of",
    "presence", "read_code", "remove_person", "require_teacher", "seen", "set_pace", "step", "was_removed",
]  # fmt: skip


def open_room(store: Store | None = None, *, rehearsal: bool = False) -> Opened:
    """A new room; one to rehearse in expires after an hour. Raises RoomError, StoreError."""
    return teaching.open_room(store or Store(), rehearsal=rehearsal)


def look(code: str, store: Store | None = None) -> Room:
    """The room as it is now; unchanged it costs a look at one row. Raises RoomError (no_room), StoreError."""
    return looking.look(store or Store(), code)


def presence(code: str, store: Store | None = None) -> dict[int, Presence]:
    """When everybody was seen last, and where, by number of the person. Raises StoreError."""
    return looking.presence(store or Store(), code)


def step(code: str, teacher: str, place: Place, phase: Phase = "closed", store: Store | None = None) -> None:
    """Bring everybody to a place and a phase of it. Raises RoomError, StoreError."""
    teaching.step(store or Store(), code, teacher, place, phase)


def set_pace(code: str, teacher: str, pace: Pace, store: Store | None = None) -> None:
    """Step everyone through, or let them go. Raises RoomError, StoreError."""
    teaching.set_pace(store or Store(), code, teacher, pace)


def freeze(code: str, teacher: str, frozen: bool = True, store: Store | None = None) -> None:
    """Let nobody join or answer for now, or let them again. Raises RoomError, StoreError."""
    teaching.freeze(store or Store(), code, teacher, frozen)


def remove_person(code: str, teacher: str, number: int, store: Store | None = None) -> None:
    """Take somebody out of the room, for good. Raises RoomError, StoreError."""
    teaching.remove(store or Store(), code, teacher, number)


def answers_csv(code: str, teacher: str, store: Store | None = None) -> str:
    """All answers with the names of who gave them. Raises RoomError, StoreError."""
    room = look(code, store)
    looking.require_teacher(room, teacher)
    return export.answers_csv(room)


def end_room(code: str, teacher: str, store: Store | None = None) -> None:
    """Nothing changes any more; the room can be looked at until it expires. Raises RoomError, StoreError."""
    teaching.end(store or Store(), code, teacher)


def join(code: str, name: str, store: Store | None = None) -> Joined:
    """Join a room by a name that nobody else in it has. Raises RoomError, StoreError."""
    return taking_part.join(store or Store(), code, name)


def answer(code: str, token: str, place: Place, value: object, store: Store | None = None) -> Answer:
    """Give or change one's answer. Raises RoomError, EdgeSlimError (bad_answer), StoreError."""
    return taking_part.answer(store or Store(), code, token, place, value)


def seen(code: str, number: int, place: Place | None = None, store: Store | None = None) -> None:
    """Somebody is here; at a place of their own, or with the class. Raises StoreError."""
    taking_part.seen(store or Store(), code, number, place)
