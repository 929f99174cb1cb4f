"""Nicknames: what is taken, and that what is hostile in them stays text."""

from __future__ import annotations

import pytest
from class_of_students import Class

from edgeslim.errors import RoomError
from edgeslim.rooms.limits import read_name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Anna \n Lena ", "Anna Lena"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("王小明", "王小明"),
        ("a\u202eb\u200b\u0000c", "a b c"),
        ("<b>'; DROP TABLE--", "<b>'; DROP TABLE--"),
    ],
)
def test_names_are_kept_in_normal_form_without_what_cannot_be_seen(typed: str, kept: str) -> None:
    assert read_name(typed) == kept


@pytest.mark.parametrize("typed", ["", "  ", "\u200b", "\u202e", "x" * 25, "x" * 10**6, "\ud800"])
def test_a_name_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(RoomError) as caught:
        read_name(typed)
    assert caught.value.code == "room_name"


@pytest.mark.parametrize("other", ["anna", "ＡＮＮＡ", "An\u200bna".replace("\u200b", ""), " Anna "])
def test_names_that_look_alike_are_the_same(room: Class, other: str) -> None:
    room.join("Anna")
    with pytest.raises(RoomError) as caught:
        room.join(other)
    assert caught.value.code == "name_taken"


def test_a_hostile_name_is_a_name(room: Class) -> None:
    room.join("'; DROP TABLE rooms;--")
    assert [person.name for person in room.now().people] == ["'; DROP TABLE rooms;--"]
