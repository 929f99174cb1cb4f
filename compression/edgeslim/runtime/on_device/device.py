"""What a device tells of itself, and the seal under its results."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from pathlib import Path
from typing import Any


def described(name: str) -> dict[str, Any]:
    """What it is. Nothing of it names a user, a folder or a network."""
    model = _text("/proc/device-tree/model").rstrip("\0")
    fields: dict[str, str] = {}
    for line in _text("/proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip().lower(), value.strip())
    cpu = fields.get("model name") or fields.get("hardware") or platform.processor() or platform.machine()
    return {
        "name": name or model or cpu,
        "model": model,
        "cpu": cpu,
        "cores": os.cpu_count() or 1,
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def temperature() -> float | None:
    """Of the hottest zone, where the system tells."""
    found = [_text(str(path)) for path in sorted(Path("/sys/class/thermal").glob("thermal_zone*/temp"))]
    degrees = [int(text) / 1000 for text in found if text.strip().lstrip("-").isdigit()]
    return max((each for each in degrees if 0 < each < 150), default=None)


def clock() -> float | None:
    """MHz of the first core, where the system tells."""
    text = _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq").strip()
    return int(text) / 1000 if text.isdigit() else None


def resident() -> int | None:
    """Bytes that this process has in memory, where the system tells; its peak begins anew with them."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _status("VmRSS")


def peak_resident() -> int | None:
    return _status("VmHWM")


def _status(field: str) -> int | None:
    found = [line.split() for line in _text("/proc/self/status").splitlines() if line.startswith(f"{field}:")]
    return int(found[0][1]) * 1024 if found else None


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def seal(body: dict[str, Any]) -> str:
    """A checksum against damage and slips of the hand; no proof against somebody who means to cheat."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(f"edgeslim {text}".encode()).hexdigest()
