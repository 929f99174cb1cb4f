"""The league of a room: what is taken, whose turn is next, and how the board ranks."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from class_of_students import Class

from edgeslim.errors import RoomError
from edgeslim.records import RecipeRecord, Sizes
from edgeslim.rooms import league as leagues
from edgeslim.rooms.league import board, next_turns
from edgeslim.rooms.room import Entry, League
from edgeslim.rooms.teaching import freeze, remove
from edgeslim.studies.file_scores import FileScore
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

BUDGET = 1000


def recipe(name: str) -> RecipeRecord:
    return RecipeRecord(({"step": "float16"},), name=name)


@pytest.fixture
def league(room: Class) -> Class:
    leagues.begin(room.store, room.code, room.opened.teacher, "league-1", BUDGET, 2)
    return room


def enter(room: Class, who, fingerprint: str, name: str = "") -> None:
    leagues.enter(room.store, room.code, who.token, recipe(name), fingerprint)


def code_of(caught) -> str:
    return caught.value.code


def test_declaring_a_league_costs_neither_torch_nor_onnxruntime() -> None:
    code = "import sys, edgeslim.workbench.league; assert not {'torch', 'onnxruntime'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_entries_are_limited_for_each_person_and_kept(league: Class) -> None:
    anna, ben = league.join("Anna"), league.join("Ben")
    enter(league, anna, "a")
    with pytest.raises(RoomError) as caught:
        enter(league, anna, "a")
    assert code_of(caught) == "entered_before"
    enter(league, ben, "a")
    enter(league, anna, "b", "mine")
    with pytest.raises(RoomError) as caught:
        enter(league, anna, "c")
    assert code_of(caught) == "entries_used"
    found = league.now().league
    assert found is not None and [(e.person, e.fingerprint) for e in found.entries] == [
        (anna.number, "a"), (ben.number, "a"), (anna.number, "b"),
    ]  # fmt: skip
    assert found.of(anna.number)[1].recipe.name == "mine"


def test_only_members_enter_and_only_while_it_is_open(league: Class) -> None:
    anna = league.join("Anna")
    with pytest.raises(RoomError) as caught:
        leagues.enter(league.store, league.code, "nobody's token", recipe(""), "a")
    assert code_of(caught) == "not_joined"
    teacher = league.opened.teacher
    leagues.proceed(league.store, league.code, teacher, "closed")
    with pytest.raises(RoomError) as caught:
        enter(league, anna, "a")
    assert code_of(caught) == "league_closed"
    leagues.proceed(league.store, league.code, teacher, "open")
    freeze(league.store, league.code, teacher)
    with pytest.raises(RoomError) as caught:
        enter(league, anna, "a")
    assert code_of(caught) == "room_frozen"
    freeze(league.store, league.code, teacher, False)
    remove(league.store, league.code, teacher, anna.number)
    with pytest.raises(RoomError) as caught:
        enter(league, anna, "a")
    assert code_of(caught) == "not_joined"


def test_a_student_can_neither_open_nor_close_nor_reveal_a_league(league: Class, room: Class) -> None:
    anna = league.join("Anna")
    for state in ("open", "closed", "revealed"):
        with pytest.raises(RoomError) as caught:
            leagues.proceed(league.store, league.code, anna.token, state)
        assert code_of(caught) == "not_teacher"
    with pytest.raises(RoomError) as caught:
        leagues.begin(league.store, league.code, anna.token, "other", BUDGET, 2)
    assert code_of(caught) == "not_teacher"
    assert league.now().league.state == "open"


def test_a_room_has_one_league_and_what_was_revealed_stays_so(league: Class) -> None:
    teacher = league.opened.teacher
    with pytest.raises(RoomError) as caught:
        leagues.begin(league.store, league.code, teacher, "other", BUDGET, 2)
    assert code_of(caught) == "league_exists"
    leagues.proceed(league.store, league.code, teacher, "revealed")
    with pytest.raises(RoomError) as caught:
        leagues.proceed(league.store, league.code, teacher, "open")
    assert code_of(caught) == "league_revealed"


@pytest.mark.parametrize(("budget", "each"), [(0, 2), (1000, 0), (1000, 11), (2**40, 2)])
def test_limits_of_a_league_are_bounded(room: Class, budget: int, each: int) -> None:
    with pytest.raises(RoomError) as caught:
        leagues.begin(room.store, room.code, room.opened.teacher, "s", budget, each)
    assert code_of(caught) == "league_limits"


def entry(number: int, person: int, fingerprint: str) -> Entry:
    return Entry(number=number, person=person, fingerprint=fingerprint, recipe=recipe(""), entered=number)


def league_of(*entries: Entry) -> League:
    return League(study="s", budget=BUDGET, each=5, state="open", entries=entries)


def test_who_has_had_the_fewest_turns_comes_first() -> None:
    greedy = [entry(number, 1, f"g{number}") for number in range(1, 5)]
    found = league_of(*greedy, entry(5, 2, "late"), entry(6, 3, "later"))
    order = [each.fingerprint for each in next_turns(found, (1, 2, 3), (), 10)]
    assert order == ["g1", "late", "later", "g2", "g3", "g4"]
    after = [each.fingerprint for each in next_turns(found, (1, 2, 3), ("g1", "g2"), 2)]
    assert after == ["late", "later"], "others have had none"
    assert [each.person for each in next_turns(found, (2,), (), 10)] == [2], "who was removed gets no turn"


def test_equal_recipes_of_two_people_take_one_turn() -> None:
    found = league_of(entry(1, 1, "same"), entry(2, 2, "same"), entry(3, 2, "own"))
    assert [each.fingerprint for each in next_turns(found, (1, 2), (), 10)] == ["same", "own"]


def trial(number: int, fingerprint: str, size: int, quality: float, state: str = "complete") -> TrialResult:
    base = TrialResult(
        number=number, state=state, recipe=recipe(""), model="m", title="", recipe_fingerprint=fingerprint
    )
    if state != "complete":
        return base
    return replace(
        base,
        sizes=Sizes(file=size, download=size),
        sha256=f"sha-{fingerprint}",
        accuracy={"mAP": quality, "ci95": (quality - 0.02, quality + 0.02)},
        primary_metric="mAP",
    )


def test_the_board_ranks_everybodys_best_that_fits(league: Class) -> None:
    anna, ben, cleo = (league.join(name) for name in ("Anna", "Ben", "Cleo"))
    for who, fingerprint in ((anna, "small"), (anna, "good"), (ben, "huge"), (ben, "fair"), (cleo, "broken")):
        enter(league, who, fingerprint)
    study = StudyResult(
        name="league-1",
        state="complete",
        model="m",
        dataset="d",
        baseline=0,
        trials=(
            trial(0, "original", 4000, 0.8),
            trial(1, "small", 400, 0.5),
            trial(2, "good", 900, 0.7),
            trial(3, "huge", 2000, 0.79),
            trial(4, "fair", 950, 0.6),
            trial(5, "broken", 0, 0.0, "failed"),
        ),
    )
    room = league.now()
    found = board(room, study)
    assert [(line.name, line.rank) for line in found.lines[:2]] == [("Anna", 1), ("Ben", 2)]
    by = {line.entry.fingerprint: line for line in found.lines}
    assert by["huge"].rank is None and not by["huge"].fits, "over the budget"
    assert by["small"].rank is None, "Anna has a better one"
    assert by["broken"].progress == "failed"
    assert by["good"].below == 0 and by["fair"].below == pytest.approx(0.1) and by["huge"].below == 0
    assert found.original is not None and found.original.value == 0.8

    scores = {f"sha-{name}": FileScore(value=value, ci95=None, paired_delta=0, paired_ci95=None)
              for name, value in (("good", 0.55), ("fair", 0.58), ("original", 0.78))}  # fmt: skip
    final = board(room, study, scores)
    assert [(line.name, line.final_rank) for line in final.lines[:2]] == [("Ben", 1), ("Anna", 2)]
    assert final.original_final is not None and final.original_final.value == 0.78
