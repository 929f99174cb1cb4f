"""What can be put on an axis of the chart: where a trial holds it, which way is better, how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeslim import units
from edgeslim.registry import Registry
from edgeslim.studies.pareto import Direction

Trial = Mapping[str, Any]
"""A trial as the study's JSON holds it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A way of writing values: `scale` turns a stored value into the one drawn, in `unit` (may be empty)."""

    scale: float
    unit: str
    text: Callable[[float | None], str]


BYTES = Kind(1e-3, "KB", units.format_bytes)
COUNT = Kind(1e-3, "K", units.format_count)
LARGE_COUNT = Kind(1e-6, "M", units.format_count)
MILLISECONDS = Kind(1.0, "ms", units.format_ms)
RATIO = Kind(1.0, "×", units.format_ratio)
POINTS = Kind(100.0, "", units.format_points)
CHANGE = Kind(100.0, "", units.format_change)
SHARE = Kind(100.0, "%", units.format_share)
DECIBELS = Kind(1.0, "dB", units.format_decibels)


@dataclass(frozen=True, slots=True)
class Axis:
    """A measure: `path` leads to the value in a trial, `interval` to its 95 % interval where there is one.

    `of_baseline` is the value that the original has by definition (a ratio of 1, a change of 0).
    """

    name: str
    role: str
    """'cost' (x) or 'quality' (y)."""
    path: tuple[str, ...]
    better: Direction
    kind: Kind
    interval: tuple[str, ...] = ()
    of_baseline: float | None = None

    def value(self, trial: Trial, baseline: int | None = None) -> float | None:
        """The stored value (bytes, shares of 1 …), or None where nothing was measured."""
        found = look_up(trial, self.path)
        if found is None and trial["number"] == baseline and trial["state"] == "complete":
            return self.of_baseline
        return found

    def bounds(self, trial: Trial) -> tuple[float, float] | None:
        """The 95 % interval of the value, or None."""
        if self.interval == ("accuracy", "ci95") and trial.get("primary_metric") != self.name:
            return None
        found = _walk(trial, self.interval) if self.interval else None
        if not isinstance(found, list | tuple) or len(found) != 2 or None in found:
            return None
        return float(found[0]), float(found[1])


AXES: Registry[Axis] = Registry("axis")


def _cost(name: str, path: str, kind: Kind, of_baseline: float | None = None, interval: str = "") -> None:
    AXES.add(Axis(name, "cost", _split(path), "minimize", kind, _split(interval), of_baseline))


def _quality(
    name: str, path: str, kind: Kind = POINTS, of_baseline: float | None = None, interval: str = ""
) -> None:
    AXES.add(Axis(name, "quality", _split(path), "maximize", kind, _split(interval), of_baseline))


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")) if path else ()


_cost("download", "sizes.download", BYTES)
_cost("file", "sizes.file", BYTES)
_cost("entropy_bound", "sizes.entropy_bound", BYTES)
_cost("latency_ratio", "latency.ratio", RATIO, 1.0, "latency.ratio_ci95")
_cost("latency", "latency.median_ms", MILLISECONDS)
_cost("params", "params", COUNT)
_cost("nonzero", "nonzero", COUNT)
_cost("macs", "macs", LARGE_COUNT)
_cost("peak_memory", "memory.peak_activation", BYTES)
_quality("mAP", "accuracy.mAP", interval="accuracy.ci95")
_quality("AP50", "accuracy.AP50")
_quality("AP75", "accuracy.AP75")
_quality("AP_small", "accuracy.AP_small")
_quality("AP_medium", "accuracy.AP_medium")
_quality("AP_large", "accuracy.AP_large")
_quality("top1", "accuracy.top1", interval="accuracy.ci95")
_quality("top5", "accuracy.top5")
_quality("macro_F1", "accuracy.macro_F1")
_quality("paired_delta", "accuracy.paired_delta", CHANGE, 0.0, "accuracy.paired_ci95")
_quality("agreement", "fidelity.agreement", SHARE, 1.0, "fidelity.agreement_ci95")
_quality("sqnr_db", "fidelity.sqnr_db", DECIBELS)


def available(trials: Sequence[Trial], role: str) -> tuple[Axis, ...]:
    """The axes of that role which at least one of the trials has a value for, in their order."""
    return tuple(
        axis for axis in AXES if axis.role == role and any(axis.value(trial) is not None for trial in trials)
    )


def look_up(trial: Trial, path: Sequence[str]) -> float | None:
    """A finite number at `path`, or None."""
    found = _walk(trial, path)
    if isinstance(found, bool) or not isinstance(found, int | float) or found != found:
        return None
    return float(found)


def _walk(trial: Trial, path: Sequence[str]) -> Any:
    found: Any = trial
    for key in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return found
