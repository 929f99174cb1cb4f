"""The weights of each layer of a file, looked at; and how far they are from another file's."""

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
    before: str = ""
    """Of another one, which its weights are compared with."""

    @property
    def key(self) -> str:
        return f"weights-{self.sha256[:24]}-{self.before[:24]}"

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.analysis.layer_weights import file_weights, weight_noise
        from edgeslim.measurement.machine import busy

        with store.in_use(), busy(self.who, progress) as report:
            content = store.path(self.sha256).read_bytes()
            file_weights(self.sha256, content, store, report)
            if self.before:
                other = store.path(self.before).read_bytes()
                file_weights(self.before, other, store, report)
                weight_noise(self.before, self.sha256, (other, content), store)
