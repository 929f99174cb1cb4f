"""A report of a study: what it needs, computed once, and the document itself, the same from the shell and a screen."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.detections import READING_SCORE
from edgeslim.errors import StudyError
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import CompareFiles
from edgeslim.progress import Progress, silent
from edgeslim.records import encoded
from edgeslim.report.findings import recommended
from edgeslim.report.settings import ReportSettings as ReportSettings
from edgeslim.report.settings import trial_of
from edgeslim.studies import storage
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import Choice, choose
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.timing import content_of, retimed
from edgeslim.workbench.datasets import resolve_dataset
from edgeslim.workbench.devices import with_devices
from edgeslim.workbench.errands import known_study, timing_here
from edgeslim.workbench.files import artifact_path, has_artifact
from edgeslim.workbench.notes import trial_notes
from edgeslim.workbench.planning import reference
from edgeslim.workbench.samples import sample_study
from edgeslim.workbench.seeing import compared_images, images_there
from edgeslim.workbench.steps import step_amounts
from edgeslim.workbench.studies import study_result
from edgeslim.workbench.workload import opened_images

if TYPE_CHECKING:
    from edgeslim.report.seen import Seen


def shown_study(name: str, store: Store | None = None, *, own_timing: bool = False) -> StudyResult:
    """The study of that name, or the published one, as the screens show it: with the newest timing of this machine, if
    there is one, unless `own_timing`; and with what devices of one's own have measured. Raises StudyError.
    """
    store = store or Store()
    study = study_result(name, store) if name in storage.names(store) else known_study(name, store)
    timing = None if own_timing or study.state == "running" else timing_here(study, store)
    return with_devices(study if timing is None else retimed(study, timing), store)


def choose_trial(
    name: str, budget: Budget, store: Store | None = None, *, own_timing: bool = False
) -> Choice:
    """The choice under a budget, as the screens make it (`shown_study`). Raises StudyError."""
    return choose(shown_study(name, store, own_timing=own_timing), budget)


def recommended_trial(name: str, store: Store | None = None, *, own_timing: bool = False) -> int | None:
    """The trial to take where no limit is set; None before the original is measured. Raises StudyError."""
    return recommended(shown_study(name, store, own_timing=own_timing))


def report_ready(study: StudyResult, settings: ReportSettings, store: Store | None = None) -> bool:
    """Whether `make_report` only has to read; else see `prepare_report`. Raises ModelError, DatasetError."""
    from edgeslim.analysis.compared import is_compared

    store = store or Store()
    files = _files(study, settings, store)
    if files is None:
        return True
    plan = _plan(study, store)
    if not images_there(compared_images(plan), store):
        return False
    work = opened_images(compared_images(plan), plan.model, plan.spec, store)
    return is_compared(work, files, READING_SCORE, store)


def prepare_report(study: StudyResult, settings: ReportSettings, store: Store | None = None) -> None:
    """Begin to run both files and compare them, in a process of its own; see `report_status`. Raises StoreError."""
    store = store or Store()
    plan = _plan(study, store)
    asked = _errand(study, plan, settings)
    for sha256 in asked.files:
        if not store.path(sha256).exists():
            store.put(artifact_path(sha256, store).read_bytes())
    resolved = dataclasses.replace(asked.images, dataset=resolve_dataset(plan.dataset, store))
    model = dataclasses.replace(plan, model=reference(plan.model))
    errand.begin(store, dataclasses.replace(asked, images=resolved, plan=model))


def report_status(
    study: StudyResult, settings: ReportSettings, store: Store | None = None
) -> ErrandStatus | None:
    """How far that is; None if it was never asked for."""
    if _hashes(study, settings) is None:
        return None
    store = store or Store()
    return errand.status(store, _errand(study, _plan(study, store), settings).key)


def make_report(
    study: StudyResult, settings: ReportSettings, store: Store | None = None, *, progress: Progress = silent
) -> str:
    """The report as one HTML file; what is missing is computed now.

    The same study and settings give the same text, whoever asks. Raises StudyError (nothing_to_report), ModelError,
    DatasetError.
    """
    from edgeslim.report.study_report import report_html

    store = store or Store()
    if settings.trial is not None and trial_of(study, settings) is None:
        raise StudyError("nothing_to_report", number=settings.trial, name=study.name)
    notes = trial_notes(study.name, store, sample=_is_published(study))
    seen = _seen(study, _plan(study, store), settings, store, progress)
    return report_html(study, settings, seen, notes, step_amounts())


def _plan(study: StudyResult, store: Store) -> StudyPlan:
    """The study's; the published one's names its model and data."""
    if _is_published(study):
        return StudyPlan(model=study.model, dataset=study.dataset)
    return storage.read_plan(store, study.name)


def _is_published(study: StudyResult) -> bool:
    """Whether it is the study that comes with EdgeSlim, and not one of the user's own under its name."""
    published = sample_study()
    return (
        published is not None and published.name == study.name and content_of(published) == content_of(study)
    )


def _seen(
    study: StudyResult, plan: StudyPlan, settings: ReportSettings, store: Store, progress: Progress
) -> Seen | None:
    """None where the files are not here."""
    from edgeslim.analysis.compared import compare_on
    from edgeslim.predictions import predict
    from edgeslim.report.seen import seen_by

    files = _files(study, settings, store)
    if files is None:
        return None
    with store.in_use():
        work = opened_images(compared_images(plan), plan.model, plan.spec, store, progress)
        found = compare_on(work, files, READING_SCORE, store, progress)
        spec, split = work.model.spec, work.evaluation
        views = [predict(file, spec, split, store, progress=progress) for file in files]
        truths = None if work.labels is None else [split.target(place) for place in range(len(split))]
        return seen_by(
            tuple(spec.labels),
            truths,
            views[0],
            views[1],
            lambda places: [split.image(place) for place in places],
            found,
        )


def _files(study: StudyResult, settings: ReportSettings, store: Store) -> tuple[Path, Path] | None:
    """The original's file and the trial's; None where either is not here."""
    hashes = _hashes(study, settings)
    if hashes is None or not all(has_artifact(each, store) for each in hashes):
        return None
    return artifact_path(hashes[0], store), artifact_path(hashes[1], store)


def _hashes(study: StudyResult, settings: ReportSettings) -> tuple[str, str] | None:
    original, trial = study.original, trial_of(study, settings)
    if original is None or trial is None or trial.number == original.number:
        return None
    if original.sha256 is None or trial.sha256 is None:
        return None
    return original.sha256, trial.sha256


def _errand(study: StudyResult, plan: StudyPlan, settings: ReportSettings) -> CompareFiles:

    hashes = _hashes(study, settings)
    assert hashes is not None, "where nothing is to be compared, nothing is to be prepared"
    images = compared_images(plan)
    asked = [
        *hashes,
        encoded(images),
        plan.model,
        None if plan.spec is None else plan.spec.to_json(),
        READING_SCORE,
    ]
    key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]
    return CompareFiles(
        who=study.name, key=key, images=images, plan=plan, files=hashes, confidence=READING_SCORE
    )
