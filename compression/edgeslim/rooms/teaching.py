"""What a teacher does with a room. All but opening one wants the teacher's token."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Row

from edgeslim.artifacts.store import Store
from edgeslim.errors import RoomError
from edgeslim.rooms import limits
from edgeslim.rooms.database import PEOPLE, PHASES, ROOMS, changing, writing
from edgeslim.rooms.looking import hashed, require_teacher
from edgeslim.rooms.room import Pace, Phase, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new room: its code, and the token that makes its holder the teacher. The room itself keeps a hash alone."""

    code: str
    teacher: str = field(repr=False)


def open_room(store: Store, *, rehearsal: bool = False) -> Opened:
    """A new, empty room; one to rehearse in expires after an hour. Raises RoomError (too_many_rooms), StoreError."""
    now, token = time.time(), secrets.token_urlsafe(24)
    with writing(store) as connection:
        connection.execute(ROOMS.delete().where(ROOMS.c.expires <= now))
        there = select(func.count()).select_from(ROOMS).where(ROOMS.c.rehearsal == rehearsal)
        if connection.execute(there).scalar_one() >= (limits.REHEARSALS if rehearsal else limits.ROOMS):
            raise RoomError("too_many_rooms")
        code = _new_code(connection)
        values = {
            "code": code,
            "created": now,
            "expires": now + (limits.REHEARSING if rehearsal else limits.OPEN),
            "version": 1,
            "teacher": hashed(token),
            "rehearsal": rehearsal,
            "frozen": False,
            "ended": False,
            "pace": "together",
        }
        connection.execute(ROOMS.insert().values(values))
    return Opened(code=code, teacher=token)


def step(store: Store, code: str, teacher: str, place: Place, phase: Phase) -> None:
    """Bring everybody to a place and a phase of it. Once revealed, a place stays so.

    Raises RoomError (no_room, room_ended, not_teacher, no_place, room_revealed), StoreError.
    """
    if place.declared is None or place.declared.predicts is None:
        raise RoomError("no_place")
    with _teaching(store, code, teacher) as (connection, _):
        key = {"room": code, "lesson": place.lesson, "experiment": place.experiment}
        now = connection.execute(select(PHASES.c.phase).filter_by(**key)).scalar()
        if now == "revealed" and phase != "revealed":
            raise RoomError("room_revealed")
        if now is None:
            connection.execute(PHASES.insert().values(**key, phase=phase))
        else:
            connection.execute(PHASES.update().filter_by(**key).values(phase=phase))
        _set(connection, code, lesson=place.lesson, experiment=place.experiment)


def set_pace(store: Store, code: str, teacher: str, pace: Pace) -> None:
    """Raises RoomError, StoreError."""
    with _teaching(store, code, teacher) as (connection, _):
        _set(connection, code, pace=pace)


def freeze(store: Store, code: str, teacher: str, frozen: bool = True) -> None:
    """While a room is frozen nobody can join it or answer in it. Raises RoomError, StoreError."""
    with _teaching(store, code, teacher) as (connection, _):
        _set(connection, code, frozen=frozen)


def remove(store: Store, code: str, teacher: str, number: int) -> None:
    """Take somebody out: the name and the token stay out, the answers no longer count. Raises RoomError, StoreError."""
    with _teaching(store, code, teacher) as (connection, _):
        connection.execute(PEOPLE.update().filter_by(room=code, number=number).values(removed=True))


def end(store: Store, code: str, teacher: str) -> None:
    """Nothing changes in the room from now on; it can be looked at until it expires. Raises RoomError, StoreError."""
    with _teaching(store, code, teacher) as (connection, _):
        _set(connection, code, ended=True)


@contextmanager
def _teaching(store: Store, code: str, teacher: str) -> Iterator[tuple[Connection, Row[*tuple[Any, ...]]]]:
    with changing(store, code) as (connection, row):
        require_teacher(row, teacher)
        yield connection, row


def _set(connection: Connection, code: str, **values: object) -> None:
    connection.execute(ROOMS.update().filter_by(code=code).values(**values))


def _new_code(connection: Connection) -> str:
    while True:
        code = "".join(secrets.choice(limits.ALPHABET) for _ in range(limits.CODE))
        if connection.execute(select(ROOMS.c.code).filter_by(code=code)).first() is None:
            return code
