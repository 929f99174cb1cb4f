"""Reading a room. What was read is kept in this process while the room's version is the same."""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict, defaultdict
from hmac import compare_digest
from threading import Lock
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection, Row

from edgeslim.artifacts.store import Store
from edgeslim.errors import RoomError
from edgeslim.records import RecipeRecord, decoded, shared
from edgeslim.rooms.database import ANSWERS, ENTRIES, LEAGUES, PEOPLE, PHASES, ROOMS, reading, url_of
from edgeslim.rooms.room import Entry, Given, League, Person, Phase, Place, Presence, Room

KEPT = 64
"""Rooms in memory."""
_KEPT: OrderedDict[tuple[str, str], Room] = OrderedDict()
_locks: defaultdict[int, Lock] = defaultdict(Lock)
"""So that a class which looks at the same moment reads a room once."""
_keeping = Lock()
_STAMP = select(ROOMS.c.created, ROOMS.c.version, ROOMS.c.expires)


def look(store: Store, code: str) -> Room:
    """The room as it is now. Raises RoomError (no_room), StoreError."""
    found = _fresh(store, code)
    if found is None:
        with _locks[hash(code) % KEPT]:
            found = _fresh(store, code) or _keep(store, _read(store, code))
    return found


def presence(store: Store, code: str) -> dict[int, Presence]:
    """By number of the person. Raises StoreError."""
    wanted = select(PEOPLE.c.number, PEOPLE.c.seen, PEOPLE.c.lesson, PEOPLE.c.experiment)
    with reading(store) as connection:
        rows = connection.execute(wanted.where(PEOPLE.c.room == code)).all()
    return {row.number: Presence(seen=row.seen, place=_place(row)) for row in rows}


def person_of(room: Room, token: str) -> Person | None:
    """Who holds the token, unless removed."""
    number = room.tokens.get(hashed(token)) if token else None
    return None if number is None else room.person(number)


def was_removed(room: Room, token: str) -> bool:
    """Whether the token is one of somebody who was removed."""
    return hashed(token) in room.tokens and person_of(room, token) is None


def is_teacher(room: Room, token: str) -> bool:
    return compare_digest(room.teacher, hashed(token))


def require_teacher(room: Room | Row[*tuple[Any, ...]], token: str) -> None:
    """Raises RoomError (not_teacher)."""
    if not compare_digest(room.teacher, hashed(token)):
        raise RoomError("not_teacher")


def hashed(token: str) -> str:
    """Tokens have 24 random bytes: a plain hash of one tells nothing of it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _fresh(store: Store, code: str) -> Room | None:
    """The kept room, if it is the newest. Raises RoomError, StoreError."""
    with reading(store) as connection:
        stamp = connection.execute(_STAMP.where(ROOMS.c.code == code)).first()
    if stamp is None or stamp.expires <= time.time():
        raise RoomError("no_room", room=code)
    kept = _KEPT.get((url_of(store), code))
    same = kept is not None and (kept.created, kept.version) == (stamp.created, stamp.version)
    return kept if same else None


def _keep(store: Store, room: Room) -> Room:
    with _keeping:
        _KEPT[url_of(store), room.code] = room
        _KEPT.move_to_end((url_of(store), room.code))
        while len(_KEPT) > KEPT:
            _KEPT.popitem(last=False)
    return room


def _read(store: Store, code: str) -> Room:
    with reading(store) as connection:
        row = connection.execute(ROOMS.select().where(ROOMS.c.code == code)).first()
        if row is None:
            raise RoomError("no_room", room=code)
        everybody = connection.execute(
            PEOPLE.select().where(PEOPLE.c.room == code).order_by(PEOPLE.c.number)
        ).all()
        return Room(
            **shared(Room, row),
            place=_place(row),
            phases=_phases(connection, code),
            everybody=tuple(Person(**shared(Person, each)) for each in everybody),
            given=_given(connection, code),
            tokens={each.token: each.number for each in everybody},
            league=_league(connection, code),
        )


def _league(connection: Connection, code: str) -> League | None:
    row = connection.execute(LEAGUES.select().where(LEAGUES.c.room == code)).first()
    if row is None:
        return None
    entered = connection.execute(
        ENTRIES.select().where(ENTRIES.c.room == code).order_by(ENTRIES.c.number)
    ).all()
    entries = tuple(
        Entry(**shared(Entry, each) | {"recipe": decoded(RecipeRecord, json.loads(each.recipe))})
        for each in entered
    )
    return League(**shared(League, row), entries=entries)


def _phases(connection: Connection, code: str) -> dict[Place, Phase]:
    rows = connection.execute(PHASES.select().where(PHASES.c.room == code)).all()
    return {Place(row.lesson, row.experiment): row.phase for row in rows}


def _given(connection: Connection, code: str) -> dict[tuple[Place, int], dict[int, Given]]:
    found: dict[tuple[Place, int], dict[int, Given]] = {}
    for row in connection.execute(ANSWERS.select().where(ANSWERS.c.room == code)).all():
        value = json.loads(row.value)
        answers = found.setdefault((Place(row.lesson, row.experiment), row.round), {})
        answers[row.person] = Given(
            value=tuple(value) if isinstance(value, list) else value, when=row.given, alone=row.alone
        )
    return found


def _place(row: Row[*tuple[Any, ...]]) -> Place | None:
    return None if row.lesson is None else Place(row.lesson, row.experiment)
