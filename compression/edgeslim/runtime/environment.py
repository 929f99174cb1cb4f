"""What a measurement was made on: processor and versions. Nothing names a machine, user or folder."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

from edgeslim import __version__

_FLAGS = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8", "asimddp")
"""Instruction sets that decide which number format is fast."""
_PACKAGES = ("onnxruntime", "onnx", "torch", "numpy")


@cache
def environment() -> dict[str, str]:
    """Keys: cpu, cores, flags, os, python, onnxruntime, onnx, torch, numpy, edgeslim. None is imported."""
    model, flags = _cpu()
    return {
        "cpu": model,
        "cores": str(_cores()),
        "flags": " ".join(flag for flag in _FLAGS if flag in flags),
        "os": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: package_version(name) for name in _PACKAGES},
        "edgeslim": __version__,
    }


def _cpu() -> tuple[str, frozenset[str]]:
    """Name and instruction-set flags; outside Linux the name alone is known."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor() or platform.machine(), frozenset()
    fields: dict[str, str] = {}
    for line in path.read_text(errors="replace").splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip().lower(), value.strip())
    name = fields.get("model name") or platform.machine()
    return name, frozenset((fields.get("flags") or fields.get("features") or "").split())


def _cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def package_version(package: str) -> str:
    """Of an installed package, empty if it is not there. Imports nothing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
