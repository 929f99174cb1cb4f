"""A room's compression league: a study that everybody's recipes go to, a few at a time, in fair turns."""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import suppress

from filelock import Timeout

from edgeslim.artifacts.store import Store
from edgeslim.errors import AccessError, RoomError, StoreError, StudyError
from edgeslim.jobs import errand, supervisor
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import ScoreHeldOut
from edgeslim.records import RecipeRecord
from edgeslim.rooms import league as leagues
from edgeslim.rooms import looking
from edgeslim.rooms.league import Board
from edgeslim.rooms.room import Entry, League, LeagueState, Room
from edgeslim.studies import storage
from edgeslim.studies.file_scores import FileScores, kept_file_scores
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.workbench.running import run_more
from edgeslim.workbench.steps import read_recipe
from edgeslim.workbench.studies import start_study

HELD_OUT = 0.5
"""Share of the validation images that the board does not show before the end."""
MINUTES = 3.0
"""An entry that takes longer has failed."""
AT_ONCE = 3
"""Entries that the study takes at a time: those who enter first do not wait for all that are entered."""


def open_league(
    code: str, teacher: str, *, model: str, dataset: str, budget: int, each: int, store: Store | None = None
) -> str:
    """Open the room's league and measure the original; returns the study's name.

    `budget` is in bytes of file. Raises RoomError, and EdgeSlimError where model and data do not go together.
    """
    store = store or Store()
    room = looking.look(store, code)
    looking.require_teacher(room, teacher)
    if room.league is not None:
        raise RoomError("league_exists")
    plan = StudyPlan(
        name=f"league-{secrets.token_hex(4)}",
        model=model,
        dataset=dataset,
        held_out=HELD_OUT,
        trial_minutes=MINUTES,
        objectives=("accuracy", "file"),
    )
    name = start_study(plan, store=store)
    leagues.begin(store, code, teacher, name, budget, each)
    return name


def proceed_league(code: str, teacher: str, state: LeagueState, store: Store | None = None) -> None:
    """Close the league, open it again, or reveal the final board. Raises RoomError, StoreError."""
    leagues.proceed(store or Store(), code, teacher, state)


def enter_league(code: str, token: str, recipe: RecipeRecord, store: Store | None = None) -> None:
    """Enter a recipe; it is run when its turn comes. Raises RoomError, RecipeError, ParameterError, StoreError."""
    store = store or Store()
    read = read_recipe(recipe)
    if not read.steps:
        raise RoomError("empty_recipe")
    leagues.enter(store, code, token, recipe, read.fingerprint())
    advance_league(looking.look(store, code), store)


def advance_league(room: Room, store: Store | None = None, study: StudyResult | None = None) -> None:
    """Let the next entries have their turn, if the study has none to run. Whoever looks at the board does that.

    `study` is the league's, where the caller has just read it: nothing is locked when it shows that nobody waits.
    Raises StudyError, StoreError.
    """
    store, league = store or Store(), room.league
    if league is None or (study is not None and not _turns(room, league, study)):
        return
    with suppress(Timeout, StoreError), store.lock(f"league-{room.code}", within=0):
        if supervisor.state(store, league.study) == "running":
            return
        turns = _turns(room, league, supervisor.load(store, league.study))
        if turns:
            with suppress(StudyError, AccessError):  # somebody has started it this moment, or a demo is busy
                run_more(league.study, [read_recipe(entry.recipe) for entry in turns], store)


def _turns(room: Room, league: League, study: StudyResult) -> tuple[Entry, ...]:
    """Whose entries come next, of those that the study does not have."""
    if study.state == "running":
        return ()
    known = {trial.recipe_fingerprint for trial in study.trials if trial.state != "pruned"}
    return leagues.next_turns(league, [person.number for person in room.people], known, AT_ONCE)


def score_finals(study: StudyResult, store: Store | None = None) -> None:
    """Begin to score the files on the held-out images, unless that is done. Raises StudyError, StoreError."""
    store = store or Store()
    asked = _finals(study, store)
    if asked is not None and kept_file_scores(store, asked.key) is None:
        errand.begin(store, asked)


def finals_status(study: StudyResult, store: Store | None = None) -> ErrandStatus | None:
    """How far the scoring on held-out images is; None if it was not begun for these files."""
    store = store or Store()
    asked = _finals(study, store)
    return None if asked is None else errand.status(store, asked.key)


def final_scores(study: StudyResult, store: Store | None = None) -> FileScores | None:
    """The scores on held-out images, once they are there for all files."""
    store = store or Store()
    asked = _finals(study, store)
    return None if asked is None else kept_file_scores(store, asked.key)


def league_board(room: Room, study: StudyResult, finals: FileScores | None = None) -> Board:
    """The board; with final scores, ranked by them."""
    return leagues.board(room, study, None if finals is None else finals.files)


def _finals(study: StudyResult, store: Store) -> ScoreHeldOut | None:
    original = study.original
    if original is None or original.sha256 is None:
        return None
    others = {trial.sha256 for trial in study.trials if trial.measured and trial.sha256}
    files = (original.sha256, *sorted(others - {original.sha256}))
    decisive = json.dumps([study.name, study.created, files]).encode()
    return ScoreHeldOut(
        who=study.name,
        key=hashlib.sha256(decisive).hexdigest()[:32],
        plan=storage.read_plan(store, study.name),
        files=files,
    )
