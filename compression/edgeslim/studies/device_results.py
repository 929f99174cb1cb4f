"""What comes back from another device (`measure.py`): read, checked against what was sent, and refused with the reason.

The checks find what is damaged, changed by hand, of other files, or computed otherwise. They are no proof against
somebody who means to cheat: whoever has the bundle can make up times.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.reading import parse_json
from edgeslim.records import decoded
from edgeslim.runtime import MAIN
from edgeslim.runtime.benchmark import summarise
from edgeslim.runtime.on_device.device import seal
from edgeslim.studies import bundles
from edgeslim.studies.bundles import BundleEntry, DeviceBundle
from edgeslim.studies.devices_measured import SAME_DB, DeviceFile, DeviceMeasurement, Second

LARGEST = 32_000_000
"""Bytes of a results file: a hundred files on four images are some 10 MB."""
BEST_DB = 200.0
ROUNDS = (5, 1000)
LONGEST_MS = 600_000.0
_NAME = re.compile(r"[^\w ()+\-/]+")
NAME = 40
"""Characters of a device's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mode:
    mode: str
    load_ms: float | None = None
    first_ms: float | None = None
    values: tuple[tuple[tuple[float | None, ...], ...], ...] | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    entry: int
    sha256: str
    runtime_version: str
    modes: tuple[_Mode, ...] = ()
    mode: str = ""
    memory: Mapping[str, int] | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    entry: int
    threads: int
    samples_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sustained:
    entry: int
    threads: int
    points: tuple[tuple[float, float, float | None, float | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Results:
    bundle: str
    made: str
    device: Mapping[str, str | int]
    entries: tuple[_Entry, ...]
    runs: tuple[_Run, ...]
    sustained: _Sustained | None = None


def read_results(content: bytes, store: Store, name: str = "") -> DeviceMeasurement:
    """The measurement in a results.json; `name` is what the device shall be called.

    Raises StudyError: results_unreadable, results_foreign, results_tampered, results_differ, results_nothing.
    """
    given = _parsed(content)
    found = _decoded(given["body"])
    bundle = bundles.kept(store, found.bundle) if re.fullmatch(r"[0-9a-f]{32}", found.bundle) else None
    if bundle is None:
        raise StudyError("results_foreign")
    try:
        sealed = seal(given["body"])
    except ValueError as error:
        raise unreadable("it holds what is no number") from error
    if given.get("seal") != sealed:
        raise StudyError("results_tampered", reason="its seal does not fit its content")
    timed = _timed(found, bundle)
    files = tuple(_file(each, bundle, timed) for each in found.entries)
    _check_original(files, bundle)
    called = _called(name or str(found.device.get("name", "")))
    return DeviceMeasurement(
        name=called,
        made=found.made[:32],
        bundle=bundle.key,
        baseline=bundle.baseline,
        device={str(key)[:40]: str(value)[:120] for key, value in list(found.device.items())[:20]},
        files=files,
        sustained=_sustained(found.sustained),
    )


def _parsed(content: bytes) -> dict[str, Any]:
    if len(content) > LARGEST:
        raise unreadable(f"it is larger than {LARGEST // 1_000_000} MB")
    try:
        given = parse_json(content)
    except ValueError as error:
        raise unreadable(str(error)) from error
    if not isinstance(given, dict) or not isinstance(given.get("body"), dict):
        raise unreadable("it is no file of measure.py")
    return given


def _decoded(body: dict[str, Any]) -> _Results:
    try:
        return decoded(_Results, body)
    except msgspec.ValidationError as error:
        raise unreadable(str(error)) from error


def _timed(found: _Results, bundle: DeviceBundle) -> dict[int, dict[int, tuple[float, ...]]]:
    """Milliseconds by threads and entry: for each number of threads as many rounds for all."""
    timed: dict[int, dict[int, tuple[float, ...]]] = {}
    for run in found.runs:
        samples = run.samples_ms
        sound = all(math.isfinite(each) and 0 < each < LONGEST_MS for each in samples)
        if not (ROUNDS[0] <= len(samples) <= ROUNDS[1] and sound and 0 < run.threads <= 1024):
            raise unreadable("it holds times that cannot be")
        if run.entry not in range(len(bundle.entries)) or run.entry in timed.get(run.threads, {}):
            raise unreadable("it times a file that is not in the bundle, or one twice")
        timed.setdefault(run.threads, {})[run.entry] = samples
    if any(len({len(each) for each in files.values()}) > 1 for files in timed.values()):
        raise StudyError("results_tampered", reason="files were not timed in the same rounds")
    return timed


def _file(
    found: _Entry, bundle: DeviceBundle, timed: Mapping[int, Mapping[int, tuple[float, ...]]]
) -> DeviceFile:
    if found.entry not in range(len(bundle.entries)):
        raise unreadable("it tells of a file that is not in the bundle")
    entry = bundle.entries[found.entry]
    if found.sha256 != entry.sha256:
        raise StudyError("results_tampered", reason=f"the file of trial {entry.trial} was another one")
    near = {each.mode: _nearness(entry, each) for each in found.modes if each.values is not None}
    mode = next((each for each in found.modes if each.mode == found.mode), None)
    latencies = {}
    for threads, samples in timed.items():
        base = _base(bundle, entry, samples)
        if found.entry in samples and base is not None:
            latencies[threads] = summarise(np.array(samples[found.entry]) / 1000, np.array(base) / 1000)
    return DeviceFile(
        trial=entry.trial,
        onnx=entry.onnx,
        runtime=entry.runtime,
        version=found.runtime_version[:40],
        latencies=latencies,
        sqnr_db=near.get(found.mode, 0.0),
        plain_sqnr_db=near.get(found.modes[0].mode) if found.modes else None,
        mode=found.mode[:20],
        load_ms=mode.load_ms if mode else None,
        first_ms=mode.first_ms if mode else None,
        memory=_memory(found.memory),
        error=None if found.error is None else found.error[:300],
    )


def _base(
    bundle: DeviceBundle, entry: BundleEntry, samples: Mapping[int, tuple[float, ...]]
) -> tuple[float, ...] | None:
    """Times of the original: in the main runtime, or where that was not there, in the file's own."""
    for runtime in (MAIN, entry.runtime):
        for place, each in enumerate(bundle.entries):
            if each.onnx == bundle.baseline and each.runtime == runtime and place in samples:
                return samples[place]
    return None


def _nearness(entry: BundleEntry, mode: _Mode) -> float:
    """SQNR of the numbers that came back against ours, 0 where their number or kind is another."""
    values = mode.values or ()
    shapes = [[len(output) for output in image] for image in values]
    if shapes != [[len(output) for output in image] for image in entry.reference]:
        return 0.0
    flat = [number for image in values for output in image for number in output]
    if any(number is None or not math.isfinite(number) for number in flat):
        return 0.0
    ours = np.array([number for image in entry.reference for output in image for number in output])
    noise = float(((np.array(flat, np.float64) - ours) ** 2).sum())
    signal = float((ours**2).sum())
    if noise == 0.0:
        return BEST_DB
    return min(BEST_DB, 10 * math.log10(signal / noise)) if signal > 0 else 0.0


def _check_original(files: tuple[DeviceFile, ...], bundle: DeviceBundle) -> None:
    """Raise StudyError where the original was not timed, or gave other outputs than here."""
    originals = [each for each in files if each.onnx == bundle.baseline and each.latencies]
    if not originals:
        raise StudyError("results_nothing")
    worst = min(each.sqnr_db for each in originals)
    if worst < SAME_DB:
        raise StudyError("results_differ", decibels=f"{worst:.0f}")


def _memory(found: Mapping[str, int] | None) -> int | None:
    """Bytes that opening and running the file added to the process."""
    if not found or not 0 < found.get("before", 0) <= found.get("peak", 0) < 1 << 50:
        return None
    return found["peak"] - found["before"]


def _sustained(found: _Sustained | None) -> tuple[Second, ...]:
    if found is None:
        return ()
    points = (Second(*point) for point in found.points[:3600])
    return tuple(each for each in points if math.isfinite(each.seconds) and math.isfinite(each.milliseconds))


def _called(name: str) -> str:
    """A name that can stand in an address and a table."""
    called = " ".join(_NAME.sub(" ", name).split())[:NAME].strip()
    return called or "device"


def unreadable(reason: object) -> StudyError:
    """The error for what is no measurement of a bundle."""
    return StudyError("results_unreadable", reason=reason)
