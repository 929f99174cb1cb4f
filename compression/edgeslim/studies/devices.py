"""Devices that files are made for: the room that a file has there, and how fast it might run.

All of it is declared from public specifications, and nothing measured: a screen that shows a time of this table calls
it an estimate, and never shows it among measured ones. Measurements on such a device calibrate it (studies.calibration).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim.registry import Registry

MB, GB = 1_000_000, 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A kind of device. Its name in words and the sources of its figures are in the locales, under 'device.<name>'."""

    name: str
    flash: int
    """Bytes that the file may take."""
    ram: int
    """Bytes that it may take while running."""
    weights_in_flash: bool = False
    """Weights are read where they lie, so that only activations take memory."""
    peak: float
    """Multiply-accumulates a second in float32 of what runs it, by its specification: units × width × clock."""
    called: str = ""
    """Part of what such a device calls itself, or of its processor's architecture; empty where it does not tell."""
    utilisation: tuple[float, float] = (0.15, 0.6)
    """Share of the peak that small convolutional networks reach: an assumption, and a wide one."""

    @property
    def limits(self) -> Mapping[str, float]:
        """Its room as limits of a budget."""
        return {"file": self.flash, "memory" if self.weights_in_flash else "ram": self.ram}

    def milliseconds(self, macs: float) -> tuple[float, float]:
        """An estimate of the time for so many multiply-accumulates in float32, from fast to slow."""
        low, high = self.utilisation
        return 1000 * macs / (self.peak * high), 1000 * macs / (self.peak * low)


DEVICES: Registry[Device] = Registry("device")

# STMicroelectronics DS12110 (STM32H742/743): Cortex-M7 at 480 MHz, 2 MB flash, 1 MB RAM; one fused multiply-add a cycle.
DEVICES.add(
    Device(name="stm32h7", flash=2 * MB, ram=1 * MB, weights_in_flash=True, peak=0.48e9),
)
# One Cortex-A78 at 2.4 GHz: two 128-bit units, 8 fused multiply-adds a cycle (Arm, Cortex-A78 Software Optimization
# Guide). Room: what an app may add without asking for a second thought; a choice of ours.
DEVICES.add(Device(name="phone", flash=20 * MB, ram=200 * MB, peak=19.2e9))
# BCM2711: one Cortex-A72 at 1.5 GHz, 4 a cycle (Arm, Cortex-A72 Software Optimization Guide). Room: a quarter of 1 GB.
DEVICES.add(Device(name="rpi4", flash=100 * MB, ram=250 * MB, peak=6e9, called="Raspberry Pi 4"))
# BCM2712: one Cortex-A76 at 2.4 GHz, 8 a cycle (Arm, Cortex-A76 Software Optimization Guide). Room: a quarter of 2 GB.
DEVICES.add(Device(name="rpi5", flash=100 * MB, ram=500 * MB, peak=19.2e9, called="Raspberry Pi 5"))
# NVIDIA Jetson Orin Nano 8 GB: GPU of 1024 CUDA cores at 625 MHz (data sheet DS-11105). Room: a quarter of its memory.
DEVICES.add(Device(name="orin_nano", flash=500 * MB, ram=2 * GB, peak=640e9, called="Jetson Orin Nano"))
# One x86-64 core with AVX2 at 3 GHz: two 256-bit units, 16 a cycle. Room: a quarter of 8 GB.
DEVICES.add(Device(name="laptop", flash=500 * MB, ram=2 * GB, peak=48e9, called="x86_64"))
