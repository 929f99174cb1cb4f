"""Rooms in the database that a team's studies use."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from class_of_students import FIRST, Class, options

import postgres_server
from edgeslim.artifacts.store import Store
from edgeslim.errors import RoomError
from edgeslim.rooms import database, taking_part
from edgeslim.rooms.looking import presence
from edgeslim.rooms.teaching import open_room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Class]:
    with postgres_server.serving() as server:
        store = Store(tmp_path, server.url)
        yield Class(store, open_room(store))
        database.close()


def test_a_class_at_once_in_postgresql(room: Class) -> None:
    def join(number: int) -> str:
        try:
            return room.join(f"p{number % 20}").token
        except RoomError as error:
            return error.code

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(join, range(40)))
        assert found.count("name_taken") == 20
        tokens = [each for each in found if each != "name_taken"]
        room.step("predict")
        answers = pool.map(
            lambda token: taking_part.answer(room.store, room.code, token, FIRST, options()[0]), tokens
        )
        assert set(answers) == {options()[0]}
    now = room.now()
    assert len(now.people) == len(now.answers(FIRST, 1)) == 20
    assert now is room.now(), "unchanged, it is not read again"
    taking_part.seen(room.store, room.code, now.people[0].number, FIRST)
    assert presence(room.store, room.code)[now.people[0].number].place == FIRST
    database.close()
    assert room.now().people == now.people
