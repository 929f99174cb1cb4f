"""Estimates of latency on a device, calibrated by what was measured there.

Time is what float and integer multiply-accumulates and the bytes of the file take, each at a rate of its own that is not
negative; the rates fit the measured files in relative error. What a calibrated estimate is worth is told by leaving out
each file and estimating it from the others. An estimate it remains.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.detections import Doubles
from edgeslim.runtime import MAIN
from edgeslim.studies.devices import DEVICES, Device
from edgeslim.studies.devices_measured import DeviceMeasurement
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

FEWEST = 3
"""Files, of which each is left out once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """`before` and `after` are factors by which estimates were off, as a median: 1 is exact.

    `before` is that of the device's profile, None without one; `after` of each file from the others.
    """

    device: str
    profile: str
    files: int
    before: float | None
    after: float
    rates: tuple[float, float, float]
    """Milliseconds for each float multiply-accumulate, integer one, and byte."""

    def milliseconds(self, trial: TrialResult) -> float | None:
        """An estimate for a file that was not measured there; None where its work was not counted."""
        features = _features(trial)
        return None if features is None else float(np.dot(features, self.rates))


def profile_of(device: Mapping[str, str]) -> Device | None:
    """The declared device that this one calls itself."""
    told = " ".join(device.get(key, "") for key in ("model", "machine"))
    return next((each for each in DEVICES if each.called and each.called in told), None)


def calibrated(study: StudyResult, measured: DeviceMeasurement) -> Calibration | None:
    """By the files of the study that were timed there in the main runtime; None where there are fewer than FEWEST."""
    trials = {trial.sha256: trial for trial in study.trials if trial.sha256}
    known = {
        file.onnx: (features, file.single.median_ms)
        for file in measured.files
        if file.runtime == MAIN and file.same and file.single is not None
        if (trial := trials.get(file.onnx)) is not None and (features := _features(trial)) is not None
    }
    if len(known) < FEWEST:
        return None
    work = np.array([features for features, _ in known.values()])
    times = np.array([time for _, time in known.values()])
    profile = profile_of(measured.device)
    others = [_rates(np.delete(work, k, 0), np.delete(times, k)) for k in range(len(times))]
    estimated = [float(np.dot(row, rates)) for row, rates in zip(work, others, strict=True)]
    declared = None
    if profile is not None:
        bounds = [profile.milliseconds(row[0] + row[1]) for row in work]
        declared = _off([math.sqrt(low * high) for low, high in bounds], times)
    return Calibration(
        device=measured.name,
        profile="" if profile is None else profile.name,
        files=len(known),
        before=declared,
        after=_off(estimated, times),
        rates=_rates(work, times),
    )


def _features(trial: TrialResult) -> tuple[float, float, float] | None:
    """Multiply-accumulates in float, in integers, and bytes of the file."""
    if trial.macs is None or trial.sizes is None:
        return None
    share = trial.int8_share or 0.0
    return trial.macs * (1 - share), trial.macs * share, float(trial.sizes.file)


def _rates(work: Doubles, times: Doubles) -> tuple[float, float, float]:
    """The rates of least relative error, none below 0: of all choices among the three, the best that has none."""
    best, least = (0.0, 0.0, 0.0), math.inf
    scaled = work / times[:, None]
    for count in (1, 2, 3):
        for chosen in itertools.combinations(range(work.shape[1]), count):
            columns = list(chosen)
            found = np.linalg.lstsq(scaled[:, columns], np.ones(len(times)), rcond=None)[0]
            if (found < 0).any():
                continue
            error = float(((scaled[:, columns] @ found - 1) ** 2).sum())
            if error < least - 1e-12:
                rates = np.zeros(work.shape[1])
                rates[columns] = found
                best, least = (float(rates[0]), float(rates[1]), float(rates[2])), error
    return best


def _off(estimated: Sequence[float], times: Doubles) -> float:
    """The median factor between estimates and times; infinite where an estimate is nothing."""
    factors = [
        max(a / b, b / a) if a > 0 else math.inf for a, b in zip(estimated, times.tolist(), strict=True)
    ]
    return float(np.median(factors))
