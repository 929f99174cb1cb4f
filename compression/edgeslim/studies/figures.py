"""The table of figures: everything that is known of a file as a number, each declared once.

Axes of charts, columns of tables and of CSV, budgets, objectives and their forms all follow from it. A new figure is
one entry here, and its words in the locales.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgeslim.registry import Registry
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

Original = TrialResult | None
"""The study's baseline, None where it is not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of a trial. `read` takes the trial and the original, and returns None where nothing was measured."""

    name: str
    label: str
    """In English; other languages have it in their locales, under 'axis.<name>'."""
    kind: Kind
    better: Direction
    read: Callable[[TrialResult, Original], float | None]
    bounds: Callable[[TrialResult], Bounds | None] = lambda trial: None
    """The 95 % interval of the value, where there is one."""
    of_original: float | None = None
    """What the original has by definition (a ratio of 1, a change of 0) where it was not measured."""
    axis: bool = True
    """Whether charts, tables and CSV show it."""
    limit: bool = False
    """Whether a budget may limit it: a cost from above, a quality from below."""
    objective: bool = False
    """Whether a search may look for the best of it."""

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


FIGURES: Registry[Figure] = Registry("figure")


def axes(trials: Iterable[TrialResult] | None = None, cost: bool | None = None) -> tuple[Figure, ...]:
    """What charts can show: costs (or qualities) of which at least one of the trials has a value, in their order."""
    chosen = [each for each in FIGURES if each.axis and (cost is None or each.cost is cost)]
    if trials is None:
        return tuple(chosen)
    known = list(trials)
    return tuple(each for each in chosen if any(each.value(trial) is not None for trial in known))


def limits() -> tuple[Figure, ...]:
    """What a budget can limit, costs first: what is cheap to look at is said first."""
    return tuple(sorted((each for each in FIGURES if each.limit), key=lambda each: not each.cost))


def objectives() -> tuple[Figure, ...]:
    """What a search can look for, qualities first."""
    return tuple(sorted((each for each in FIGURES if each.objective), key=lambda each: each.cost))


def objective_values(trial: TrialResult) -> dict[str, float]:
    """All objectives that were measured, by name."""
    found = ((each.name, each.value(trial)) for each in objectives())
    return {name: value for name, value in found if value is not None}


def _loss(trial: TrialResult, original: Original) -> float | None:
    """How much of the primary metric is lost against the original (negative: gained), paired where that is known."""
    if (change := trial.figure("paired_delta")) is not None:
        return -change
    if original is None or original.objective is None or trial.objective is None:
        return None
    return original.objective - trial.objective


def _loss_bounds(trial: TrialResult) -> Bounds | None:
    found = trial.bounds("paired_ci95")
    return None if found is None else (-found[1], -found[0])


def _headline_bounds(trial: TrialResult, name: str) -> Bounds | None:
    """Of accuracy only the primary metric has an interval."""
    return trial.bounds("ci95") if trial.primary_metric == name else None


def _size(name: str) -> Callable[[TrialResult, Original], float | None]:
    return lambda trial, _: None if trial.sizes is None else getattr(trial.sizes, name)


def _metric(name: str, label: str) -> None:
    FIGURES.add(
        Figure(
            name=name,
            label=label,
            kind=POINTS,
            better="maximize",
            read=lambda trial, _: trial.figure(name),
            bounds=lambda trial: _headline_bounds(trial, name),
        )
    )


FIGURES.add(
    Figure(
        name="download",
        label="Download",
        kind=BYTES,
        better="minimize",
        read=_size("download"),
        limit=True,
        objective=True,
    )
)
FIGURES.add(
    Figure(
        name="file",
        label="File",
        kind=BYTES,
        better="minimize",
        read=_size("file"),
        limit=True,
        objective=True,
    )
)
FIGURES.add(
    Figure(
        name="entropy_bound",
        label="Entropy bound",
        kind=BYTES,
        better="minimize",
        read=_size("entropy_bound"),
    )
)
FIGURES.add(
    Figure(
        name="latency_ratio",
        label="Latency, as a ratio to the original's",
        kind=RATIO,
        better="minimize",
        read=lambda trial, _: None if trial.latency is None else trial.latency.ratio,
        bounds=lambda trial: None if trial.latency is None else trial.latency.ratio_ci95,
        of_original=1.0,
        limit=True,
        objective=True,
    )
)
FIGURES.add(
    Figure(
        name="latency",
        label="Latency",
        kind=MILLISECONDS,
        better="minimize",
        read=lambda trial, _: None if trial.latency is None else trial.latency.median_ms,
    )
)
FIGURES.add(
    Figure(
        name="params", label="Parameters", kind=COUNT, better="minimize", read=lambda trial, _: trial.params
    )
)
FIGURES.add(
    Figure(
        name="nonzero",
        label="Non-zero parameters",
        kind=COUNT,
        better="minimize",
        read=lambda trial, _: trial.nonzero,
    )
)
FIGURES.add(
    Figure(
        name="memory",
        label="Peak activation memory",
        kind=BYTES,
        better="minimize",
        read=lambda trial, _: (trial.memory or {}).get("peak_activation"),
        limit=True,
        objective=True,
    )
)
FIGURES.add(
    Figure(
        name="macs",
        label="MACs",
        kind=LARGE_COUNT,
        better="minimize",
        read=lambda trial, _: trial.macs,
        limit=True,
        objective=True,
    )
)
FIGURES.add(
    Figure(
        name="loss",
        label="Points lost against the original",
        kind=POINTS,
        better="minimize",
        read=_loss,
        bounds=_loss_bounds,
        axis=False,
        limit=True,
    )
)
FIGURES.add(
    Figure(
        name="accuracy",
        label="Accuracy: the headline measure, whatever it is",
        kind=POINTS,
        better="maximize",
        read=lambda trial, _: trial.objective,
        bounds=lambda trial: trial.bounds("ci95"),
        axis=False,
        limit=True,
        objective=True,
    )
)
for _name, _label in (
    ("mAP", "mAP"),
    ("AP50", "AP50"),
    ("AP75", "AP75"),
    ("AP_small", "AP, small objects"),
    ("AP_medium", "AP, medium objects"),
    ("AP_large", "AP, large objects"),
    ("top1", "Top-1 accuracy"),
    ("top5", "Top-5 accuracy"),
    ("macro_F1", "Macro-F1"),
):
    _metric(_name, _label)
FIGURES.add(
    Figure(
        name="paired_delta",
        label="Change against the original",
        kind=CHANGE,
        better="maximize",
        read=lambda trial, _: trial.figure("paired_delta"),
        bounds=lambda trial: trial.bounds("paired_ci95"),
        of_original=0.0,
    )
)
FIGURES.add(
    Figure(
        name="agreement",
        label="Agreement with the original",
        kind=SHARE,
        better="maximize",
        read=lambda trial, _: trial.figure("agreement"),
        bounds=lambda trial: trial.bounds("agreement_ci95"),
        of_original=1.0,
        limit=True,
        objective=True,
    )
)
FIGURES.add(
    Figure(
        name="sqnr_db",
        label="Output SQNR",
        kind=DECIBELS,
        better="maximize",
        read=lambda trial, _: trial.figure("sqnr_db"),
    )
)
