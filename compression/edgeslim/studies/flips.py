"""How far an int8 file's score moves when its inputs differ by rounding errors, as it is kept by content. Reads without
onnxruntime.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from edgeslim.artifacts.store import Store
from edgeslim.records import decoded, encoded
from edgeslim.studies.trial import Bounds

FLIPS = "flips"
"""Record kind in the store."""
RUNS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """The headline measure (0–1) of one file, as it was scored and in `runs` on inputs that differ by rounding errors."""

    metric: str
    images: int
    scored: float
    runs: tuple[float, ...]
    deviation: float
    """Standard deviation of the runs."""
    further: float
    """Half the 95 % interval, around their mean, of one more run."""

    @property
    def mean(self) -> float:
        return sum(self.runs) / len(self.runs)

    def interval(self, value: float, bounds: Bounds) -> Bounds:
        """An interval over images of a `value` that was scored once, with the spread of the runs in it and around their
        mean: of the measure itself, or of its difference from an original that does not flip."""
        middle = value + self.mean - self.scored
        low, high = value - bounds[0], bounds[1] - value
        return middle - hypot(low, self.further), middle + hypot(high, self.further)


def keep(store: Store, key: str, found: Flips) -> None:
    """Raises StoreError."""
    store.put_record(FLIPS, key, encoded(found))


def kept(store: Store, key: str) -> Flips | None:
    """None where it was not measured."""
    record = store.get_record(FLIPS, key)
    return None if record is None else decoded(Flips, record)
