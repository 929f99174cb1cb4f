"""`bundle` and `device`: files to be measured on a device of one's own, and what comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.artifacts.store import write_atomically
from edgeslim.cli.common import Arguments, add, tell
from edgeslim.cli.errands import watch_errand
from edgeslim.report.text import table
from edgeslim.studies.devices_measured import DeviceMeasurement
from edgeslim.units import DASH, format_bytes
from edgeslim.workbench import devices


def add_bundle(commands: Any) -> None:
    command = add(commands, "bundle", _bundle, "pack a study's files to be measured on another device")
    command.add_argument(
        "name", metavar="STUDY", help="a study, or 'sample', the one that comes with EdgeSlim"
    )
    command.add_argument("numbers", type=int, nargs="+", metavar="N", help="numbers of trials")
    command.add_argument("--out", type=Path, required=True, metavar="FILE.zip", help="where to")


def add_device_commands(commands: Any) -> None:
    command = add(commands, "add", _add, "check what measure.py has written, and keep it")
    command.add_argument("file", type=Path, metavar="results.json")
    command.add_argument("--name", default="", help="what to call the device (default: as the file says)")
    command = add(commands, "list", _list, "what was measured of a study's files on devices")
    command.add_argument(
        "name", metavar="STUDY", help="a study, or 'sample', the one that comes with EdgeSlim"
    )


def _bundle(given: Arguments) -> None:
    study = workbench.known_study(given.name, given.store)
    if devices.bundle_ready(study, given.numbers, given.store) is None:
        devices.begin_bundling(study, given.numbers, given.store)
        watch_errand(given, lambda: devices.bundling_status(study, given.numbers, given.store))
    bundle = devices.bundle_ready(study, given.numbers, given.store)
    assert bundle is not None, "it was just made"
    content = devices.bundle_zip(bundle, given.store)
    write_atomically(given.out, content)
    record = {"file": given.out, "bytes": len(content), "files": len(bundle.entries)}
    tell(given, record, lambda: f"{given.out}  {format_bytes(len(content))}, {len(bundle.entries)} files")


def _add(given: Arguments) -> None:
    found = devices.add_results(devices.read_results(given.file), name=given.name, store=given.store)
    tell(given, found, lambda: _lines(found))


def _list(given: Arguments) -> None:
    study = workbench.known_study(given.name, given.store)
    found = list(devices.device_measurements(study, given.store))
    tell(given, found, lambda: "\n\n".join(map(_lines, found)) or "Nothing was measured on a device.")


def _lines(found: DeviceMeasurement) -> str:
    rows = [
        [
            f"#{each.trial}",
            f"{each.runtime} {each.version}",
            f"{each.single.median_ms:.2f}" if each.single else DASH,
            f"{each.single.ratio:.2f}" if each.single else DASH,
            each.error or ("same" if each.same else f"differ ({each.sqnr_db:.0f} dB): not taken"),
        ]
        for each in found.files
    ]
    heading = f"{found.name}: {found.device.get('cpu', '')}, {found.made}"
    return f"{heading}\n{table(rows, ['trial', 'runtime', 'ms', 'ratio', 'outputs'])}"
