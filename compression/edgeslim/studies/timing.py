"""Timings of a study's files on this machine, beside those the study came with: kept by content, never overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from edgeslim.artifacts.store import Store
from edgeslim.records import Latency, decoded, encoded
from edgeslim.runtime import MAIN
from edgeslim.runtime.environment import environment
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

TIMINGS = "timings"
"""Record kind in the store: `timings/<content>/<time>.json`."""
_MACHINE = ("cpu", "flags", MAIN)
"""What tells one machine's timings from another's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One measurement: latencies by the SHA-256 of the files that were there, all interleaved with the original."""

    made: str
    """ISO 8601, UTC."""
    environment: Mapping[str, str]
    threads: int
    latencies: Mapping[str, Latency]


def content_of(study: StudyResult) -> str:
    """What a study's files are, whatever it is called."""
    files = sorted(trial.sha256 for trial in study.trials if trial.sha256)
    return hashlib.sha256("\n".join(files).encode()).hexdigest()[:32]


def keep(store: Store, content: str, latencies: Mapping[str, Latency], threads: int = 1) -> Timing:
    """Write down what was just measured here. Raises StoreError."""
    now = datetime.now(UTC)
    timing = Timing(
        made=now.isoformat(timespec="seconds"),
        environment=environment(),
        threads=threads,
        latencies=latencies,
    )
    store.put_record(f"{TIMINGS}/{content}", f"{now:%Y%m%dT%H%M%S%f}", encoded(timing))
    return timing


def latest(store: Store, content: str) -> str | None:
    """What differs once there is another timing; None without any. Nothing is read for it."""
    keys = store.keys(f"{TIMINGS}/{content}")
    return keys[-1] if keys else None


def made_here(store: Store, content: str) -> Timing | None:
    """The newest timing on a machine like this one, with this runtime; None without any."""
    for key in reversed(store.keys(f"{TIMINGS}/{content}")):
        record = store.get_record(f"{TIMINGS}/{content}", key)
        timing = None if record is None else decoded(Timing, record)
        if timing is not None and _same_machine(timing.environment):
            return timing
    return None


def retimed(study: StudyResult, timing: Timing) -> StudyResult:
    """The study with these latencies, and the machine they are of, in place of its own; a file without one has none.

    Latencies in other runtimes than the main one were not measured here, and stay.
    """

    def here(trial: TrialResult) -> TrialResult:
        return replace(trial, latency=timing.latencies.get(trial.sha256 or ""))

    trials = map(here, study.trials)
    return replace(study, trials=tuple(trials), environment={**study.environment, **timing.environment})


def _same_machine(other: Mapping[str, str]) -> bool:
    here = environment()
    return all(here.get(name) == other.get(name) for name in _MACHINE)
