"""Measuring a study's files on this machine, and making one of them again: jobs that all who ask for them share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import MakeFile, TimeFiles
from edgeslim.jobs.supervisor import load
from edgeslim.studies import storage, timing
from edgeslim.studies.folders import journal_version
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.timing import Timing
from edgeslim.workbench.datasets import resolve_dataset
from edgeslim.workbench.files import artifact_path, has_artifact
from edgeslim.workbench.planning import reference
from edgeslim.workbench.samples import sample_study


def known_study(name: str, store: Store | None = None) -> StudyResult:
    """The study of that name in the data folder, else the published one. Raises StudyError."""
    store, published = store or Store(), sample_study()
    if published is not None and published.name == name and name not in storage.names(store):
        return published
    return load(store, name)


def time_study(study: StudyResult, store: Store | None = None) -> None:
    """Begin to time the study's files on this machine, interleaved with the original; see `timing_status`.

    Files that are not here are left out. Raises StudyError where the original is not, StoreError.
    """
    store, asked = store or Store(), _timing(study, store)
    put_in_store(asked.files, store)
    errand.begin(store, asked)


def timing_status(study: StudyResult, store: Store | None = None) -> ErrandStatus | None:
    """How far the timing of these files is; None if it was never asked for."""
    return errand.status(store or Store(), timing.content_of(study))


def timing_version(study: StudyResult, store: Store | None = None) -> str | None:
    """What differs once `timing_here` does; None if these files were never timed apart from their study."""
    return timing.latest(store or Store(), timing.content_of(study))


def timing_here(study: StudyResult, store: Store | None = None) -> Timing | None:
    """The newest timing of the study's files on a machine like this one; the study's own is not meant."""
    return timing.made_here(store or Store(), timing.content_of(study))


def make_again(study: StudyResult, number: int, store: Store | None = None) -> None:
    """Begin to make a trial's file again from its recipe; see `making_status`. Raises StudyError, StoreError.

    What is made must be what was measured, byte by byte; else the errand fails with the code 'other_bytes'.
    """
    store = store or Store()
    errand.begin(store, _making(study, number, store))


def making_status(study: StudyResult, number: int, store: Store | None = None) -> ErrandStatus | None:
    """How far the making of a trial's file is; None if it was never asked for, or never had a file."""
    trial = study.trial(number)
    return None if trial is None or trial.sha256 is None else errand.status(store or Store(), trial.sha256)


def trial_file(study: StudyResult, number: int, store: Store | None = None) -> tuple[bytes, str]:
    """A trial's ONNX file and what to call it. Raises StudyError where it is not here, or never was."""
    return artifact_path(hashed(study, number), store).read_bytes(), f"{study.model}-{number}.onnx"


def plan_of(study: StudyResult, store: Store) -> StudyPlan:
    """What the study was asked; the published one's names its model and data. Raises StudyError."""
    published = sample_study()
    if published is not None and timing.content_of(published) == timing.content_of(study):
        return StudyPlan(model=study.model, dataset=study.dataset)
    version = journal_version(store, study.name)
    return storage.read_plan(store, study.name) if version is None else _plan(store.root, study.name, version)


@lru_cache(maxsize=32)
def _plan(root: Path, study: str, version: str) -> StudyPlan:
    """Until the journal changes: reading that of 1,000 trials takes 60 ms, and screens ask with each rerun."""
    return storage.read_plan(Store(root), study)


def absolute(plan: StudyPlan, store: Store) -> StudyPlan:
    """The plan as a process elsewhere can read it. Raises DatasetError."""
    return replace(plan, model=reference(plan.model), dataset=resolve_dataset(plan.dataset, store))


def put_in_store(files: Iterable[str], store: Store) -> None:
    """Have the store hold files that came with the published study, for processes that read there. Raises StudyError."""
    for sha256 in files:
        if not store.path(sha256).exists():
            store.put(artifact_path(sha256, store).read_bytes())


def _timing(study: StudyResult, store: Store) -> TimeFiles:
    original = study.original
    if original is None or original.sha256 is None or not has_artifact(original.sha256, store):
        raise StudyError("original_missing", name=study.name)
    others = {trial.sha256: None for trial in study.trials if trial.sha256 and trial.state == "complete"}
    files = [each for each in {original.sha256: None, **others} if has_artifact(each, store)]
    return TimeFiles(who=study.name, files=tuple(files), key=timing.content_of(study))


def hashed(study: StudyResult, number: int) -> str:
    """SHA-256 of a trial's file. Raises StudyError if it never had one."""
    trial = study.trial(number)
    if trial is None or trial.sha256 is None:
        raise StudyError("no_such_file", name=study.name, number=number)
    return trial.sha256


def _making(study: StudyResult, number: int, store: Store) -> MakeFile:
    sha256, trial = hashed(study, number), study.trial(number)
    assert trial is not None, "it has a file"
    return MakeFile(who=study.name, plan=plan_of(study, store), recipe=trial.recipe, sha256=sha256)
