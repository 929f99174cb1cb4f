"""What a file is worth in one runtime, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeslim.errors import ErrorRecord, Notice
from edgeslim.records import Latency

_ON = "on "
"""Begins the name under which figures on a device of one's own stand beside those in runtimes here."""


def on_device(name: str) -> str:
    return f"{_ON}{name}"


def device_of(runtime: str) -> str | None:
    """The device of a name that `on_device` has made; None for a runtime's own name."""
    return runtime.removeprefix(_ON) if runtime.startswith(_ON) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeFigures:
    """A trial's figures in a runtime, of the file delivered in that runtime's format.

    Figures are keyed as the trial's own (`accuracy`, `fidelity`: against the original in onnxruntime; `latency`: its
    ratio too), None where not measured. Where the file cannot be delivered or does not run, `error` says why.
    """

    version: str
    """Of the runtime."""
    format: str
    suffix: str
    sha256: str | None = None
    """Of the delivered file, in the store under this and the suffix."""
    bytes: int | None = None
    download: int | None = None
    """Bytes after zstd, as of `records.zstd_level`."""
    accuracy: Mapping[str, Any] | None = None
    fidelity: Mapping[str, Any] | None = None
    latency: Latency | None = None
    resamples: str | None = None
    """Where the store keeps the primary metric's resamples over images (metrics.resamples)."""
    notices: tuple[Notice, ...] = ()
    """What the file lost when it was converted."""
    error: ErrorRecord | None = None
