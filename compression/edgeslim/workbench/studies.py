"""Studies: starting one, watching it, what it found, and mending it."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeslim.artifacts.store import PATIENCE, Store, sha256_of
from edgeslim.errors import EdgeSlimError, StoreError, StudyError
from edgeslim.jobs import supervisor
from edgeslim.jobs.status import read_status
from edgeslim.report.confidence import certainty
from edgeslim.studies import storage
from edgeslim.studies.choice import Budget, choose
from edgeslim.studies.front_summary import findings
from edgeslim.studies.objectives import DEFAULT, check_objectives
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.planning import free_name, kind_of, planned, reference, repeated


def start_study(
    model: str | Path,
    dataset: str | Path,
    *,
    preset: str | None = None,
    recipes: Sequence[Mapping[str, Any]] | None = None,
    calibration: str | Path | None = None,
    name: str | None = None,
    spec: Mapping[str, Any] | None = None,
    workers: int = 0,
    limit: int | None = None,
    seeds: int = 1,
    held_out: float | None = None,
    trial_minutes: float | None = None,
    trial_memory: int | None = None,
    search: SearchRun | None = None,
    objectives: Sequence[str] = DEFAULT,
    budget: Budget | None = None,
    cluster: str | None = None,
    runtimes: Sequence[str] = (),
    store: Store | None = None,
) -> str:
    """Plan a study, run it in a process of its own, and return its name at once.

    Give a `preset`, or `recipes` as JSON. The baseline is added as trial 0; equal recipes are taken once.
    `workers` 0 means all cores; `limit` takes the first validation images only. Every recipe is run with `seeds`
    seeds, from its own on. `held_out` is the share of the validation images that nothing is chosen by, and that
    the final candidates are scored on at the end (None: a quarter, of enough images; 0: none). A trial that takes
    longer than `trial_minutes` or more than `trial_memory` bytes is stopped and failed (None: `jobs.limits`
    decides). Raises EdgeSlimError where model, dataset, recipes or name cannot be used.

    With a `search` the study finds recipes by itself, after those given; a preset is where it begins. `objectives`
    are what its front weighs (studies.objectives); the `budget` is what a file must keep to be chosen.

    With `cluster`, a Dask scheduler's address, its workers do the trials; all else is done here. `runtimes` are what
    files are scored and timed in besides onnxruntime.
    """
    from edgeslim.datasets import check_share
    from edgeslim.models.library import open_model
    from edgeslim.models.spec import spec_from_json
    from edgeslim.runtime import check_runtimes
    from edgeslim.workbench.datasets import resolve_dataset
    from edgeslim.workbench.presets import check_preset, preset_recipes, read_all

    check_share(held_out)
    store = store or Store()
    opened = open_model(model, store, None if spec is None else spec_from_json(dict(spec)))
    data = resolve_dataset(dataset, store)
    images = None if calibration is None else resolve_dataset(calibration, store)
    if search is not None:
        check_preset(search.preset if preset is None else preset)
        search = search if preset is None else dataclasses.replace(search, preset=preset)
        chosen = read_all(recipes or ())
    elif preset is not None:
        chosen = preset_recipes(preset, model, dataset, calibration, spec=spec, store=store)
    else:
        chosen = read_all(recipes or ())
    today = datetime.datetime.now(datetime.UTC)
    stem = f"{opened.name}-{kind_of(search, preset)}-{today:%Y%m%d}"
    plan = StudyPlan(
        name=name or stem,
        model=reference(model),
        model_name=opened.name,
        dataset=data,
        dataset_name=Path(data).stem,
        created=today.isoformat(timespec="seconds"),
        calibration=images,
        spec=None if spec is None else dict(spec),
        preset=preset if search is None else None,
        limit=limit,
        workers=workers,
        held_out=held_out,
        trial_minutes=trial_minutes,
        trial_memory=trial_memory,
        objectives=check_objectives(objectives),
        budget={} if budget is None else budget.to_json(),
        cluster=None if cluster == supervisor.HERE else cluster,
        runtimes=check_runtimes(runtimes),
    )
    with store.lock("study-names", PATIENCE):  # two that are started at once get two names
        plan = dataclasses.replace(plan, name=name or free_name(store, stem))
        storage.create(store, plan, planned(repeated(chosen, seeds)), search)
    supervisor.start(store, plan.name)
    return plan.name


def list_studies(store: Store | None = None) -> list[dict[str, Any]]:
    """All studies, the newest first: name, state, model, dataset, preset, created, done of total trials."""
    store = store or Store()
    found = []
    for name in storage.names(store):
        try:
            study = supervisor.load(store, name)
        except (StudyError, StoreError) as error:
            found.append(_unreadable(name, error))
            continue
        found.append(
            {
                "name": name,
                "state": study.state,
                "model": study.model,
                "dataset": study.dataset,
                "preset": study.preset,
                "created": study.created,
                "done": sum(trial.sha256 is not None or trial.error is not None for trial in study.trials),
                "total": len(study.trials),
            }
        )
    return sorted(found, key=lambda each: (each["created"], each["name"]), reverse=True)


def study_status(name: str, store: Store | None = None) -> dict[str, Any]:
    """What the study is doing, cheap enough to ask every second.

    state, phase (preparing, trials, latency), done, total, current and progress ({message, done, total}, for
    the whole and by trial number), ahead (studies before it while it waits for its turn, else None), pausing,
    error, log (path).
    """
    store = store or Store()
    state, status = supervisor.state(store, name), read_status(store, name)
    known = {} if status is None else status.to_json()
    running = state == "running"
    return {
        "name": name,
        "state": state,
        "phase": known.get("phase", "") if running else "",
        "done": known.get("done", 0),
        "total": known.get("total", 0),
        "current": known.get("current") if running else None,
        "progress": known.get("progress", {}) if running else {},
        "ahead": known.get("ahead") if running else None,
        "pausing": bool(running and known.get("pausing")),
        "error": known.get("error") if state == "failed" else None,
        "log": str(supervisor.log_path(store, name)),
    }


def study_result(name: str, store: Store | None = None) -> dict[str, Any]:
    """The study with all its trials, its front, what follows from it (studies.front_summary) and how sure that is
    (certainty: report.confidence), as plain data. Needs no torch. Raises StudyError.
    """
    study = supervisor.load(store or Store(), name)
    told = {**study.to_json(), **findings(study)}
    return {**told, "certainty": certainty(told)}


def study_plan(name: str, store: Store | None = None) -> dict[str, Any]:
    """What the study was asked: model, dataset and calibration as references, spec, limit …"""
    return storage.read_plan(store or Store(), name).to_json()


def choose_trial(name: str, budget: Budget, store: Store | None = None) -> dict[str, Any]:
    """The choice under a budget: {pick, runner_up, rejected, remarks}. See `studies.choice`."""
    return choose(supervisor.load(store or Store(), name), budget).to_json()


def cancel_study(name: str, store: Store | None = None) -> None:
    """Stop a running study; what is finished stays, and it can be resumed. Raises StudyError."""
    store = store or Store()
    storage.read(store, name)
    supervisor.cancel(store, name)


def pause_study(name: str, store: Store | None = None) -> None:
    """Let a running study finish what it works on and end; it can be resumed. Raises StudyError."""
    store = store or Store()
    storage.read_plan(store, name)
    supervisor.pause(store, name)


def resume_study(name: str, store: Store | None = None, *, cluster: str | None = None) -> None:
    """Go on with the unfinished trials; what is finished is not repeated. Raises StudyError.

    With `cluster` on that one from now on, or on this machine ('none').
    """
    supervisor.start(store or Store(), name, cluster)


def retry_study(
    name: str,
    store: Store | None = None,
    *,
    trial_minutes: float | None = None,
    trial_memory: int | None = None,
) -> list[int]:
    """Try the failed trials again, under new numbers, and go on; with other limits, if given. Raises StudyError."""
    store = store or Store()
    numbers = supervisor.retry(store, name, trial_minutes=trial_minutes, trial_memory=trial_memory)
    supervisor.start(store, name)
    return numbers


def extend_study(name: str, recipes: Sequence[Mapping[str, Any]], store: Store | None = None) -> list[int]:
    """Add recipes to a study that is not running, and go on; returns their numbers. Raises EdgeSlimError."""
    from edgeslim.workbench.presets import read_all

    store = store or Store()
    numbers = supervisor.add(store, name, list(planned(read_all(recipes)))[1:])
    supervisor.start(store, name)
    return numbers


def delete_study(name: str, store: Store | None = None, *, force: bool = False) -> None:
    """Forget a study that is not running; the files it made stay in the store. Raises StudyError.

    One in a database that cannot be used is deleted with `force` only, and may stay there. Raises StoreError.
    """
    supervisor.delete(store or Store(), name, force=force)


def check_study(name: str, store: Store | None = None) -> list[dict[str, Any]]:
    """Trials whose file is not what was measured: {number, file, problem: 'missing' | 'changed'}."""
    store = store or Store()
    found = []
    for trial in supervisor.load(store, name).trials:
        if trial.sha256 is None:
            continue
        path = store.path(trial.sha256)
        problem = "missing" if not path.exists() else "changed" if sha256_of(path) != trial.sha256 else None
        if problem:
            found.append({"number": trial.number, "file": str(path), "problem": problem})
    return found


def artifact_path(sha256: str, store: Store | None = None) -> Path:
    """The file of that hash, in the store or among the sample study's. Raises StudyError."""
    from edgeslim.workbench.samples import sample_file

    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise _no_file(sha256)
    path = (store or Store()).path(sha256)
    found = path if path.exists() else sample_file(sha256)
    if found is None:
        raise _no_file(sha256)
    return found


def artifact_bytes(sha256: str, store: Store | None = None) -> bytes:
    """The content of the file of that hash. Raises StudyError if there is none."""
    return artifact_path(sha256, store).read_bytes()


def _unreadable(name: str, error: EdgeSlimError) -> dict[str, Any]:
    """A study that cannot be read, in the list of studies: it can still be deleted, if need be by `force`."""
    unknown = {"model": "", "dataset": "", "preset": None, "created": "", "done": 0, "total": 0}
    return {"name": name, "state": "failed", **unknown, "error": error.to_json()}


def _no_file(sha256: str) -> StudyError:
    return StudyError(
        "no_file",
        f"There is no file {sha256[:12]} in the data folder.",
        "Run its study again; the other trials' files are not touched.",
        sha256=sha256,
    )
