"""The table of figures: everything that is known of a file as a number, each declared once.

Axes of charts, columns of tables and of CSV, budgets, objectives and their forms all follow from it. A new figure is
one entry here, and its words in the locales. What a file is worth in another runtime than the main one follows too:
'latency.<runtime>' is 'latency' there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from edgeslim.registry import Registry
from edgeslim.runtime import MAIN
from edgeslim.runtime.figures import device_of
from edgeslim.studies.figure_values import (
    Original,
    Read,
    headline_bounds,
    loss,
    loss_bounds,
    named,
    ram,
    size,
)
from edgeslim.studies.pareto import Direction
from edgeslim.studies.trial import Bounds, TrialResult
from edgeslim.units import (
    BYTES,
    CHANGE,
    COUNT,
    DECIBELS,
    LARGE_COUNT,
    MILLISECONDS,
    POINTS,
    RATIO,
    SHARE,
    Kind,
)


def no_interval(trial: TrialResult) -> Bounds | None:
    """The `bounds` of a figure whose interval is not known."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of a trial. `read` takes the trial and the original, and returns None where nothing was measured."""

    name: str
    label: str
    """In English; other languages have it in their locales, under 'axis.<name>'."""
    kind: Kind
    better: Direction
    read: Read
    bounds: Callable[[TrialResult], Bounds | None] = no_interval
    """The 95 % interval of the value, where there is one."""
    of_original: float | None = None
    """What the original has by definition (a ratio of 1, a change of 0) where it was not measured."""
    axis: bool = True
    """Whether charts and CSV show it."""
    column: bool = True
    """Whether tables of trials show it too, which have no room for all."""
    limit: bool = False
    """Whether a budget may limit it: a cost from above, a quality from below."""
    prominent: bool = False
    """Whether forms ask for its limit at first sight, and for those of others on demand."""
    objective: bool = False
    """Whether a search may look for the best of it."""
    of_graph: bool = False
    """Whether it is counted on the ONNX graph, and so is the same in all runtimes."""
    on_device: bool = False
    """Whether it is measured on devices of one's own too; there a budget may limit it."""
    runtime: str = MAIN

    @property
    def cost(self) -> bool:
        """Whether less is better; else it is a quality."""
        return self.better == "minimize"

    def value(self, trial: TrialResult, original: Original = None) -> float | None:
        """The stored value: bytes, shares of 1 …"""
        found = self.read(trial, original)
        if found is None and original is not None and trial.number == original.number:
            return self.of_original if trial.state == "complete" else None
        return None if found is None or found != found else float(found)

    def excess(self, value: float, limit: float) -> float:
        """By how much a value misses a limit (above 0 it does): as a share of the limit, or as a difference."""
        over = value / limit - 1.0 if self.kind.relative else value - limit
        return over if self.cost else -over


class Figures(Registry[Figure]):
    """The figures in the main runtime, and by '<figure>.<runtime>' those in others."""

    def get(self, name: str) -> Figure:
        base, _, runtime = name.partition(".")
        return in_runtime(super().get(base), runtime) if runtime and name in self else super().get(name)

    def __contains__(self, name: str) -> bool:
        base, _, runtime = name.partition(".")
        return super().__contains__(base) and (not runtime or _known_in(super().get(base), runtime))


FIGURES = Figures("figure")


@cache
def in_runtime(figure: Figure, runtime: str) -> Figure:
    """What the figure is in another runtime. There the original has nothing by definition: it runs another file."""
    return replace(
        figure,
        name=f"{figure.name}.{runtime}",
        label=f"{figure.label} ({runtime})",
        read=lambda trial, original: figure.read(trial.seen_in(runtime), original),
        bounds=no_interval
        if figure.bounds is no_interval
        else lambda trial: figure.bounds(trial.seen_in(runtime)),
        of_original=None,
        prominent=False,
        objective=False,
        limit=figure.limit or device_of(runtime) is not None,
        runtime=runtime,
    )


def in_all(figures: Iterable[Figure], runtimes: Iterable[str]) -> tuple[Figure, ...]:
    """Each figure, followed by what it is in those of the runtimes that are not the main one."""
    others = [name for name in runtimes if name != MAIN]
    return tuple(
        each
        for figure in figures
        for each in (figure, *(in_runtime(figure, name) for name in others if _known_in(figure, name)))
    )


def _known_in(figure: Figure, runtime: str) -> bool:
    """Whether the figure is another one in a runtime than the main one, or on a device."""
    return not figure.of_graph and (figure.on_device or device_of(runtime) is None)


def runtimes_of(trials: Iterable[TrialResult]) -> tuple[str, ...]:
    """The runtimes besides the main one that trials were measured in."""
    return tuple(dict.fromkeys(name for trial in trials for name in trial.runtimes))


def axes(trials: Iterable[TrialResult] | None = None, cost: bool | None = None) -> tuple[Figure, ...]:
    """What charts can show: costs (or qualities) of which at least one of the trials has a value, in their order."""
    chosen = [each for each in FIGURES if each.axis and (cost is None or each.cost is cost)]
    if trials is None:
        return tuple(chosen)
    everywhere = in_all(chosen, runtimes_of(known := list(trials)))
    return tuple(each for each in everywhere if any(each.value(trial) is not None for trial in known))


def columns(trials: Iterable[TrialResult]) -> tuple[Figure, ...]:
    """What a table of the trials shows: qualities, then costs, of which at least one trial has a value."""
    chosen = (each for each in axes(trials) if each.column)
    return tuple(sorted(chosen, key=lambda each: each.cost))


def limits(runtimes: Iterable[str] = ()) -> tuple[Figure, ...]:
    """What a budget can limit of files in these runtimes, costs first."""
    known = in_all((each for each in FIGURES if each.limit or each.on_device), runtimes)
    return tuple(sorted((each for each in known if each.limit), key=lambda each: not each.cost))


def objectives() -> tuple[Figure, ...]:
    """What a search can look for, qualities first."""
    return tuple(sorted((each for each in FIGURES if each.objective), key=lambda each: each.cost))


def objective_values(trial: TrialResult) -> dict[str, float]:
    """All objectives that were measured, by name."""
    found = ((each.name, each.value(trial)) for each in objectives())
    return {name: value for name, value in found if value is not None}


def _cost(name: str, label: str, kind: Kind, read: Read, **more: Any) -> None:
    FIGURES.add(Figure(name=name, label=label, kind=kind, better="minimize", read=read, **more))


def _quality(name: str, label: str, kind: Kind, read: Read, **more: Any) -> None:
    FIGURES.add(Figure(name=name, label=label, kind=kind, better="maximize", read=read, **more))


_cost("download", "Download", BYTES, size("download"), limit=True, prominent=True, objective=True)
_cost("file", "File", BYTES, size("file"), limit=True, objective=True)
_cost("entropy_bound", "Entropy bound", BYTES, size("entropy_bound"), column=False, of_graph=True)
_cost(
    "latency_ratio",
    "Latency, as a ratio to the original's",
    RATIO,
    lambda trial, _: None if trial.latency is None else trial.latency.ratio,
    bounds=lambda trial: trial.latency and trial.latency.ratio_ci95,
    of_original=1.0,
    limit=True,
    prominent=True,
    objective=True,
    on_device=True,
)
_cost(
    "latency",
    "Latency",
    MILLISECONDS,
    lambda trial, _: None if trial.latency is None else trial.latency.median_ms,
    on_device=True,
)
_cost("params", "Parameters", COUNT, lambda trial, _: trial.params, column=False, of_graph=True)
_cost("nonzero", "Non-zero parameters", COUNT, lambda trial, _: trial.nonzero, of_graph=True)
_cost(
    "memory",
    "Peak activation memory",
    BYTES,
    lambda trial, _: (trial.memory or {}).get("peak_activation"),
    column=False,
    limit=True,
    objective=True,
    of_graph=True,
)
_cost(
    "ram",
    "RAM while running: file and peak activations",
    BYTES,
    ram,
    column=False,
    limit=True,
    of_graph=True,
)
_cost("macs", "MACs", LARGE_COUNT, lambda trial, _: trial.macs, limit=True, objective=True, of_graph=True)
_cost(
    "loss",
    "Points lost against the original",
    POINTS,
    loss,
    bounds=loss_bounds,
    axis=False,
    limit=True,
    prominent=True,
)
_quality(
    "accuracy",
    "Accuracy: the headline measure, whatever it is",
    POINTS,
    lambda trial, _: trial.objective,
    bounds=lambda trial: trial.bounds("ci95"),
    axis=False,
    limit=True,
    objective=True,
)
_quality("mAP", "mAP", POINTS, named("mAP"), bounds=headline_bounds("mAP"), column=False)
_quality("AP50", "AP50", POINTS, named("AP50"), column=False)
_quality("AP75", "AP75", POINTS, named("AP75"), column=False)
_quality("AP_small", "AP, small objects", POINTS, named("AP_small"), column=False)
_quality("AP_medium", "AP, medium objects", POINTS, named("AP_medium"), column=False)
_quality("AP_large", "AP, large objects", POINTS, named("AP_large"), column=False)
_quality("top1", "Top-1 accuracy", POINTS, named("top1"), bounds=headline_bounds("top1"), column=False)
_quality("top5", "Top-5 accuracy", POINTS, named("top5"), column=False)
_quality("macro_F1", "Macro-F1", POINTS, named("macro_F1"), column=False)
_quality(
    "paired_delta",
    "Change against the original",
    CHANGE,
    named("paired_delta"),
    bounds=lambda trial: trial.bounds("paired_ci95"),
    of_original=0.0,
)
_quality(
    "former_change",
    "Change on the data that the model had learnt from",
    CHANGE,
    lambda trial, _: None if trial.former is None else trial.former.change,
    bounds=lambda trial: trial.former and trial.former.change_ci95,
)
_quality(
    "agreement",
    "Agreement with the original",
    SHARE,
    named("agreement"),
    bounds=lambda trial: trial.bounds("agreement_ci95"),
    of_original=1.0,
    limit=True,
    objective=True,
)
_quality("int8_share", "MACs in int8", SHARE, lambda trial, _: trial.int8_share, limit=True, of_graph=True)
_quality("sqnr_db", "Output SQNR", DECIBELS, named("sqnr_db"), column=False)
