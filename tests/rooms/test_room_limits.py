"""How many rooms there are, how long they stay, and how one is named."""

from __future__ import annotations

import re
import time

import pytest
import sqlalchemy
from class_of_students import Class, options

from edgeslim.artifacts.store import Store
from edgeslim.errors import RoomError
from edgeslim.rooms import database, limits
from edgeslim.rooms.teaching import open_room
from edgeslim.workbench import collect_garbage

A = options()[0]


def test_rooms_expire_with_all_that_is_in_them(
    store: Store, room: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearsal = Class(store, open_room(store, rehearsal=True))
    anna = rehearsal.join("Anna")
    rehearsal.step("predict")
    rehearsal.answer(anna, A)
    later = time.time() + limits.REHEARSING + 1
    monkeypatch.setattr(time, "time", lambda: later)
    for act in (rehearsal.now, lambda: rehearsal.join("Ben")):
        with pytest.raises(RoomError) as caught:
            act()
        assert caught.value.code == "no_room"
    assert room.now().people == (), "a class has a day"
    open_room(store)
    with database.reading(store) as connection:
        left = [
            connection.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(table)).scalar_one()
            for table in (database.ROOMS, database.PHASES, database.PEOPLE, database.ANSWERS)
        ]
    assert left == [2, 0, 0, 0]


def test_there_are_limits_on_rooms_and_people(
    store: Store, room: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROOMS", 2)
    monkeypatch.setattr(limits, "PEOPLE", 2)
    open_room(store)
    with pytest.raises(RoomError) as caught:
        open_room(store)
    assert caught.value.code == "too_many_rooms"
    open_room(store, rehearsal=True)
    room.join("Anna")
    room.join("Ben")
    with pytest.raises(RoomError) as caught:
        room.join("Cy")
    assert caught.value.code == "room_full"


def test_collecting_garbage_leaves_rooms_alone(room: Class) -> None:
    room.join("Anna")
    collect_garbage(max_bytes=0, store=room.store)
    database.close()
    assert [person.name for person in room.now().people] == ["Anna"]


def test_a_code_has_six_characters_that_cannot_be_mistaken(room: Class) -> None:
    assert re.fullmatch("[2346789A-HJKMNP-RT-Z]{6}", room.code)
    typed = f" {room.code[:3].lower()}-{room.code[3:].lower()} "
    assert limits.read_code(typed) == room.code
    assert limits.read_code("12345O") is limits.read_code("' OR 1=1") is limits.read_code("") is None
