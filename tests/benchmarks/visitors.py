"""Many visitors at once: how long a look takes, what it costs, and whether memory stays bounded.

    python tests/benchmarks/visitors.py [--visitors 30] [--looks 10] [--pause 4]     # a class of thirty
    python tests/benchmarks/visitors.py --cold                                       # the first class of a fresh server
    python tests/benchmarks/visitors.py --visitors 8 --looks 500 --pause 0           # a long run: watch the memory

Starts the app on a free port of 127.0.0.1 over an empty data folder (so with the sample study alone). One visitor goes
ahead, unless `--cold`, since much is computed once for all. Then all visitors open the first page at once, and each
looks at three pages by turns, with a pause after each look. Websockets only: no
scripts, styles and pictures are fetched, nothing is drawn. Ends after `--minutes` at the latest.

Seconds by the clock are inflated by whatever else the machine does (see the load); processor seconds per look of the
server are not. The visitors' own process needs about a tenth of that.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from app_server import Server, serving
from websocket_visitor import Look, Visitor, visitor

MEGABYTE = 2**20
TRIALS = range(1, 31)


@dataclass
class Run:
    """What was seen until now."""

    first: list[Look] = field(default_factory=list)
    later: list[Look] = field(default_factory=list)
    unanswered: int = 0
    memory: list[float] = field(default_factory=list)
    """Resident megabytes of the server, once a second."""

    @property
    def exceptions(self) -> list[str]:
        return [text for look in (*self.first, *self.later) for text in look.exceptions]


async def go_ahead(url: str) -> None:
    async with visitor(url) as one:
        for page in ("", "study", "compare"):
            await one.look(page)


async def visit(one: Visitor, number: int, looks: int, pause: float, run: Run) -> None:
    """One visitor's whole stay. Visitors do not keep step: their first pauses differ."""
    run.first.append(await one.look())
    await asyncio.sleep(pause * (number % 8) / 8)
    for turn in range(looks):
        trial = TRIALS[(7 * number + turn) % len(TRIALS)]
        page = ("study", "compare", "")[turn % 3]
        parameters = {"study": {"trial": trial}, "compare": {"image": turn % 20}}.get(page, {})
        run.later.append(await one.look(page, **parameters))
        await asyncio.sleep(pause)


async def watch(server: psutil.Process, run: Run) -> None:
    while True:
        run.memory.append(server.memory_info().rss / MEGABYTE)
        await asyncio.sleep(1)


async def load(server: Server, arguments: argparse.Namespace) -> Run:
    """All visitors at once. What was not answered when time is up is counted, not waited for."""
    run, patience = Run(), 60.0 * arguments.minutes
    watching = asyncio.create_task(watch(psutil.Process(server.pid), run))
    async with AsyncExitStack() as stack:
        every = [
            await stack.enter_async_context(visitor(server.url, patience=patience))
            for _ in range(arguments.visitors)
        ]
        stays = [visit(one, n, arguments.looks, arguments.pause, run) for n, one in enumerate(every)]
        tasks = [asyncio.create_task(stay) for stay in stays]
        done, late = await asyncio.wait(tasks, timeout=patience)
        for task in late:
            task.cancel()
        for task in done:
            task.result()
        run.unanswered = len(late)
    watching.cancel()
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--visitors", type=int, default=30, choices=range(1, 101), metavar="1..100")
    parser.add_argument("--looks", type=int, default=10, help="of each visitor, after the first")
    parser.add_argument("--pause", type=float, default=4.0, help="seconds after a look")
    parser.add_argument("--cold", action="store_true", help="nobody goes ahead")
    parser.add_argument("--minutes", type=float, default=10.0, help="the run ends then")
    parser.add_argument("options", nargs="*", help="for streamlit, after --: --runner.postScriptGC true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), *arguments.options) as server:
        if not arguments.cold:
            asyncio.run(go_ahead(server.url))
        process = psutil.Process(server.pid)
        before, began = _processor(process), time.perf_counter()
        run = asyncio.run(load(server, arguments))
        spent, lasted = _processor(process) - before, time.perf_counter() - began
        seconds = max(1e-9, sum(os.times()[:2]))
    answered = len(run.first) + len(run.later)
    print(f"{arguments.visitors} visitors, {answered} looks in {lasted:.0f} s, load {os.getloadavg()[0]:.1f}")
    print(f"first page   {_spread([look.seconds for look in run.first])}")
    print(f"  begins     {_spread([look.first for look in run.first])}")
    print(f"later looks  {_spread([look.seconds for look in run.later])}")
    print(
        f"processor    {1000 * spent / answered:.0f} ms per look of the server ({seconds:.1f} s of the visitors)"
    )
    print(f"memory       {_growth(run.memory)}")
    print(f"exceptions   {len(run.exceptions)}, unfinished visits {run.unanswered}")
    for text in sorted(set(run.exceptions)):
        print(f"  {text[:200]}")


def _processor(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "-"
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"median {statistics.median(ordered):.2f} s, p95 {p95:.2f} s, longest {ordered[-1]:.2f} s"


def _growth(megabytes: Sequence[float]) -> str:
    """Resident memory at the tenths of the run: a leak rises to the end."""
    marks = [megabytes[round(tenth / 10 * (len(megabytes) - 1))] for tenth in range(11)]
    return f"peak {max(megabytes):.0f} MB; by tenths of the run " + " ".join(f"{mark:.0f}" for mark in marks)


if __name__ == "__main__":
    main()
