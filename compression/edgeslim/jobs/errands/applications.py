"""A network of keras.applications, fetched by Keras itself, translated and listed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.progress import Progress


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportApplication:
    name: ClassVar[str] = "import_application"
    network: str
    model: str
    """What to call it."""
    side: int
    """Of its images, in pixels."""
    weights: bool

    @property
    def who(self) -> str:
        return self.model

    @property
    def key(self) -> str:
        asked = f"{self.network} {self.model} {self.side} {self.weights}"
        return hashlib.sha256(f"keras {asked}".encode()).hexdigest()

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.models.importing import application, import_listed

        progress("translating", 0, 0)
        source, spec = application(self.network, self.side, weights=self.weights)
        import_listed(source, self.model, spec, store, progress)
