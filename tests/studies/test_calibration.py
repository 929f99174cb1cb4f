"""Estimates for a device, calibrated by what was measured there."""

from __future__ import annotations

import pytest

from edgeslim.records import Latency, RecipeRecord, Sizes
from edgeslim.runtime import MAIN
from edgeslim.studies.calibration import calibrated, profile_of
from edgeslim.studies.devices_measured import DeviceFile, DeviceMeasurement
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

FLOAT, INTEGER = 1 / 4e6, 1 / 10e6
"""Milliseconds for each multiply-accumulate."""
WORK = {0: (400e6, 0.0), 1: (200e6, 0.0), 2: (400e6, 0.9), 3: (100e6, 0.5), 4: (250e6, 0.8)}
"""Multiply-accumulates and the share of them in int8, by number."""


def trial(number: int) -> TrialResult:
    macs, share = WORK[number]
    return TrialResult(
        number=number,
        state="complete",
        recipe=RecipeRecord(),
        title="",
        recipe_fingerprint="",
        model="m",
        sha256=str(number) * 64,
        sizes=Sizes(100_000, 90_000),
        macs=round(macs),
        int8_macs=round(macs * share),
    )


def milliseconds(number: int) -> float:
    macs, share = WORK[number]
    return macs * (1 - share) * FLOAT + macs * share * INTEGER


def measurement(*numbers: int, model: str = "Raspberry Pi 5 Model B Rev 1.0") -> DeviceMeasurement:
    files = tuple(
        DeviceFile(
            trial=number,
            onnx=str(number) * 64,
            runtime=MAIN,
            version="1",
            latencies={1: Latency(milliseconds(number), 0.0, 1.0, (1.0, 1.0), 30)},
            sqnr_db=200.0,
            plain_sqnr_db=200.0,
        )
        for number in numbers
    )
    return DeviceMeasurement(
        name="my Pi",
        made="",
        bundle="",
        baseline="0" * 64,
        device={"model": model, "machine": "aarch64"},
        files=files,
    )


STUDY = StudyResult(
    name="s", state="complete", model="m", dataset="d", baseline=0, trials=tuple(map(trial, WORK))
)


def test_rates_of_float_and_integer_work_are_found_and_estimate_the_other_files() -> None:
    found = calibrated(STUDY, measurement(0, 1, 2, 3))
    assert found is not None and found.profile == "rpi5" and found.files == 4
    assert found.rates[:2] == pytest.approx((FLOAT, INTEGER), rel=1e-6)
    assert found.after == pytest.approx(1.0, abs=1e-6)
    assert found.milliseconds(STUDY.trials[4]) == pytest.approx(milliseconds(4), rel=1e-6)
    assert found.before is not None and 1.2 < found.before < 2.5  # 19.2 G/s, of which 15 to 60 % are assumed


def test_too_few_files_calibrate_nothing_and_an_unknown_device_has_no_estimate_before() -> None:
    assert calibrated(STUDY, measurement(0, 1)) is None
    found = calibrated(STUDY, measurement(0, 1, 2, model="A board"))
    assert found is not None and found.before is None and found.profile == ""


def test_a_device_is_recognised_by_what_it_calls_itself() -> None:
    named = {"Raspberry Pi 4 Model B Rev 1.2": "rpi4", "NVIDIA Jetson Orin Nano Developer Kit": "orin_nano"}
    for model, name in named.items():
        profile = profile_of({"model": model, "machine": "aarch64"})
        assert profile is not None and profile.name == name
    laptop = profile_of({"model": "", "machine": "x86_64"})
    assert laptop is not None and laptop.name == "laptop"
    assert profile_of({"cpu": "?"}) is None
