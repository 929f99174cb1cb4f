"""The options of a search: its sampler, when it stops, what it weighs, and the budget."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from edgeslim.cli.common import Arguments, minutes, positive
from edgeslim.errors import StudyError
from edgeslim.studies.budget import Budget, limit_figure
from edgeslim.studies.figures import Figure, limits, objectives
from edgeslim.studies.search_run import SAMPLERS, SearchRun
from edgeslim.studies.study import DEFAULT_OBJECTIVES
from edgeslim.units import BYTES, parse_bytes


def add_stop_rules(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--minutes",
        type=minutes,
        metavar="M",
        help="search, or make recipes, for so long; those left then are out of time",
    )
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
        choices=[figure.name for figure in objectives()],
        help=f"what the front weighs, twice or more (default: {' and '.join(DEFAULT_OBJECTIVES)})",
    )
    examples = ", ".join(f"{figure.name}={_example(figure)}" for figure in limits())
    command.add_argument(
        "--budget",
        action="append",
        default=[],
        metavar="LIMIT",
        help=f"what a file must keep, a cost at most and a quality at least: {examples}; a loss is in points",
    )
    command.add_argument(
        "--no-multi-fidelity", action="store_true", help="measure every recipe fully, none cheaply first"
    )
    command.add_argument("--seed", type=int, default=0, help="of the search")


def search_run(given: Arguments) -> SearchRun | None:
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


def read_budget(texts: Iterable[str]) -> Budget:
    """Limits such as 'download=150KB'. 'accuracy=-1.0' is a loss of one point. Raises StudyError."""
    given: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        figure = limit_figure(name)
        if name == "accuracy" and value.startswith("-"):
            figure, value = limit_figure("loss"), value[1:]
        try:
            given[figure.name] = _amount(figure, value)
        except ValueError as error:
            example = _example(figure)
            raise StudyError("limit_value", name=figure.name, value=value, example=example) from error
    return Budget.of(**given)


def _amount(figure: Figure, text: str) -> float:
    """The stored value: of bytes and counts given with a suffix, of others as they are shown; a quality's share may also
    be given as it is stored, up to 1.
    """
    kind = figure.kind
    if kind.scale < 1:
        value: float = parse_bytes(text)
    else:
        value = float(text)
        if kind.scale != 100 or figure.cost or value > 1:
            value = round(value / kind.scale, 9)  # as the screens have it
    most = 1.0 if kind.scale == 100 else float("inf")
    if not (0 < value <= most or (value == 0 and figure.cost and not kind.relative)) or value == float("inf"):
        raise ValueError(f"out of range: '{text}'")
    return value


def _example(figure: Figure) -> str:
    kind = figure.kind
    if kind.scale < 1:
        return "150KB" if kind is BYTES else "50M"
    if kind.scale == 100:
        return "1.5" if figure.cost else "90"
    return "0.8"
