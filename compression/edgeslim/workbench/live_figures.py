"""Figures of a visitor's own device, measured in their browser: invited, checked as those of a bundle are, and kept."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from edgeslim.artifacts.store import Store
from edgeslim.errors import AccessError
from edgeslim.records import decoded
from edgeslim.runtime import MAIN
from edgeslim.runtime.on_device.device import seal
from edgeslim.studies import device_results
from edgeslim.studies.bundles import BundleEntry, DeviceBundle
from edgeslim.studies.devices_measured import DeviceMeasurement
from edgeslim.studies.study import StudyResult
from edgeslim.workbench import devices

INVITATIONS = "invitations"
"""Record kind in the store."""
MOST_RESULTS = 100
"""Results that an invitation brings."""
Port = tuple[tuple[float, ...], ...]
"""Numbers of each output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserFile:
    """What a browser found of one file: outputs at the bundle's places for each image, and the milliseconds of runs."""

    entry: int
    sha256: str
    values: tuple[Port, ...]
    samples_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserFigures:
    """What a page reports; `browser` and `cores` are what the browser tells of itself."""

    bundle: str
    browser: str
    cores: int
    runtime: str
    files: tuple[BrowserFile, ...]


def browser_entries(bundle: DeviceBundle) -> Mapping[int, BundleEntry]:
    """The files of a bundle that a browser runs, by their place in it."""
    return {
        place: entry
        for place, entry in enumerate(bundle.entries)
        if entry.runtime == MAIN and entry.suffix == ".onnx"
    }


def images_file(bundle: DeviceBundle, store: Store | None = None) -> Path:
    """The .npy file of the prepared images that it is measured on."""
    return (store or Store()).path(bundle.images, ".npy")


def invite(study: StudyResult, store: Store | None = None) -> str:
    """A word that lets whoever knows it add figures of their device to the study.

    Raises AccessError where the visitor may not change the study.
    """
    store = store or Store()
    devices.require_own(study, store)
    word = secrets.token_urlsafe(9)
    original = study.original
    record = {"baseline": original.sha256 if original else None, "study": study.name, "results": 0}
    store.put_record(INVITATIONS, word, record)
    return word


def read_figures(sent: object) -> BrowserFigures:
    """What a page has sent. Raises StudyError (results_unreadable)."""
    try:
        return decoded(BrowserFigures, sent)
    except msgspec.ValidationError as error:
        raise device_results.unreadable(error) from error


def add_browser_figures(
    study: StudyResult, found: BrowserFigures, name: str, invitation: str = "", store: Store | None = None
) -> DeviceMeasurement:
    """Keep them as figures on the device of that name, marked as a browser's.

    They stand the checks of `devices.add_results`: files by hash, outputs against ours, times that can be. Raises
    StudyError, AccessError (not_invited, or as `devices.add_results` does).
    """
    store = store or Store()
    invited = bool(invitation) and _accepted(study, invitation, store)
    body: dict[str, Any] = {
        "bundle": found.bundle,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": {"cpu": found.browser[:120], "cores": found.cores, "system": "WebAssembly", "machine": ""},
        "entries": [
            {
                "entry": each.entry,
                "sha256": each.sha256,
                "runtime_version": found.runtime[:40],
                "modes": [{"mode": "browser", "values": each.values}],
                "mode": "browser",
            }
            for each in found.files
        ],
        "runs": [{"entry": each.entry, "threads": 1, "samples_ms": each.samples_ms} for each in found.files],
    }
    plain = json.loads(json.dumps(body))
    content = json.dumps({"body": plain, "seal": seal(plain)}).encode()
    called = f"{' '.join(name.split())[:28]} (browser)"
    return devices.add_results(content, study, called, store, invited=invited)


def _accepted(study: StudyResult, invitation: str, store: Store) -> bool:
    """Whether the word is for this study; it is then used once more. Raises AccessError (not_invited) else."""
    known = invitation.replace("-", "").replace("_", "").isalnum() and len(invitation) < 40
    record = store.get_record(INVITATIONS, invitation) if known else None
    original = study.original
    if (
        record is None
        or original is None
        or record["baseline"] != original.sha256
        or record["results"] >= MOST_RESULTS
    ):
        raise AccessError("not_invited")
    store.put_record(INVITATIONS, invitation, {**record, "results": record["results"] + 1})
    return True
