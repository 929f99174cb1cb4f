"""What several trained networks get right, told as one fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from edgeslim.lessons.base import Fact, MeasuredOn
from edgeslim.lessons.views import Axis, Bars, Series
from edgeslim.metrics.bootstrap import resampled_mean

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab

ACCURACY = Axis(name="accuracy", unit="share")


def on_digits(lab: Lab, networks: str, images: int | None = None) -> MeasuredOn:
    """Measured on the first validation digits (None: all), with networks that need not be sample models."""
    workload = lab.workload("digits-mlp", images)
    return MeasuredOn(model=networks, dataset=workload.dataset, images=len(workload.evaluation))


def right(correct: NDArray[Any]) -> Fact:
    """The share of `correct` (S, N), over the networks and images; the interval is that over images."""
    found = resampled_mean(correct.mean(axis=0))
    low, high = found.ci95 or (None, None)
    return Fact(value=found.value, unit="share", low=low, high=high)


def surely_better(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether the interval of the paired difference on the same images lies above zero."""
    found = resampled_mean((one.mean(axis=0) - other.mean(axis=0)).astype(float))
    return found.paired_ci95 is not None and found.paired_ci95[0] > 0


def bars(groups: Sequence[str], series: Mapping[str, Sequence[Fact]], y: Axis = ACCURACY) -> Bars:
    """A bar with its interval for every fact."""
    return Bars(
        y=y,
        groups=tuple(groups),
        series=tuple(
            Series(
                name=name,
                y=tuple(fact.value for fact in facts),
                low=tuple(fact.value if fact.low is None else fact.low for fact in facts),
                high=tuple(fact.value if fact.high is None else fact.high for fact in facts),
            )
            for name, facts in series.items()
        ),
    )
