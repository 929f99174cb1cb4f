"""Devices as they are declared: room as limits, and a time that is an estimate."""

import json
from pathlib import Path

import pytest

from edgeslim.studies.budget import Budget
from edgeslim.studies.devices import DEVICES, Device

LOCALES = Path(__file__).parents[2] / "compression" / "edgeslim" / "ui" / "locales"


@pytest.mark.parametrize("device", tuple(DEVICES), ids=lambda device: device.name)
def test_a_device_is_a_budget_and_says_where_its_figures_are_from(device: Device) -> None:
    assert Budget.of(**device.limits).limits == device.limits
    for language in ("en", "zh"):
        words = json.loads((LOCALES / f"{language}.json").read_text())
        told = words[f"device.{device.name}_source"]
        assert "{flash}" in told and "{ram}" in told


def test_an_estimate_is_a_range_from_multiplications_and_the_peak() -> None:
    fast, slow = DEVICES.get("rpi4").milliseconds(6e8)
    assert fast == pytest.approx(100 / 0.6)
    assert slow == pytest.approx(100 / 0.15)


def test_a_microcontroller_reads_its_weights_where_they_lie() -> None:
    assert DEVICES.get("stm32h7").limits == {"file": 2_000_000, "memory": 1_000_000}
    assert set(DEVICES.get("rpi5").limits) == {"file", "ram"}
