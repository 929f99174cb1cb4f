"""Fair turns at this machine's cores: however many studies run, each core works on one trial at a time.

Every running study has a ticket, a file that it keeps locked, so that a dead study's ticket is void. The study that holds
the fewest cores is next; of several, the one that has waited longest. Each turn lasts for one trial, so a study of a
thousand trials does not block the others.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgeslim.artifacts.shared_lock import lock, open_lock, opened, try_lock
from edgeslim.measurement.machine import allowed, cores, locks_folder

FRESH = 5.0
"""Seconds after which a study that no longer asks for a turn is passed over."""
_PATIENCE = 0.5
"""Seconds to wait for the ledger, which is never locked for long."""
_LOOK, _SELDOM = 0.2, 2.0
"""Seconds between two checks of the queue by the study that is next, and by one that is far behind."""


@dataclass(slots=True)
class Ticket:
    """A study's line in the queue."""

    owner: str
    held: int = 0
    """Cores."""
    place: int = 0
    """Place in the queue, drawn anew on arrival, with every turn and after it; the lower comes first."""
    asked: float = 0.0
    """When it last asked for a turn that it did not get, on the machine's monotonic clock; 0 if it wants none."""

    @property
    def waits(self) -> bool:
        return time.monotonic() - self.asked < FRESH


@dataclass(frozen=True, slots=True)
class Turn:
    """Cores to use until `CoreQueue.give_back`; they are free at once when the process dies."""

    cores: tuple[int, ...]
    locks: tuple[int, ...]


class CoreQueue:
    """One study's place in the queue. `owner` is who shares with the others: each owner gets as much.

    Each turn is of `size` cores, or of all there are.
    """

    def __init__(self, owner: str, size: int) -> None:
        self.ahead: int | None = None
        """Studies that come before this one, None while it waits for nothing."""
        self._size = min(size, cores())
        self._mine = Ticket(f"{os.getuid()}:{owner}")
        self._folder = locks_folder() / "turns"
        self._path = self._folder / f"{uuid.uuid4().hex}.ticket"
        self._handle: int | None = None
        self._next_look = 0.0

    def take(self) -> Turn | None:
        """A turn, if cores are free and no study comes before; else None, and this study waits in the queue."""
        if time.monotonic() < self._next_look:
            return None
        with contextlib.suppress(TimeoutError), self._ledger() as others:
            mine = self._mine
            mine.asked = time.monotonic()
            self.ahead = ahead = _before(mine, others)
            turn = self._free() if ahead == 0 else None
            if turn is not None:
                mine.held += len(turn.cores)
                mine.place = _last(others)
                mine.asked, self.ahead = 0.0, None
            self._write()
            if turn is None:
                delay = _LOOK * (1 + ahead / self._size)
                self._next_look = time.monotonic() + min(delay, _SELDOM)
            return turn
        return None

    def give_back(self, turn: Turn) -> None:
        """End the turn and free its cores."""
        for handle in turn.locks:
            os.close(handle)
        self._mine.held -= len(turn.cores)
        self._next_look = 0.0
        with contextlib.suppress(TimeoutError), self._ledger() as others:
            self._mine.place = _last(others)
            self._write()

    def close(self) -> None:
        """Leave the queue."""
        if self._handle is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None

    @contextmanager
    def _ledger(self) -> Iterator[list[Ticket]]:
        """The other studies' tickets, while the ledger is locked. Raises TimeoutError."""
        with opened(self._folder / "ledger.lock") as ledger:
            lock(ledger, time.monotonic() + _PATIENCE)
            others = _others(self._folder, self._path)
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
                lock(self._handle)
                self._mine.place = _last(others)
            yield others

    def _write(self) -> None:
        assert self._handle is not None, "made when the ledger was opened"
        content = json.dumps(dataclasses.asdict(self._mine)).encode()
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, content, 0)

    def _free(self) -> Turn | None:
        """The given number of free cores, locked; None if there are fewer."""
        numbers, taken = [], []
        for number, path in _places(self._folder):
            handle = open_lock(path)
            if not try_lock(handle):
                os.close(handle)
                continue
            numbers.append(number)
            taken.append(handle)
            if len(taken) == self._size:
                return Turn(tuple(numbers), tuple(taken))
        for handle in taken:
            os.close(handle)
        return None


def _places(folder: Path) -> list[tuple[int, Path]]:
    """(core, lock file) of all that may work at once. If these are more than there are cores, cores appear repeatedly."""
    numbers = allowed()
    rounds = [divmod(index, len(numbers)) for index in range(cores())]
    return [(numbers[index], folder / f"core-{numbers[index]}-{again}.lock") for again, index in rounds]


def _others(folder: Path, mine: Path) -> list[Ticket]:
    """The other studies' tickets; those of dead studies are removed."""
    found = []
    for path in folder.glob("*.ticket"):
        if path == mine:
            continue
        with contextlib.suppress(OSError), opened(path) as handle:
            if try_lock(handle):
                path.unlink()
                continue
            with contextlib.suppress(ValueError, TypeError):  # another account may have written anything
                found.append(Ticket(**json.loads(path.read_bytes())))
    return found


def _last(others: Sequence[Ticket]) -> int:
    """The place behind all the others."""
    return 1 + max((ticket.place for ticket in others), default=0)


def _before(mine: Ticket, others: Sequence[Ticket]) -> int:
    """How many waiting studies get a turn before this one."""
    by_owner: dict[str, int] = {}
    for ticket in (mine, *others):
        by_owner[ticket.owner] = by_owner.get(ticket.owner, 0) + ticket.held

    def order(ticket: Ticket) -> tuple[int, int, int]:
        return by_owner[ticket.owner], ticket.held, ticket.place

    return sum(ticket.waits and order(ticket) < order(mine) for ticket in others)
