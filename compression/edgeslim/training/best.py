"""The best state of a run by a figure of its log, and whether it is time to stop since nothing gets better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

State = dict[str, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepBest:
    """The run ends with the weights of the epoch in which `figure` was highest, and early once it has not risen for
    `patience` epochs."""

    figure: str
    patience: int


@dataclass(slots=True)
class Best:
    """The state of the best epoch so far; None before there is one."""

    wanted: KeepBest
    value: float = -1.0
    state: State | None = field(default=None, repr=False)

    def look(self, row: Mapping[str, float], state: Mapping[str, Tensor]) -> None:
        """Keep the state of an epoch if it is the best."""
        if row[self.wanted.figure] >= self.value:
            self.value = row[self.wanted.figure]
            self.state = {name: tensor.detach().to("cpu", copy=True) for name, tensor in state.items()}

    def over(self, rows: Sequence[Mapping[str, float]]) -> bool:
        """Whether the run has gone on for too long without getting better."""
        return epochs_since_best([row[self.wanted.figure] for row in rows]) >= self.wanted.patience


def epochs_since_best(values: Sequence[float]) -> int:
    """How many epochs there were after the first one with the highest value; 0 while all are 0."""
    if not values or max(values) <= 0:
        return 0
    return len(values) - 1 - values.index(max(values))


def saved(best: Best | None) -> dict[str, object] | None:
    """As a checkpoint keeps it."""
    return None if best is None or best.state is None else {"value": best.value, "state": best.state}
