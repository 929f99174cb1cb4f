"""Studies: starting one, watching it, what it found, and mending it."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import PATIENCE, Store
from edgeslim.errors import ErrorRecord, StoreError, StudyError
from edgeslim.jobs import supervisor
from edgeslim.jobs.status import Doing
from edgeslim.progress import Progress, silent
from edgeslim.records import shared
from edgeslim.studies import storage
from edgeslim.studies.budget import check_limits
from edgeslim.studies.folders import study_folder
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan, StudyResult, StudyState, check_objectives
from edgeslim.workbench.access import (
    check_teachers,
    claim_study,
    may_see_study,
    require_study,
    require_turn,
    within_demo,
)
from edgeslim.workbench.classes import check_plan_classes
from edgeslim.workbench.planning import free_name, kind_of, planned, reference, repeated
from edgeslim.workbench.preprocessing import settled_spec

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyEntry:
    """A line of the list of studies. With an `error` it cannot be read, and can only be deleted."""

    name: str
    state: StudyState
    model: str = ""
    dataset: str = ""
    preset: str | None = None
    created: str = ""
    done: int = 0
    total: int = 0
    sample: bool = False
    """It comes with EdgeSlim."""
    error: ErrorRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyStatus(Doing):
    """What a study is doing."""

    name: str
    state: StudyState
    log: Path
    error: ErrorRecord | None = None


def start_study(
    plan: StudyPlan,
    recipes: Sequence[Recipe] = (),
    search: SearchRun | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> str:
    """Complete the plan, run the study in a process of its own, and return its name at once.

    The recipes are those of the plan's preset, or those given; the baseline is added as trial 0, and equal recipes
    are taken once. With a `search` the study finds recipes by itself, after those given; a preset is where it begins.
    Raises EdgeSlimError where model, dataset, recipes or name cannot be used.
    """
    from edgeslim.datasets import check_share
    from edgeslim.models.library import open_model
    from edgeslim.pipeline import refuse_quantized
    from edgeslim.runtime import check_runtimes
    from edgeslim.studies.presets import PRESETS
    from edgeslim.workbench.datasets import dataset_title, resolve_dataset
    from edgeslim.workbench.presets import check_preset, preset_recipes, refuse_lacking

    check_share(plan.held_out)
    store = store or Store()
    require_turn(store)
    settled, _ = settled_spec(plan.model, plan.dataset, plan.spec, store, progress, plan.classes)
    plan = dataclasses.replace(plan, spec=settled)
    opened = open_model(plan.model, store, plan.spec)
    if recipes or plan.preset is not None or search is not None:
        refuse_quantized(opened)
    data = resolve_dataset(plan.dataset, store)
    images = None if plan.calibration is None else resolve_dataset(plan.calibration, store)
    check_plan_classes(plan, opened.spec.labels, store)
    if search is not None:
        search = search if plan.preset is None else dataclasses.replace(search, preset=plan.preset)
        check_preset(search.preset)
    elif plan.preset is not None:
        recipes = preset_recipes(
            plan.preset, plan.model, plan.dataset, plan.calibration, spec=plan.spec, store=store
        )
        plan = dataclasses.replace(plan, minutes=plan.minutes or PRESETS.get(plan.preset).minutes)
    else:
        refuse_lacking(plan, recipes, store)
    plan, search = within_demo(plan, search)
    check_teachers(recipes, store)
    today = datetime.datetime.now(datetime.UTC)
    stem = f"{opened.name}-{kind_of(search, plan.preset)}-{today:%Y%m%d}"
    wanted = plan.name
    runtimes = check_runtimes(plan.runtimes)
    check_limits(plan.budget, runtimes)
    plan = dataclasses.replace(
        plan,
        name=wanted or stem,
        model=reference(plan.model),
        model_name=opened.name,
        dataset=data,
        dataset_name=dataset_title(plan.dataset, store),
        created=today.isoformat(timespec="seconds"),
        calibration=images,
        preset=plan.preset if search is None else None,
        objectives=check_objectives(plan.objectives),
        cluster=None if plan.cluster == supervisor.HERE else plan.cluster,
        runtimes=runtimes,
    )
    with store.lock("study-names", PATIENCE):  # two that are started at once get two names
        plan = dataclasses.replace(plan, name=wanted or free_name(store, stem))
        check_study_name(plan.name, store)
        claim_study(plan, store)
        storage.create(store, plan, planned(repeated(recipes, plan.seeds)), search)
    supervisor.start(store, plan.name)
    return plan.name


def check_study_name(name: str, store: Store | None = None) -> None:
    """Raise StudyError where a new study cannot have the name: it is no plain slug, or taken."""
    store = store or Store()
    study_folder(store, name)
    if name in storage.taken(store):
        raise StudyError("study_exists", name=name)


def list_studies(store: Store | None = None) -> list[StudyEntry]:
    """All studies, the newest first."""
    store = store or Store()
    found = []
    for name in _seen(store):
        try:
            study = supervisor.load(store, name)
        except (StudyError, StoreError) as error:
            found.append(StudyEntry(name=name, state="failed", error=error.record()))
            continue
        found.append(study_entry(study))
    return sorted(found, key=lambda each: (each.created, each.name), reverse=True)


def study_entry(study: StudyResult, sample: bool = False) -> StudyEntry:
    """A study's line in the list."""
    return StudyEntry(
        name=study.name,
        state=study.state,
        model=study.model,
        dataset=study.dataset,
        preset=study.preset,
        created=study.created,
        done=sum(trial.sha256 is not None or trial.error is not None for trial in study.trials),
        total=len(study.trials),
        sample=sample,
    )


def study_status(name: str, store: Store | None = None) -> StudyStatus:
    """What the study is doing, cheap enough to ask every second."""
    store = store or Store()
    require_study(name, store)
    state, status = supervisor.state_and_status(store, name)
    log = supervisor.log_path(store, name)
    if status is None:
        return StudyStatus(name=name, state=state, log=log)
    error = status.error if state == "failed" else None
    if state != "running":
        return StudyStatus(name=name, state=state, log=log, done=status.done, total=status.total, error=error)
    return StudyStatus(name=name, state=state, log=log, **shared(Doing, status))


def study_result(name: str, store: Store | None = None) -> StudyResult:
    """The study with all its trials. Needs no torch. Raises StudyError."""
    store = store or Store()
    require_study(name, store)
    return supervisor.load(store, name)


def study_version(name: str, store: Store | None = None) -> str:
    """What differs once `study_result` does, but for the progress of running trials; nothing is read for it.

    Raises StudyError.
    """
    store = store or Store()
    require_study(name, store)
    return supervisor.version(store, name)


def study_versions(store: Store | None = None) -> dict[str, str]:
    """The versions of all studies, by name."""
    store = store or Store()
    found = {}
    for name in _seen(store):
        with suppress(StudyError):  # deleted meanwhile
            found[name] = supervisor.version(store, name)
    return found


def study_plan(name: str, store: Store | None = None) -> StudyPlan:
    """What the study was asked. Raises StudyError."""
    store = store or Store()
    require_study(name, store)
    return storage.read_plan(store, name)


def _seen(store: Store) -> list[str]:
    """Names of the studies that whoever asks may see."""
    return [name for name in storage.names(store) if may_see_study(name, store)]
