"""A class in a room over real websockets: how long joining and answering take, what polling costs.

    python tests/benchmarks/classroom.py [--students 30]            # a class
    python tests/benchmarks/classroom.py --busy 2                   # while two league entries compute

Starts the app on a free port of 127.0.0.1 over an empty data folder, opens a room, and has everybody join at once, poll
as their page asks them to, answer both rounds within `--window` seconds, and see what is revealed. A projector and a
teacher's board are open too. Joining and answering are counted from the press of the button to the end of the
page's run, and end well only if the room has them. Seconds by the clock are inflated by whatever else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from app_server import Server, serving
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websocket_visitor import Look, Visitor, visitor

from edgeslim.artifacts.store import Store
from edgeslim.lessons.predictions import Choice
from edgeslim.records import RecipeRecord
from edgeslim.rooms.room import Place, places
from edgeslim.rooms.teaching import Opened
from edgeslim.ui.room.watching import WATCH
from edgeslim.workbench import cancel_study, league, rooms, study_status

PAGE = "room"
MEGABYTE = 2**20


@dataclass
class Seen:
    """Seconds of everybody's looks, by kind, and of polls that changed nothing."""

    join: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)
    follow: list[float] = field(default_factory=list)
    """From the teacher's step until a student's page has followed."""
    poll: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


class Student:
    """One phone: it polls from when it has joined, and answers what it is asked."""

    def __init__(self, one: Visitor, code: str, seen: Seen, **view: str) -> None:
        self._one, self._seen = one, seen
        self._parameters = {"room": code, **view}
        self._code = code
        self._states: dict[str, WidgetState] = {}
        self._turn = asyncio.Lock()
        self.page = Look()
        self.drawn = time.perf_counter()

    async def open(self) -> None:
        await self._run()
        for element in self.page.find("bidi_component"):  # what the page's script answers at once
            told = json.dumps({"found": {"room": self._code, "token": ""}})
            self._states["key"] = WidgetState(id=element.bidi_component.id, json_value=told)
            await self._run()

    async def join(self, name: str) -> None:
        field_ = self.page.find("text_input")[0].text_input
        self._states["name"] = WidgetState(id=field_.id, string_value=name)
        self._seen.join.append(await self._press())

    async def answer(self, option: int) -> None:
        radio = self.page.find("radio")[0].radio
        self._states["answer"] = WidgetState(id=radio.id, string_value=radio.options[option])
        self._seen.answer.append(await self._press())

    async def poll(self) -> None:
        """As the browser does, until it is cancelled."""
        while True:
            await asyncio.sleep(WATCH)
            for fragment in dict.fromkeys(self.page.fragments):
                async with self._turn:
                    look = await self._one.look(
                        PAGE, list(self._states.values()), fragment, **self._parameters
                    )
                    if look.fragments:  # the whole page has run
                        self._draw(look)
                    else:
                        self._seen.poll.append(look.seconds)
                self._seen.wrong.extend(look.exceptions)

    async def until(self, asked: bool) -> None:
        """Until its page asks, or no longer asks, for an answer."""
        while bool(self.page.find("radio")) != asked:
            await asyncio.sleep(0.02)

    async def _press(self) -> float:
        button = next(one.button for one in self.page.find("button") if one.button.is_form_submitter)
        began = time.perf_counter()
        await self._run(WidgetState(id=button.id, trigger_value=True))
        return time.perf_counter() - began

    async def _run(self, *pressed: WidgetState) -> None:
        async with self._turn:
            self._draw(await self._one.look(PAGE, [*self._states.values(), *pressed], **self._parameters))
        self._seen.wrong.extend(self.page.exceptions)

    def _draw(self, look: Look) -> None:
        self.page, self.drawn = look, time.perf_counter()


async def lesson(server: Server, opened: Opened, place: Place, arguments: argparse.Namespace) -> Seen:
    """One experiment, from joining to the end."""
    seen, store, code = Seen(), Store(server.home), opened.code
    watching = asyncio.create_task(_watch(psutil.Process(server.pid), seen))

    async def step(phase: str, asks: bool, everybody: list[Student]) -> None:
        began = time.perf_counter()
        rooms.step(code, opened.teacher, place, phase, store)  # type: ignore[arg-type]
        await asyncio.gather(*(student.until(asks) for student in everybody))
        seen.follow.extend(student.drawn - began for student in everybody)

    async def answer(everybody: list[Student]) -> None:
        async def later(student: Student) -> None:
            await asyncio.sleep(random.uniform(0, arguments.window))
            await student.answer(random.randrange(2))

        await asyncio.gather(*(later(student) for student in everybody))

    async with AsyncExitStack() as stack:

        async def enter(**view: str) -> Student:
            one = await stack.enter_async_context(visitor(server.url))
            return Student(one, code, seen, **view)

        screens = [await enter(view="projector"), await enter(teacher=opened.teacher)]
        students = [await enter() for _ in range(arguments.students)]
        await asyncio.gather(*(one.open() for one in (*screens, *students)))
        await asyncio.gather(*(student.join(f"p{number}") for number, student in enumerate(students)))
        polls = [asyncio.create_task(one.poll()) for one in (*screens, *students)]
        for phase in ("predict", "revote"):
            await step(phase, True, students)
            await answer(students)
            await asyncio.sleep(arguments.quiet)
            await step("discuss" if phase == "predict" else "revealed", False, students)
            await asyncio.sleep(WATCH + 1)
        for task in (*polls, watching):
            task.cancel()
        for result in await asyncio.gather(*polls, watching, return_exceptions=True):
            if not isinstance(result, asyncio.CancelledError):
                seen.wrong.append(repr(result))
    room = rooms.look(code, store)
    for round_ in (1, 2):
        if len(room.answers(place, round_)) != arguments.students:
            seen.wrong.append(f"round {round_}: {len(room.answers(place, round_))} answers")
    return seen


async def _watch(server: psutil.Process, seen: Seen) -> None:
    while True:
        seen.memory.append(server.memory_info().rss / MEGABYTE)
        await asyncio.sleep(1)


def _compute(count: int, opened: Opened, store: Store) -> str | None:
    """A league whose entries compute as long as the class lasts; returns its study once that has begun with them."""
    if not count:
        return None
    study = league.open_league(
        opened.code,
        opened.teacher,
        model="street-signs-small",
        dataset="street-signs",
        budget=100_000,
        each=1,
        store=store,
    )
    _wait(lambda: study_status(study, store).state == "complete")
    for number in range(count):
        person = rooms.join(opened.code, f"entrant {number}", store)
        recipe = RecipeRecord(({"step": "fine_tuning", "steps": 2000 + number},))
        league.enter_league(opened.code, person.token, recipe, store)
    _wait(lambda: league.advance_league(rooms.look(opened.code, store), store) or _at_work(study, store))
    return study


def _at_work(study: str, store: Store) -> int:
    return len(study_status(study, store).progress)


def _wait(until: Callable[[], object]) -> None:
    end = time.monotonic() + 300
    while not until():
        assert time.monotonic() < end, "the league did not begin"
        time.sleep(0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--students", type=int, default=30, choices=range(1, 101), metavar="1..100")
    parser.add_argument("--window", type=float, default=8.0, help="seconds in which all answer")
    parser.add_argument("--quiet", type=float, default=10.0, help="seconds of polling alone after each round")
    parser.add_argument("--busy", type=int, default=0, help="league entries that compute meanwhile")
    arguments = parser.parse_args()
    place = next(each for each in places() if each.declared and isinstance(each.declared.predicts, Choice))
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        store = Store(server.home)
        opened = rooms.open_room(store)
        study = _compute(arguments.busy, opened, store)
        process = psutil.Process(server.pid)
        before = sum(process.cpu_times()[:2])
        seen = asyncio.run(lesson(server, opened, place, arguments))
        spent = sum(process.cpu_times()[:2]) - before
        computing = _at_work(study, store) if study else 0
        if study:
            cancel_study(study, store)
    print(f"{arguments.students} students, {computing} of {arguments.busy} league entries still at work")
    for name in ("join", "answer", "follow", "poll"):
        print(f"{name:8} {_spread(getattr(seen, name))}")
    print(
        f"processor {spent:.1f} s of the server in all, memory {seen.memory[0]:.0f} → {max(seen.memory):.0f} MB"
    )
    print(f"wrong    {len(seen.wrong)}")
    for text in sorted(set(seen.wrong)):
        print(f"  {text[:200]}")


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return "-"
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    middle, longest = statistics.median(ordered), ordered[-1]
    return f"{len(ordered)} times, median {middle:.3f} s, p95 {p95:.3f} s, longest {longest:.3f} s"


if __name__ == "__main__":
    main()
