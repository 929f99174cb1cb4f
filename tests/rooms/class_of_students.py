"""A room as its people use it, with less to type."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.artifacts.store import Store
from edgeslim.lessons.base import LESSONS
from edgeslim.lessons.predictions import Choice
from edgeslim.rooms import taking_part, teaching
from edgeslim.rooms.looking import look
from edgeslim.rooms.room import Phase, Place, Room, places
from edgeslim.rooms.taking_part import Joined
from edgeslim.rooms.teaching import Opened


def choice_places() -> list[Place]:
    """Places where an option is predicted: any lesson may bring them."""
    return [place for place in places() if place.declared and isinstance(place.declared.predicts, Choice)]


FIRST = choice_places()[0]


def options(place: Place = FIRST) -> tuple[str, ...]:
    declared = LESSONS.get(place.lesson).experiment(place.experiment)
    assert declared is not None and isinstance(declared.predicts, Choice)
    return declared.predicts.options


@dataclass
class Class:
    store: Store
    opened: Opened

    @property
    def code(self) -> str:
        return self.opened.code

    def now(self) -> Room:
        return look(self.store, self.code)

    def step(self, phase: Phase, place: Place = FIRST, token: str | None = None) -> None:
        teaching.step(self.store, self.code, self.opened.teacher if token is None else token, place, phase)

    def join(self, name: str) -> Joined:
        return taking_part.join(self.store, self.code, name)

    def answer(self, who: Joined, value: object, place: Place = FIRST) -> None:
        taking_part.answer(self.store, self.code, who.token, place, value)
