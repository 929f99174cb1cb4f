"""A league as it is run: entries become trials of a study in fair turns, and files are scored on held-out images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError, RoomError
from edgeslim.records import RecipeRecord
from edgeslim.rooms import database
from edgeslim.rooms.looking import look
from edgeslim.workbench import league, rooms

PATIENCE = 120.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield Store(tmp_path)
    database.close()


def wait(until: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)


def low_bit(bits: int) -> RecipeRecord:
    return RecipeRecord(
        ({"step": "low_bit_weights", "bits": bits, "rounding": "nearest"},), name=f"{bits} bits"
    )


def test_a_league_from_its_opening_to_the_final_board(store: Store) -> None:
    room = rooms.open_room(store)
    anna, ben = (rooms.join(room.code, name, store) for name in ("Anna", "Ben"))
    study = league.open_league(
        room.code, room.teacher, model="digits-cnn", dataset="digits", budget=40_000, each=2, store=store
    )
    with pytest.raises(RoomError):
        league.open_league(
            room.code, room.teacher, model="digits-cnn", dataset="digits", budget=1, each=1, store=store
        )
    for who, recipe in ((anna, low_bit(8)), (anna, low_bit(1)), (ben, RecipeRecord(({"step": "float16"},)))):
        league.enter_league(room.code, who.token, recipe, store)

    def lines():
        now = look(store, room.code)
        league.advance_league(now, store)
        return league.league_board(now, workbench.study_result(study, store)).lines

    wait(lambda: all(line.progress == "measured" for line in lines()))
    found = lines()
    assert {line.rank for line in found} == {1, 2, None}, "Anna has two entries, of which one counts"
    one_bit = next(line for line in found if line.entry.recipe.name == "1 bits")
    assert one_bit.fits and one_bit.public.value < max(line.public.value for line in found)

    league.proceed_league(room.code, room.teacher, "closed", store)
    with pytest.raises(RoomError):
        league.enter_league(room.code, ben.token, low_bit(2), store)
    wait(lambda: workbench.study_status(study, store).state == "complete")
    result = workbench.study_result(study, store)
    league.score_finals(result, store)
    wait(lambda: league.final_scores(result, store))
    finals = league.final_scores(result, store)
    assert result.images + finals.images == 450, "no image is on both boards"
    board = league.league_board(look(store, room.code), result, finals)
    assert [line.final_rank for line in board.lines[:2]] == [1, 2]
    assert board.original_final is not None and board.original_final.value > 0.9


def test_a_recipe_that_cannot_be_is_refused_at_once(store: Store) -> None:
    room = rooms.open_room(store)
    anna = rooms.join(room.code, "Anna", store)
    for recipe in (RecipeRecord(), RecipeRecord(({"step": "no such step"},)), low_bit(99)):
        with pytest.raises(EdgeSlimError):
            league.enter_league(room.code, anna.token, recipe, store)
    assert look(store, room.code).league is None
