"""An errand's own process: `python -m edgeslim.jobs.errand_worker --store DIR --errand KEY`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from edgeslim.artifacts.store import Store
from edgeslim.errors import ErrorRecord, StudyError
from edgeslim.jobs.errand import Errand, ErrandStatus, errand_folder, write_errand_status
from edgeslim.jobs.job import failure_of
from edgeslim.jobs.status import identity
from edgeslim.lessons import LESSONS
from edgeslim.lessons.kept import computed
from edgeslim.lessons.lab import Lab
from edgeslim.measurement.images import Images
from edgeslim.measurement.machine import busy
from edgeslim.measurement.measure import make_file, time_files
from edgeslim.measurement.workload import Workload, open_images, open_workload
from edgeslim.predictions import predict
from edgeslim.progress import WAITS, Progress
from edgeslim.recipe import Recipe
from edgeslim.records import ProgressRecord, decoded
from edgeslim.runtime import MAIN
from edgeslim.studies import held_out, timing
from edgeslim.studies.file_scores import keep_file_scores
from edgeslim.studies.study import StudyPlan

SECONDS = 50.0
"""For so long files are timed, if the fewest rounds do not take longer."""
_INTERVAL = 0.5
"""Seconds between two writings of the status."""


def main(arguments: list[str] | None = None) -> int:
    """Run the errand to its end. Returns 0, or 1 if it failed, with the reason in its status."""
    parser = argparse.ArgumentParser(prog="python -m edgeslim.jobs.errand_worker")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--errand", required=True)
    given = parser.parse_args(arguments)
    store = Store(given.store)
    folder = errand_folder(store, given.errand)
    try:
        with FileLock(folder / "worker.lock", timeout=0):
            # Whoever started this process holds the lock until the first status is written.
            with store.lock(f"errand-{given.errand}"):
                errand = decoded(Errand, json.loads((folder / "errand.json").read_bytes()))
                teller = _Teller(folder)
            return _run(errand, store, teller)
    except Timeout:
        return 1


def _run(errand: Errand, store: Store, teller: _Teller) -> int:
    error = failure_of(lambda: perform(errand, store, teller))
    teller.end(error)
    return 1 if error else 0


def perform(errand: Errand, store: Store, progress: Progress) -> None:
    """Do it, in this process. Raises EdgeSlimError."""
    if errand.held_out:
        _score_held_out(errand, store, progress)
        return
    if errand.lesson:
        _run_experiment(errand, store, progress)
        return
    if errand.images is not None:
        _see(errand, errand.images, store, progress)
        return
    if errand.files:
        timed = time_files({MAIN: errand.files}, store, errand.who, progress, seconds=SECONDS)[MAIN]
        timing.keep(store, errand.content, timed)
        return
    assert errand.plan is not None and errand.recipe is not None, "an errand times files, or makes one"
    with store.in_use(), busy(errand.who, progress) as report:
        workload = _workload(errand.plan, store, report)
        made = make_file(Recipe.from_json(errand.recipe.to_json()), workload, store, 1, report).sha256
    if made != errand.sha256:
        raise StudyError(
            "other_bytes",
            f"On this machine the recipe gives another file ({made[:12]}) than the one that was measured "
            f"({errand.sha256[:12]}): another processor or another version of a library rounds otherwise.",
            "Run the recipe in a study of its own to have this machine's file measured.",
            made=made[:12],
            measured=errand.sha256[:12],
        )


def _run_experiment(errand: Errand, store: Store, progress: Progress) -> None:
    experiment = LESSONS.get(errand.lesson).experiment(errand.experiment)
    assert experiment is not None, "asked for from a page that showed it"
    with store.in_use(), busy(errand.who, progress) as report:
        computed(errand.lesson, experiment.read(json.loads(errand.setting)), Lab(store, report))


def _see(errand: Errand, images: Images, store: Store, progress: Progress) -> None:
    assert errand.plan is not None, "files are read as those of a plan's model"
    with store.in_use(), busy(errand.who, progress) as report:
        workload = open_images(images, errand.plan.model, store, spec=errand.plan.spec, progress=report)
        assert workload.evaluation.fingerprint, "which takes all images to be there"
        for sha256 in errand.files:
            predict(store.path(sha256), workload.model.spec, workload.evaluation, store, progress=report)


def _score_held_out(errand: Errand, store: Store, progress: Progress) -> None:
    assert errand.plan is not None, "held-out images are those of a plan"
    with store.in_use(), busy(errand.who, progress) as report:
        workload = _workload(errand.plan, store, report)
        if workload.held_out is not None:
            found = held_out.file_scores(
                errand.files,
                workload.held_out,
                workload.model.spec,
                workload.labels,
                store,
                progress=report,
            )
            keep_file_scores(store, errand.content, found)


def _workload(plan: StudyPlan, store: Store, progress: Progress) -> Workload:
    return open_workload(
        plan.model,
        plan.dataset,
        store,
        calibration=plan.calibration,
        spec=plan.spec,
        limit=plan.limit,
        held_out=plan.held_out,
        progress=progress,
    )


class _Teller:
    """A progress that writes the status, at most every _INTERVAL."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._written = folder, 0.0
        self._began: tuple[str, int, float] | None = None
        pid, started = identity(psutil.Process())
        self._status = ErrandStatus(state="running", pid=pid, started=started)
        write_errand_status(folder, self._status)

    def __call__(self, message: str, done: int, total: int, who: str = "") -> None:
        now = time.monotonic()
        if self._began is None or self._began[0] != message:
            self._began = (message, done, now)
        if now - self._written < _INTERVAL:
            return
        left, since = None, done - self._began[1]
        if total and since > 0 and message not in WAITS:
            left = (now - self._began[2]) / since * (total - done)
        current = ProgressRecord(message, done, total, who)
        write_errand_status(self._folder, replace(self._status, current=current, left=left))
        self._written = now

    def end(self, error: ErrorRecord | None) -> None:
        write_errand_status(
            self._folder, replace(self._status, state="failed" if error else "complete", error=error)
        )


if __name__ == "__main__":
    sys.exit(main())
