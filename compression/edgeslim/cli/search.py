"""The options of a search: its sampler, when it stops, what it weighs, and the budget."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from edgeslim.cli.common import Arguments, minutes, positive
from edgeslim.studies.budget import Budget
from edgeslim.studies.objectives import COSTS, DEFAULT, QUALITIES
from edgeslim.studies.search_run import SAMPLERS, SearchRun
from edgeslim.units import parse_bytes

_BYTES = ("download", "file", "memory")


def add_stop_rules(command: argparse.ArgumentParser) -> None:
    command.add_argument("--minutes", type=minutes, metavar="M", help="search for so long")
    command.add_argument("--trials", type=positive, metavar="N", help="propose so many recipes")
    command.add_argument(
        "--patience", type=positive, metavar="N", help="stop after so many recipes without progress"
    )


def add_search(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--search",
        choices=SAMPLERS,
        help="find recipes: evolution (nsga2) or a model of what was measured (tpe), both from the ready recipes on; "
        "or without learning, by chance or over a grid",
    )
    add_stop_rules(command)
    command.add_argument(
        "--objective",
        action="append",
        choices=(*QUALITIES, *COSTS),
        help=f"what the front weighs, twice or more (default: {' and '.join(DEFAULT)})",
    )
    command.add_argument(
        "--budget",
        action="append",
        type=limit,
        default=[],
        metavar="LIMIT",
        help="what a file must keep: download=150KB, file=1MB, memory=2MB, macs=50M, latency_ratio=0.8, "
        "accuracy=-1.0 (points lost at most), accuracy=70 (points at least), agreement=0.9",
    )
    command.add_argument(
        "--no-multi-fidelity", action="store_true", help="measure every recipe fully, none cheaply first"
    )
    command.add_argument("--seed", type=int, default=0, help="of the search")


def stint_of(given: Arguments) -> SearchRun | None:
    """What was asked, if a search was. Raises StudyError."""
    if given.search is None:
        return None
    return SearchRun(
        sampler=given.search,
        minutes=given.minutes,
        trials=given.trials,
        patience=given.patience,
        multi_fidelity=not given.no_multi_fidelity,
        seed=given.seed,
    )


def budget_of(given: Arguments) -> Budget:
    limits: dict[str, Any] = {}
    for each in given.budget:
        limits |= each
    return Budget(**limits)


def limit(text: str) -> Mapping[str, Any]:
    """'download=150KB' as the limit of a budget."""
    name, _, value = text.partition("=")
    try:
        if name in _BYTES or name == "macs":
            return {name: parse_bytes(value)}
        number = float(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{value}' is no amount of '{name}'") from error
    if name == "latency_ratio" and number > 0:
        return {name: number}
    if name == "accuracy" and number <= 0:
        return {"loss": -number / 100}
    if name in QUALITIES and 0 < number <= 100:
        return {name: number if number <= 1 else number / 100}
    raise argparse.ArgumentTypeError(
        f"'{text}' is no limit: give download, file, memory, macs, latency_ratio, accuracy or agreement"
    )
