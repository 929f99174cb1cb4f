"""`store …`: the data folder, whether it is sound, and making room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeslim import workbench
from edgeslim.artifacts.upkeep import Finding, GarbageReport, Usage
from edgeslim.cli.common import Arguments, add, size, tell
from edgeslim.report.text import table
from edgeslim.units import format_bytes

UNSOUND = 1
"""The exit code when files are corrupt or missing, or there was no room to be made."""


def add_commands(commands: Any) -> None:
    add(commands, "info", _info, "what lies in the data folder")
    command = add(commands, "check", _check, "read every file: is it what it should be, and is it there?")
    command.add_argument("--repair", action="store_true", help="remove corrupt files that can be made again")
    command = add(
        commands, "gc", _collect, "remove what nothing refers to, then what was used least recently"
    )
    command.add_argument(
        "--max-bytes", type=size, metavar="2GB", help="how large the folder may be afterwards"
    )
    command.add_argument(
        "--wait", type=float, default=0.0, metavar="S", help="seconds to wait for what is at work"
    )


def _info(given: Arguments) -> None:
    found = workbench.store_info(given.store)
    heading = f"{found.root}: {format_bytes(found.bytes)}, {found.studies} studies"
    free = f"{format_bytes(found.free)} free on the disk"
    tell(given, found, lambda: f"{heading}; {free}\n{_usage(found.kinds, 'kind')}")


def _usage(kinds: Mapping[str, Usage], heading: str) -> str:
    rows = [[kind, usage.files, format_bytes(usage.bytes)] for kind, usage in kinds.items()]
    return table(rows, [heading, "files", "size"])


def _check(given: Arguments) -> int:
    found = workbench.check_store(given.store, repair=given.repair)
    lines = [_line(finding) for finding in found]
    tell(given, found, lambda: "\n".join(lines) or "every file is what it should be")
    unsound = [finding for finding in found if finding.problem != "unreferenced" and not finding.removed]
    return UNSOUND if unsound else 0


def _line(finding: Finding) -> str:
    words = f"{finding.path} is {finding.problem}"
    if finding.needed_by:
        words += f" (needed by {finding.needed_by})"
    return f"{words}; removed" if finding.removed else words


def _collect(given: Arguments) -> int:
    found = workbench.collect_garbage(given.store, given.max_bytes, given.wait)
    tell(given, found, lambda: _collected(found))
    return 0 if found.fits else UNSOUND


def _collected(found: GarbageReport) -> str:
    lines = [f"{format_bytes(found.before)} before, {format_bytes(found.after)} now"]
    if found.removed:
        lines.append(_usage(found.removed, "removed"))
    if not found.fits:
        lines.append(
            "The rest is needed: studies with their files, models, data. Delete studies to make room."
        )
    return "\n".join(lines)
