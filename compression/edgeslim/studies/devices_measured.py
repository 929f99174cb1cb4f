"""Times of files on devices of one's own: kept by the original that they are ratios to, beside every study of it.

They join a study as figures in a runtime that is called 'on <device>': axes, columns and limits follow from that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from edgeslim.artifacts.store import Store
from edgeslim.records import Latency, decoded, encoded
from edgeslim.runtime import MAIN
from edgeslim.runtime.figures import RuntimeFigures, on_device
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

DEVICES = "devices"
"""Record kind in the store: `devices/<SHA-256 of the original>/<time>.json`."""
SAME_DB = 30.0
"""A file whose outputs are further from ours than this computes something else there: its time is no figure of ours."""


@dataclass(frozen=True, slots=True)
class Second:
    """A second of running without a pause; degrees Celsius and MHz where the device tells."""

    seconds: float
    milliseconds: float
    temperature: float | None = None
    clock: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFile:
    """A trial's file in a runtime on the device."""

    trial: int
    """Its number in the study that the bundle was made of."""
    onnx: str
    """SHA-256 of the trial's ONNX file."""
    runtime: str
    version: str
    latencies: Mapping[int, Latency]
    """By number of threads; ratios to the original there."""
    sqnr_db: float
    """Outputs there against those here, in the mode in which it was timed."""
    plain_sqnr_db: float | None
    """The same in a plain session."""
    mode: str = ""
    load_ms: float | None = None
    first_ms: float | None = None
    memory: int | None = None
    """Bytes that opening and running it added to a process."""
    error: str | None = None

    @property
    def same(self) -> bool:
        """Whether it computes there what it computes here."""
        return self.sqnr_db >= SAME_DB

    @property
    def single(self) -> Latency | None:
        """On one thread, or on the fewest that were timed."""
        return self.latencies[min(self.latencies)] if self.latencies else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMeasurement:
    name: str
    made: str
    bundle: str
    baseline: str
    """SHA-256 of the original's ONNX file."""
    device: Mapping[str, str]
    files: tuple[DeviceFile, ...]
    sustained: tuple[Second, ...] = ()
    profile: str = ""
    """The device of `studies.devices` that it is, where somebody has said so or it was recognised."""


def keep(store: Store, measurement: DeviceMeasurement) -> None:
    """Raises StoreError."""
    key = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    store.put_record(f"{DEVICES}/{measurement.baseline}", key, encoded(measurement))


def latest(store: Store, study: StudyResult) -> str | None:
    """What differs once `measured` does; None without any. Nothing is read for it."""
    keys = _keys(store, study)
    return keys[-1] if keys else None


def measured(store: Store, study: StudyResult) -> tuple[DeviceMeasurement, ...]:
    """The newest of each device, of the study's original, in the order of their names."""
    found: dict[str, DeviceMeasurement] = {}
    for key in _keys(store, study):
        assert study.original is not None, "else there are no keys"
        record = store.get_record(f"{DEVICES}/{study.original.sha256}", key)
        if record is not None:
            each = decoded(DeviceMeasurement, record)
            found[each.name] = each
    return tuple(found[name] for name in sorted(found))


def with_devices(study: StudyResult, measurements: Iterable[DeviceMeasurement]) -> StudyResult:
    """The study whose trials have figures on these devices too, as far as their files were timed there."""
    on: dict[str, dict[str, RuntimeFigures]] = {}
    for measurement in measurements:
        for file in measurement.files:
            if file.single is None or not file.same:
                continue
            name = measurement.name if file.runtime == MAIN else f"{measurement.name}, {file.runtime}"
            figures = RuntimeFigures(
                version=f"{file.runtime} {file.version}", format="", suffix="", latency=file.single
            )
            on.setdefault(file.onnx, {})[on_device(name)] = figures

    def joined(trial: TrialResult) -> TrialResult:
        more = on.get(trial.sha256 or "")
        return dataclasses.replace(trial, runtimes={**trial.runtimes, **more}) if more else trial

    return dataclasses.replace(study, trials=tuple(map(joined, study.trials))) if on else study


def _keys(store: Store, study: StudyResult) -> list[str]:
    original = study.original
    return [] if original is None or original.sha256 is None else store.keys(f"{DEVICES}/{original.sha256}")
