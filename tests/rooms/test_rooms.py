"""Rooms as data: what is taken when, who may do what, and what is kept."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy
from class_of_students import FIRST, Class, options

from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError, RoomError
from edgeslim.rooms import database, taking_part, teaching
from edgeslim.rooms.looking import is_teacher, look, person_of, presence, was_removed
from edgeslim.rooms.room import Phase, Place
from edgeslim.rooms.teaching import open_room

A, B = options()[:2]


def code_of(caught: pytest.ExceptionInfo[EdgeSlimError]) -> str:
    return caught.value.code


def test_declaring_rooms_costs_neither_torch_nor_onnxruntime_nor_streamlit() -> None:
    code = "import sys, edgeslim.workbench.rooms; "
    code += "assert not {'torch', 'onnxruntime', 'streamlit'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_answers_are_taken_in_the_open_round_only(room: Class) -> None:
    anna = room.join("Anna")
    refused: list[Phase] = ["closed", "discuss", "revealed"]
    with pytest.raises(RoomError) as caught:
        room.answer(anna, A)
    assert code_of(caught) == "not_open", "the teacher has not come here yet"
    room.step("predict")
    room.answer(anna, A)
    room.answer(anna, B)
    assert room.now().answers(FIRST, 1)[anna.number].value == B, "it may be changed while the round is open"
    room.step("revote")
    room.answer(anna, A)
    for phase in refused:
        room.step(phase)
        with pytest.raises(RoomError) as caught:
            room.answer(anna, B)
        assert code_of(caught) == "not_open"
    now = room.now()
    assert [now.answers(FIRST, round_)[anna.number].value for round_ in (1, 2)] == [B, A]


def test_what_was_revealed_is_never_voted_on_again(room: Class) -> None:
    room.step("revealed")
    with pytest.raises(RoomError) as caught:
        room.step("predict")
    assert code_of(caught) == "room_revealed"
    assert room.now().revealed == (FIRST,)


@pytest.mark.parametrize("value", ["no such option", 3, None, ["a"], {"a": 1}, float("nan"), "x" * 100_000])
def test_an_answer_that_is_none_is_not_kept(room: Class, value: object) -> None:
    anna = room.join("Anna")
    room.step("predict")
    with pytest.raises(EdgeSlimError) as caught:
        room.answer(anna, value)
    assert code_of(caught) == "bad_answer"
    assert room.now().answers(FIRST, 1) == {}


def test_alone_an_answer_is_given_once_since_the_truth_is_seen_then(room: Class) -> None:
    anna, ben = room.join("Anna"), room.join("Ben")
    teaching.set_pace(room.store, room.code, room.opened.teacher, "free")
    room.answer(anna, A)
    with pytest.raises(RoomError) as caught:
        room.answer(anna, B)
    assert code_of(caught) == "answered_alone"
    teaching.set_pace(room.store, room.code, room.opened.teacher, "together")
    room.step("predict")
    room.answer(ben, B)
    with pytest.raises(RoomError):
        room.answer(anna, B)
    found = room.now().answers(FIRST, 1)
    assert (found[anna.number].alone, found[ben.number].alone) == (True, False)


def test_rooms_know_nothing_of_each_other(store: Store, room: Class) -> None:
    other = Class(store, open_room(store))
    anna, there = room.join("Anna"), other.join("Anna")
    room.step("predict")
    other.step("predict")
    room.answer(anna, A)
    for token in (anna.token, ""):
        with pytest.raises(RoomError) as caught:
            taking_part.answer(store, other.code, token, FIRST, A)
        assert code_of(caught) == "not_joined"
    assert other.now().answers(FIRST, 1) == {}
    assert person_of(other.now(), anna.token) is None
    with pytest.raises(RoomError) as caught:
        other.step("revealed", token=room.opened.teacher)
    assert code_of(caught) == "not_teacher"
    teaching.remove(store, room.code, room.opened.teacher, there.number)
    assert [person.name for person in other.now().people] == ["Anna"], "a room removes its own people only"


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "\ud800", "person"])
def test_only_the_secret_of_the_teacher_opens_what_is_the_teachers(room: Class, token: str) -> None:
    anna = room.join("Anna")
    token = anna.token if token == "person" else token
    before = room.now()
    acts = (
        lambda: teaching.step(room.store, room.code, token, FIRST, "revealed"),
        lambda: teaching.set_pace(room.store, room.code, token, "free"),
        lambda: teaching.freeze(room.store, room.code, token),
        lambda: teaching.remove(room.store, room.code, token, anna.number),
        lambda: teaching.end(room.store, room.code, token),
    )
    for act in acts:
        with pytest.raises(RoomError) as caught:
            act()
        assert code_of(caught) == "not_teacher"
    assert room.now() is before, "nothing has changed"
    assert not is_teacher(before, token) and is_teacher(before, room.opened.teacher)


def test_the_database_holds_no_token(room: Class) -> None:
    anna = room.join("Anna")
    database.close()
    content = b"".join(path.read_bytes() for path in room.store.root.glob("rooms/rooms.db*"))
    assert b"Anna" in content
    assert anna.token.encode() not in content and room.opened.teacher.encode() not in content


def test_two_who_take_the_same_name_at_once_do_not_both_get_it(room: Class) -> None:
    def take(number: int) -> str:
        try:
            return room.join("Anna" if number % 2 else "ＡＮＮＡ").name
        except RoomError as error:
            return error.code

    with ThreadPoolExecutor(12) as pool:
        found = sorted(pool.map(take, range(12)))
    assert found.count("name_taken") == 11 and len(room.now().people) == 1


def test_thirty_who_answer_at_once_are_all_counted(room: Class) -> None:
    people = [room.join(f"p{number}") for number in range(30)]
    room.step("predict")
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda person: room.answer(person, A), people))
    assert len(room.now().answers(FIRST, 1)) == 30


def test_a_removed_person_stays_out_with_name_and_answers(room: Class) -> None:
    anna, ben = room.join("Anna"), room.join("Ben")
    room.step("predict")
    room.answer(anna, A)
    room.answer(ben, B)
    teaching.remove(room.store, room.code, room.opened.teacher, anna.number)
    with pytest.raises(RoomError) as caught:
        room.answer(anna, B)
    assert code_of(caught) == "not_joined"
    with pytest.raises(RoomError) as caught:
        room.join("anna")
    assert code_of(caught) == "name_taken"
    now = room.now()
    assert list(now.answers(FIRST, 1)) == [ben.number]
    assert was_removed(now, anna.token) and not was_removed(now, ben.token) and not was_removed(now, "")


def test_a_frozen_room_takes_neither_people_nor_answers_until_it_is_thawed(room: Class) -> None:
    anna = room.join("Anna")
    room.step("predict")
    teaching.freeze(room.store, room.code, room.opened.teacher)
    for act in (lambda: room.join("Ben"), lambda: room.answer(anna, A)):
        with pytest.raises(RoomError) as caught:
            act()
        assert code_of(caught) == "room_frozen"
    teaching.freeze(room.store, room.code, room.opened.teacher, frozen=False)
    room.answer(anna, A)


def test_an_ended_room_can_be_read_and_not_changed(room: Class) -> None:
    room.join("Anna")
    teaching.end(room.store, room.code, room.opened.teacher)
    for act in (lambda: room.join("Ben"), lambda: room.step("predict")):
        with pytest.raises(RoomError) as caught:
            act()
        assert code_of(caught) == "room_ended"
    assert room.now().ended and len(room.now().people) == 1


def test_a_place_that_is_none_cannot_be_gone_to(room: Class) -> None:
    anna = room.join("Anna")
    for place in (Place("no", "such"), Place(FIRST.lesson, "such")):
        with pytest.raises(RoomError) as caught:
            room.step("predict", place)
        assert code_of(caught) == "no_place"
        with pytest.raises(RoomError):
            room.answer(anna, A, place)
    assert room.now().place is None


def test_an_unchanged_room_is_one_read_of_one_row(room: Class) -> None:
    room.join("Anna")
    first = room.now()
    asked: list[str] = []
    engine = database._engine(room.store)

    def heard(connection: object, cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    sqlalchemy.event.listen(engine, "before_cursor_execute", heard)
    assert room.now() is first
    assert [statement for statement in asked if "SELECT" in statement] == asked[-1:]
    assert "WHERE edgeslim_rooms.code" in asked[-1]
    taking_part.seen(room.store, room.code, 1)
    assert room.now() is first, "being here changes nothing of the room"
    room.join("Ben")
    assert room.now().version == first.version + 1


def test_a_room_survives_the_process(room: Class, tmp_path: Path) -> None:
    anna = room.join("Anna")
    room.step("predict")
    room.answer(anna, A)
    database.close()
    script = f"""
from edgeslim.artifacts.store import Store
from edgeslim.rooms import taking_part, looking
from edgeslim.rooms.room import Place
from pathlib import Path
store = Store(Path({str(tmp_path)!r}))
taking_part.answer(store, {room.code!r}, {anna.token!r}, Place({FIRST.lesson!r}, {FIRST.experiment!r}), {B!r})
print(looking.person_of(looking.look(store, {room.code!r}), {anna.token!r}).name)
"""
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "Anna"
    assert room.now().answers(FIRST, 1)[anna.number].value == B


def test_who_is_here_is_known_without_changing_the_room(room: Class) -> None:
    anna, ben = room.join("Anna"), room.join("Ben")
    taking_part.seen(room.store, room.code, anna.number, FIRST)
    found = presence(room.store, room.code)
    assert found[anna.number].place == FIRST and found[ben.number].place is None
    assert look(room.store, room.code).version == 3
