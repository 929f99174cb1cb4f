"""`study time`, `make`, `save` and `flips`: a study's files on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.artifacts.store import write_atomically
from edgeslim.cli.common import Arguments, add, clear_line, counted, show_line, tell
from edgeslim.errors import EdgeSlimError, StudyError
from edgeslim.report.flips import flips_line
from edgeslim.report.machine import timing_table
from edgeslim.units import format_bytes, format_clock
from edgeslim.workbench import ErrandStatus, flips

_WATCH_SECONDS = 0.3


def add_errands(commands: Any) -> None:
    command = add(
        commands, "time", _study_time, "time a study's files on this machine, beside its own timing"
    )
    command.add_argument(
        "name", metavar="NAME", help="a study, or 'sample', the one that comes with EdgeSlim"
    )
    for name, run, words in (
        ("make", _study_make, "make a trial's file again from its recipe"),
        ("save", _study_save, "save a trial's ONNX file"),
        (
            "flips",
            _study_flips,
            "measure how far an int8 file's score moves with rounding errors of its inputs",
        ),
    ):
        command = add(commands, name, run, words)
        command.add_argument("name", metavar="NAME")
        command.add_argument("number", type=int, metavar="N", help="number of the trial")
        if name == "save":
            command.add_argument(
                "--to", type=Path, metavar="FILE|DIR", help="where to (default: MODEL-N.onnx here)"
            )


def _study_time(given: Arguments) -> int:
    study = workbench.known_study(given.name, given.store)
    workbench.time_study(study, given.store)
    watch_errand(given, lambda: workbench.timing_status(study, given.store))
    timing = workbench.timing_here(study, given.store)
    assert timing is not None, "it was just made"
    tell(given, timing, lambda: timing_table(study, timing))
    return 0


def _study_make(given: Arguments) -> int:
    study = workbench.known_study(given.name, given.store)
    workbench.make_again(study, given.number, given.store)
    watch_errand(given, lambda: workbench.making_status(study, given.number, given.store))
    trial = study.trial(given.number)
    assert trial is not None and trial.sha256 is not None, "else there is nothing to make"
    path = workbench.artifact_path(trial.sha256, given.store)
    tell(given, {"sha256": trial.sha256, "file": path}, lambda: str(path))
    return 0


def _study_save(given: Arguments) -> int:
    study = workbench.known_study(given.name, given.store)
    content, name = workbench.trial_file(study, given.number, given.store)
    wanted: Path = given.to or Path()
    path = wanted / name if wanted.is_dir() else wanted
    write_atomically(path, content)
    tell(given, {"file": path, "bytes": len(content)}, lambda: f"{path}  {format_bytes(len(content))}")
    return 0


def _study_flips(given: Arguments) -> int:
    study = workbench.known_study(given.name, given.store)
    trial = workbench.trial_of(study, given.number)
    if flips.flips_of(study, given.number, given.store) is None:
        flips.begin_flips(study, given.number, given.store)
        watch_errand(given, lambda: flips.flips_status(study, given.number, given.store))
    found = flips.flips_of(study, given.number, given.store)
    assert found is not None, "it was just measured"
    tell(given, found, lambda: flips_line(found, trial))
    return 0


def watch_errand(given: Arguments, look: Callable[[], ErrandStatus | None]) -> None:
    """Show progress and time left until the end. Raises EdgeSlimError if it fails; it goes on after Ctrl-C."""
    while (status := look()) is not None and status.state == "running":
        if not given.json and status.current is not None:
            left = "" if status.left is None else f", {format_clock(round(status.left))} left"
            show_line(f"{counted(status.current)}{left}")
        time.sleep(_WATCH_SECONDS)
    clear_line()
    if status is not None and status.error is not None:
        raise EdgeSlimError.of(status.error)
    if status is None or status.state != "complete":
        raise StudyError("errand_ended")
