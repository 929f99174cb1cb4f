"""What a room is, and what is in it: plain data, as everybody's screens read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from edgeslim.lessons import LESSONS
from edgeslim.lessons.base import Experiment
from edgeslim.lessons.predictions import Answer
from edgeslim.records import RecipeRecord

Pace = Literal["together", "free"]
"""Whether the teacher steps everyone through, or everybody goes alone."""
Phase = Literal["closed", "predict", "discuss", "revote", "revealed"]
PHASES: tuple[Phase, ...] = ("closed", "predict", "discuss", "revote", "revealed")
"""Of one experiment, by peer instruction; answers are taken in `predict` (round 1) and `revote` (round 2)."""
ROUNDS: Mapping[Phase, int] = {"predict": 1, "revote": 2}

HERE = 15.0
"""Seconds after which somebody who has not been seen is not here."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An experiment of a lesson."""

    lesson: str
    experiment: str

    @property
    def declared(self) -> type[Experiment] | None:
        """None where lessons have changed since the room was opened."""
        return LESSONS.get(self.lesson).experiment(self.experiment) if self.lesson in LESSONS else None


def places() -> Iterator[Place]:
    """Every experiment that is predicted, in the order of the course."""
    for lesson in LESSONS:
        yield from (Place(lesson.name, each.name) for each in lesson.experiments if each.predicts is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who has joined. `number` is the person's own in the whole database."""

    number: int
    name: str
    joined: float
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer as it was given. `alone`: at the person's own pace, who has seen the truth since."""

    value: Answer
    when: float
    alone: bool = False


LeagueState = Literal["open", "closed", "revealed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A recipe that somebody has entered; its file is the trial with this fingerprint in the league's study."""

    number: int
    person: int
    fingerprint: str
    recipe: RecipeRecord
    entered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class League:
    """Who makes the most accurate file of at most `budget` bytes? `each` may enter so many recipes.

    Open: entries are taken. Closed: no more. Revealed: so is the board of the held-out images.
    """

    study: str
    budget: int
    each: int
    state: LeagueState
    entries: tuple[Entry, ...] = ()

    def of(self, person: int) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.person == person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """All of a room at one version of it. Times are seconds since 1970.

    It is for the server alone: what a student may see of it is the page's to say.
    """

    code: str
    created: float
    version: int
    expires: float
    rehearsal: bool
    frozen: bool
    ended: bool
    pace: Pace
    place: Place | None
    phases: Mapping[Place, Phase]
    everybody: tuple[Person, ...]
    """Also those who were removed."""
    given: Mapping[tuple[Place, int], Mapping[int, Given]]
    """Answers by place and round, then by person; also of those who were removed."""
    teacher: str = field(repr=False)
    """Hash of the teacher's token."""
    tokens: Mapping[str, int] = field(repr=False)
    """Persons by the hashes of their tokens."""
    league: League | None = None

    @property
    def people(self) -> tuple[Person, ...]:
        return tuple(person for person in self.everybody if not person.removed)

    def person(self, number: int) -> Person | None:
        return next((person for person in self.people if person.number == number), None)

    def phase(self, place: Place) -> Phase:
        return self.phases.get(place, "closed")

    def answers(self, place: Place, round_: int) -> dict[int, Given]:
        """Of those who are still in the room."""
        found = self.given.get((place, round_), {})
        return {person.number: found[person.number] for person in self.people if person.number in found}

    def answer_of(self, number: int, place: Place, round_: int) -> Given | None:
        return self.given.get((place, round_), {}).get(number)

    @property
    def revealed(self) -> tuple[Place, ...]:
        """What late comers can look at, in the order of the course."""
        return tuple(place for place in places() if self.phase(place) == "revealed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """When somebody was seen last, and where (None: where the class is)."""

    seen: float
    place: Place | None = None
