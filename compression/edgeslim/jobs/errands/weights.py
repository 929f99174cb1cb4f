"""The weights of each layer of a file, looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.progress import Progress


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtWeights:
    name: ClassVar[str] = "look_at_weights"
    who: str
    sha256: str
    """Of a file in the store."""

    @property
    def key(self) -> str:
        return f"weights-{self.sha256[:32]}"

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.analysis.layer_weights import file_weights
        from edgeslim.measurement.machine import busy

        with store.in_use(), busy(self.who, progress) as report:
            file_weights(self.sha256, store.path(self.sha256).read_bytes(), store, report)
