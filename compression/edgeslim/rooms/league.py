"""The compression league of a room: entries, whose turn is next, and the board.

Every entry is a recipe, and every recipe a trial of one study, run by the queue like any other. Which trial is an entry's
follows from the recipe: nothing has to be kept in step.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from edgeslim.artifacts.store import Store
from edgeslim.errors import RoomError
from edgeslim.records import RecipeRecord, encoded
from edgeslim.rooms import limits
from edgeslim.rooms.database import ENTRIES, LEAGUES, changing
from edgeslim.rooms.looking import require_teacher
from edgeslim.rooms.room import Entry, League, LeagueState, Room
from edgeslim.rooms.taking_part import member, not_frozen
from edgeslim.studies.file_scores import FileScore
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

Progress = Literal["waiting", "running", "failed", "measured"]


def begin(store: Store, code: str, teacher: str, study: str, budget: int, each: int) -> None:
    """Open the room's league on a study. Raises RoomError (…, league_exists, league_limits), StoreError."""
    if not (1 <= each <= limits.ENTRIES and 1 <= budget <= 2**31 - 1):
        raise RoomError("league_limits", most=limits.ENTRIES)
    with changing(store, code) as (connection, row):
        require_teacher(row, teacher)
        values = {"room": code, "study": study, "budget": budget, "each": each, "state": "open"}
        try:
            connection.execute(LEAGUES.insert().values(**values))
        except IntegrityError as error:
            raise RoomError("league_exists") from error


def proceed(store: Store, code: str, teacher: str, state: LeagueState) -> None:
    """Close the league, open it again, or reveal it, which lasts. Raises RoomError (…, league_revealed), StoreError."""
    with changing(store, code) as (connection, row):
        require_teacher(row, teacher)
        now = connection.execute(select(LEAGUES.c.state).filter_by(room=code)).scalar()
        if now == "revealed" and state != "revealed":
            raise RoomError("league_revealed")
        connection.execute(LEAGUES.update().filter_by(room=code).values(state=state))


def enter(store: Store, code: str, token: str, recipe: RecipeRecord, fingerprint: str) -> None:
    """Enter a recipe.

    Raises RoomError (…, no_league, league_closed, entries_used, entered_before, recipe_too_long), StoreError.
    """
    text = json.dumps(encoded(recipe))
    if len(text) > limits.RECIPE:
        raise RoomError("recipe_too_long")
    with changing(store, code) as (connection, room):
        not_frozen(room)
        person = member(connection, code, token)
        league = connection.execute(LEAGUES.select().filter_by(room=code)).first()
        if league is None:
            raise RoomError("no_league")
        if league.state != "open":
            raise RoomError("league_closed")
        used = select(func.count()).select_from(ENTRIES).filter_by(room=code, person=person)
        if connection.execute(used).scalar_one() >= league.each:
            raise RoomError("entries_used", each=league.each)
        values = {"room": code, "person": person, "fingerprint": fingerprint, "recipe": text}
        try:
            connection.execute(ENTRIES.insert().values(**values, entered=time.time()))
        except IntegrityError as error:
            raise RoomError("entered_before") from error


def next_turns(league: League, people: Iterable[int], known: Iterable[str], count: int) -> tuple[Entry, ...]:
    """Entries to run next, at most `count`: who has had the fewest turns comes first, then who entered first.

    `known` are fingerprints that have had their turn; entries of others than `people` are passed over.
    """
    here, done = set(people), set(known)
    had = Counter(entry.person for entry in league.entries if entry.fingerprint in done)
    waiting: list[tuple[int, int, Entry]] = []
    for entry in league.entries:
        if entry.fingerprint not in done and entry.person in here:
            waiting.append((had[entry.person], entry.number, entry))
            had[entry.person] += 1
    chosen: dict[str, Entry] = {}
    for _, _, entry in sorted(waiting, key=lambda one: one[:2]):
        chosen.setdefault(entry.fingerprint, entry)
    return tuple(chosen.values())[:count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A quality (share of 1) with its 95 % interval."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry on the board. `public` is on the images that everybody's choices were made by, `final` on held-out ones.

    `below`: how many points (share of 1) under the best file of the room that is no larger; 0: on the front.
    `rank`: among the people's best entries, by the board that is shown; None: not ranked.
    """

    entry: Entry
    name: str
    progress: Progress
    trial: int | None = None
    size: int | None = None
    public: Score | None = None
    final: Score | None = None
    below: float | None = None
    fits: bool = False
    rank: int | None = None
    final_rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All entries, ranked ones first. `original` is the uncompressed file's quality, on the public images."""

    lines: tuple[Line, ...]
    original: Score | None
    original_final: Score | None = None


def board(room: Room, study: StudyResult, finals: Mapping[str, FileScore] | None = None) -> Board:
    """The board of a room's league; `finals` are scores on held-out images by SHA-256, once revealed."""
    league = room.league
    assert league is not None, "a board is that of a league"
    trials = {trial.recipe_fingerprint: trial for trial in study.trials if trial.state != "pruned"}
    names = {person.number: person.name for person in room.people}
    lines = [
        _line(entry, names[entry.person], trials.get(entry.fingerprint), league.budget, finals or {})
        for entry in league.entries
        if entry.person in names
    ]
    front = [(line.size, line.public.value) for line in lines if line.size is not None and line.public]
    lines = [replace(line, below=_below(line, front)) for line in lines]
    ranks, finals_by = _ranks(lines, "public"), _ranks(lines, "final")
    lines = [
        replace(line, rank=ranks.get(line.entry.number), final_rank=finals_by.get(line.entry.number))
        for line in lines
    ]
    shown, last = finals_by if finals else ranks, len(lines) + 1
    original = study.original
    last = len(lines) + 1
    return Board(
        lines=tuple(sorted(lines, key=lambda line: (shown.get(line.entry.number, last), line.entry.number))),
        original=None if original is None else _public(original),
        original_final=None if original is None else _final(original, finals or {}),
    )


def _line(
    entry: Entry, name: str, trial: TrialResult | None, budget: int, finals: Mapping[str, FileScore]
) -> Line:
    if trial is None or trial.state == "waiting":
        return Line(entry=entry, name=name, progress="waiting")
    if trial.state in ("failed", "infeasible"):
        return Line(entry=entry, name=name, progress="failed", trial=trial.number)
    if not trial.measured or trial.sizes is None:
        return Line(entry=entry, name=name, progress="running", trial=trial.number)
    return Line(
        entry=entry,
        name=name,
        progress="measured",
        trial=trial.number,
        size=trial.sizes.file,
        public=_public(trial),
        final=_final(trial, finals),
        fits=trial.sizes.file <= budget,
    )


def _public(trial: TrialResult) -> Score | None:
    if trial.objective is None:
        return None
    low, high = trial.bounds("ci95") or (None, None)
    return Score(value=trial.objective, low=low, high=high)


def _final(trial: TrialResult, finals: Mapping[str, FileScore]) -> Score | None:
    found = finals.get(trial.sha256 or "")
    if found is None:
        return None
    low, high = found.ci95 or (None, None)
    return Score(value=found.value, low=low, high=high)


def _below(line: Line, files: Iterable[tuple[int, float]]) -> float | None:
    if line.size is None or line.public is None:
        return None
    return max(value for size, value in files if size <= line.size) - line.public.value


def _ranks(lines: Iterable[Line], which: Literal["public", "final"]) -> dict[int, int]:
    """Ranks from 1 by number of the entry: everybody's best that fits, the smaller of equally good ones first.

    What is best is decided on the public images, as whoever enters must: the final board only scores it anew.
    """
    best: dict[int, Line] = {}
    for line in lines:
        if line.fits and line.public is not None:
            other = best.get(line.entry.person)
            if other is None or _better(line, "public") < _better(other, "public"):
                best[line.entry.person] = line
    ranked = sorted(
        (line for line in best.values() if getattr(line, which) is not None),
        key=lambda line: _better(line, which),
    )
    return {line.entry.number: place for place, line in enumerate(ranked, start=1)}


def _better(line: Line, which: Literal["public", "final"]) -> tuple[float, int, int]:
    score: Score = getattr(line, which)
    return -score.value, line.size or 0, line.entry.number
