"""The answers of a room as a table for a spreadsheet."""

from __future__ import annotations

import csv
import datetime
import io

from edgeslim.lessons.predictions import Answer
from edgeslim.rooms.room import Room, places

COLUMNS = ("name", "lesson", "experiment", "round", "answer", "alone", "given")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def answers_csv(room: Room) -> str:
    """One row for each answer of those who are still in the room, in the order of the course; times are UTC.

    The heights of a curve are separated by spaces. A name that a spreadsheet would compute is preceded by an apostrophe.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for place in places():
        for round_ in (1, 2):
            answers = room.answers(place, round_)
            for person in room.people:
                given = answers.get(person.number)
                if given is not None:
                    when = datetime.datetime.fromtimestamp(given.when, datetime.UTC)
                    where = (place.lesson, place.experiment, round_)
                    table.writerow(
                        [_safe(person.name), *where, _text(given.value), int(given.alone), f"{when:%FT%TZ}"]
                    )
    return out.getvalue()


def _safe(name: str) -> str:
    return f"'{name}" if name.startswith(_FORMULA) else name


def _text(answer: Answer) -> str:
    if isinstance(answer, tuple):
        return " ".join(f"{value:g}" for value in answer)
    return answer if isinstance(answer, str) else f"{answer:g}"
