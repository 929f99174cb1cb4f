"""Files timed on this machine, interleaved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.progress import Progress
from edgeslim.studies import timing

SECONDS = 50.0
"""For so long files are timed, if the fewest rounds do not take longer, and nothing else is said …"""
SECONDS_VARIABLE = "EDGESLIM_TIMING_SECONDS"
"""… here."""


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFiles:
    name: ClassVar[str] = "time_files"
    who: str
    key: str
    """Under which timings are kept (studies.timing)."""
    files: tuple[str, ...]
    """SHA-256 of files in the store, the original's first."""

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.measurement.measure import time_files
        from edgeslim.runtime import MAIN

        seconds = float(os.environ.get(SECONDS_VARIABLE, SECONDS))
        timed = time_files({MAIN: self.files}, store, self.who, progress, seconds=seconds)[MAIN]
        timing.keep(store, self.key, timed)
