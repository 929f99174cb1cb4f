"""From the original to the smallest file: the stops at which the first screen shows what each saving costs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from edgeslim.report.info import worth_it
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.pareto import front
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import Bounds

MOST = 12
"""Stops that a hand can tell apart on a slider."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A file on the walk: its download in bytes, and the primary metric (share of 1) with its 95 % interval."""

    number: int
    download: float
    quality: float
    bounds: Bounds
    recommended: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """Stops from the original on, each smaller than the one before, and where to begin."""

    metric: str
    stops: tuple[Stop, ...]
    start: int
    others: tuple[tuple[float, float], ...]
    """(download, quality) of the study's other files, those too that are not here."""


def walk(study: StudyResult, here: Collection[int], loss: float) -> Walk | None:
    """The original, the front of download and primary metric, and the file that `worth_it` names.

    Only the trials of `here`, whose files can be run. Of more than `MOST` stops some in the middle are left out. None if
    nothing is smaller than the original.
    """
    original = study.original
    if original is None or original.primary_metric is None or original.number not in here:
        return None
    metric, best = original.primary_metric, worth_it(study, loss)
    sized, valued = FIGURES.get("download"), FIGURES.get(metric)
    found: dict[int, Stop] = {}
    for trial in study.trials:
        download, quality = sized.value(trial, original), valued.value(trial, original)
        if trial.measured and download is not None and quality is not None:
            bounds = valued.bounds(trial) or (quality, quality)
            found[trial.number] = Stop(trial.number, download, quality, bounds, trial.number == best)
    if original.number not in found:
        return None
    first = found[original.number]
    smaller = [one for one in found.values() if one.number in here and one.download < first.download]
    ahead = front([(one.download, one.quality) for one in smaller], [sized.better, valued.better])
    chosen = [one for k, one in enumerate(smaller) if k in ahead or one.recommended]
    if not chosen:
        return None
    chosen.sort(key=lambda one: (-one.download, one.number))
    stops = (first, *_thinned(chosen))
    start = next((k for k, stop in enumerate(stops) if stop.recommended), len(stops) - 1)
    numbers = {stop.number for stop in stops}
    others = tuple((one.download, one.quality) for one in found.values() if one.number not in numbers)
    return Walk(metric, stops, start, others)


def _thinned(stops: list[Stop]) -> list[Stop]:
    """At most MOST − 1 of them: of two that are nearest in size, as ratios, the larger one goes."""
    kept = list(stops)
    while len(kept) > MOST - 1:
        free = [k for k in range(len(kept) - 1) if not kept[k].recommended]
        del kept[min(free, key=lambda k: kept[k].download / kept[k + 1].download)]
    return kept
