"""What somebody does who has joined a room."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from edgeslim.artifacts.store import Store
from edgeslim.errors import RoomError
from edgeslim.lessons.base import Experiment
from edgeslim.lessons.predictions import Answer, Curve, checked
from edgeslim.rooms import limits
from edgeslim.rooms.database import ANSWERS, PEOPLE, PHASES, changing, writing
from edgeslim.rooms.looking import hashed
from edgeslim.rooms.room import ROUNDS, Phase, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Somebody new: who holds the token is that person. The room itself keeps a hash alone."""

    number: int
    name: str
    token: str = field(repr=False)


def join(store: Store, code: str, name: str) -> Joined:
    """Join by a name that nobody in the room has or had.

    Raises RoomError (no_room, room_ended, room_frozen, room_full, room_name, name_taken), StoreError.
    """
    shown, token, now = limits.read_name(name), secrets.token_urlsafe(24), time.time()
    with changing(store, code) as (connection, room):
        not_frozen(room)
        there = select(func.count()).select_from(PEOPLE).filter_by(room=code)
        if connection.execute(there).scalar_one() >= limits.PEOPLE:
            raise RoomError("room_full", most=limits.PEOPLE)
        values = {"room": code, "name": shown, "name_key": limits.name_key(shown), "token": hashed(token)}
        try:
            done = connection.execute(PEOPLE.insert().values(**values, joined=now, seen=now, removed=False))
        except IntegrityError as error:
            raise RoomError("name_taken") from error
        number = done.inserted_primary_key[0] if done.inserted_primary_key else 0
    return Joined(number=number, name=shown, token=token)


def answer(store: Store, code: str, token: str, place: Place, value: object) -> Answer:
    """Give or change an answer, in the round that is open; alone, at one's own pace, it is given once.

    Raises RoomError (no_room, room_ended, room_frozen, not_joined, no_place, not_open, answered_alone),
    EdgeSlimError (bad_answer), StoreError.
    """
    experiment = place.declared
    if experiment is None or experiment.predicts is None:
        raise RoomError("no_place")
    given = checked(experiment.predicts, value, _heights(experiment))
    with changing(store, code) as (connection, room):
        not_frozen(room)
        person = member(connection, code, token)
        phase = connection.execute(select(PHASES.c.phase).filter_by(room=code, **_key(place))).scalar()
        former = connection.execute(
            select(ANSWERS.c.round, ANSWERS.c.alone).filter_by(person=person, **_key(place))
        ).all()
        alone = room.pace == "free"
        if any(each.alone for each in former) or (alone and former):
            raise RoomError("answered_alone")
        if alone:
            round_ = 1 if phase != "revealed" else None
        else:
            round_ = (
                ROUNDS.get(cast(Phase, phase)) if (room.lesson, room.experiment) == _pair(place) else None
            )
        if round_ is None:
            raise RoomError("not_open")
        kept = {"value": json.dumps(given), "given": time.time(), "alone": alone}
        key = {"person": person, **_key(place), "round": round_}
        if round_ in [each.round for each in former]:
            connection.execute(ANSWERS.update().filter_by(**key).values(**kept))
        else:
            connection.execute(ANSWERS.insert().values(room=code, **key, **kept))
    return given


def seen(store: Store, code: str, number: int, place: Place | None = None) -> None:
    """Somebody is here, at a place of their own or where the class is. The room's version stays. Raises StoreError."""
    where = {"lesson": place and place.lesson, "experiment": place and place.experiment}
    with writing(store) as connection:
        connection.execute(
            PEOPLE.update().filter_by(room=code, number=number).values(seen=time.time(), **where)
        )


def member(connection: Connection, code: str, token: str) -> int:
    """The number of who holds the token. Raises RoomError (not_joined)."""
    wanted = select(PEOPLE.c.number).filter_by(room=code, token=hashed(token), removed=False)
    number: int | None = connection.execute(wanted).scalar()
    if number is None:
        raise RoomError("not_joined")
    return number


def not_frozen(room: Row[*tuple[Any, ...]]) -> None:
    """Raises RoomError (room_frozen)."""
    if room.frozen:
        raise RoomError("room_frozen")


def _heights(experiment: type[Experiment]) -> int:
    predicted = experiment.predicts
    return len(experiment.along(predicted.along)) if isinstance(predicted, Curve) else 1


def _pair(place: Place) -> tuple[str, str]:
    return place.lesson, place.experiment


def _key(place: Place) -> dict[str, str]:
    return {"lesson": place.lesson, "experiment": place.experiment}
