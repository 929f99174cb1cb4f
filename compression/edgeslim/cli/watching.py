"""What a running study tells: a line that changes on a terminal, a line for each trial in a file."""

from __future__ import annotations

import sys

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.common import counted, show_line
from edgeslim.report.text import trial_line
from edgeslim.workbench.studies import StudyStatus


class Watcher:
    """Told again and again how far a study is, tells what is new."""

    def __init__(self, name: str, store: Store) -> None:
        self._name, self._store = name, store
        self._done, self._told = 0, set[int]()
        self._lines = not (sys.stdout.isatty() and sys.stderr.isatty())

    def __call__(self, status: StudyStatus) -> None:
        show_line(_progress_line(status))
        if self._lines and status.done != self._done:
            self._done = status.done
            self._tell_trials(status.total)

    def _tell_trials(self, total: int) -> None:
        for trial in workbench.study_result(self._name, self._store).trials:
            through = trial.sha256 is not None or trial.error is not None
            if through and trial.number not in self._told:
                self._told.add(trial.number)
                print(f"[{len(self._told)}/{total}] {trial_line(trial)}", flush=True)


def _progress_line(status: StudyStatus) -> str:
    parts = [f"[{status.done}/{status.total}]"]
    if status.pausing:
        parts.append("pausing")
    if status.ahead is not None:
        parts.append(f"waiting for its turn, {status.ahead} ahead")
    elif status.current:
        parts.append(counted(status.current))
    if status.phase == "trials":
        parts += [f"{number}: {counted(each)}" for number, each in sorted(status.progress.items())]
    return "  ".join(parts)[:120]
