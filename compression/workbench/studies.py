"""Studies: starting one, watching it, what it found, and mending it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compression.artifacts.store import Store, sha256_of
from compression.errors import StudyError
from compression.jobs import supervisor
from compression.jobs.status import read_status
from compression.search import storage
from compression.search.selection import Budget, choose
from compression.search.study import StudyPlan

if TYPE_CHECKING:
    from compression.recipe import Recipe


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
    store: Store | None = None,
) -> str:
    """Plan a study, run it in a process of its own, and return its name at once.

    Give a `preset`, or `recipes` as JSON. The baseline is added as trial 0; equal recipes are taken once.
    `workers` 0 means all cores; `limit` takes the first validation images only. Raises EdgeSlimError where
    model, dataset, recipes or name cannot be used.
    """
    from compression.models.library import open_model
    from compression.models.spec import spec_from_json
    from compression.workbench.datasets import resolve_dataset
    from compression.workbench.presets import preset_recipes, read_all

    store = store or Store()
    opened = open_model(model, store, None if spec is None else spec_from_json(dict(spec)))
    data = resolve_dataset(dataset, store)
    images = None if calibration is None else resolve_dataset(calibration, store)
    if preset is not None:
        chosen = preset_recipes(preset, model, dataset, calibration, spec=spec, store=store)
    else:
        chosen = read_all(recipes or ())
    today = datetime.datetime.now(datetime.UTC)
    plan = StudyPlan(
        name=name or _free_name(store, f"{opened.name}-{preset or 'recipes'}-{today:%Y%m%d}"),
        model=_reference(model),
        model_name=opened.name,
        dataset=data,
        dataset_name=Path(data).stem,
        created=today.isoformat(timespec="seconds"),
        calibration=images,
        spec=None if spec is None else dict(spec),
        preset=preset,
        limit=limit,
        workers=workers,
    )
    storage.create(store, plan, _planned(chosen))
    supervisor.start(store, plan.name)
    return plan.name


def list_studies(store: Store | None = None) -> list[dict[str, Any]]:
    """All studies, the newest first: name, state, model, dataset, preset, created, done of total trials."""
    store = store or Store()
    found = []
    for name in storage.names(store):
        try:
            study = supervisor.load(store, name)
        except StudyError as error:
            found.append(_damaged(name, error))
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
    the whole and by trial number), error, log (path).
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
        "error": known.get("error") if state == "failed" else None,
        "log": str(supervisor.log_path(store, name)),
    }


def study_result(name: str, store: Store | None = None) -> dict[str, Any]:
    """The study with all its trials and its front, as plain data; needs no torch. Raises StudyError."""
    return supervisor.load(store or Store(), name).to_json()


def study_plan(name: str, store: Store | None = None) -> dict[str, Any]:
    """What the study was asked: model, dataset and calibration as references, spec, limit …"""
    return storage.read_plan(store or Store(), name).to_json()


def choose_trial(name: str, budget: Budget, store: Store | None = None) -> dict[str, Any]:
    """The choice under a budget: {pick, runner_up, rejected, remarks}. See `search.selection`."""
    return choose(supervisor.load(store or Store(), name), budget).to_json()


def cancel_study(name: str, store: Store | None = None) -> None:
    """Stop a running study; what is finished stays, and it can be resumed. Raises StudyError."""
    store = store or Store()
    storage.read(store, name)
    supervisor.cancel(store, name)


def resume_study(name: str, store: Store | None = None) -> None:
    """Go on with the unfinished trials; what is finished is not repeated. Raises StudyError."""
    supervisor.start(store or Store(), name)


def retry_study(name: str, store: Store | None = None) -> list[int]:
    """Try the failed trials again, under new numbers, and go on. Raises StudyError."""
    store = store or Store()
    numbers = supervisor.retry(store, name)
    supervisor.start(store, name)
    return numbers


def extend_study(name: str, recipes: Sequence[Mapping[str, Any]], store: Store | None = None) -> list[int]:
    """Add recipes to a study that is not running, and go on; returns their numbers. Raises EdgeSlimError."""
    from compression.workbench.presets import read_all

    store = store or Store()
    numbers = supervisor.add(store, name, list(_planned(read_all(recipes)))[1:])
    supervisor.start(store, name)
    return numbers


def delete_study(name: str, store: Store | None = None) -> None:
    """Forget a study that is not running; the files it made stay in the store. Raises StudyError."""
    supervisor.delete(store or Store(), name)


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
    from compression.workbench.samples import sample_file

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


def _damaged(name: str, error: StudyError) -> dict[str, Any]:
    """A study that cannot be read, in the list of studies: it can still be deleted."""
    unknown = {"model": "", "dataset": "", "preset": None, "created": "", "done": 0, "total": 0}
    return {"name": name, "state": "failed", **unknown, "error": error.to_json()}


def _planned(recipes: Iterable[Recipe]) -> list[storage.PlannedTrial]:
    """The baseline, then the recipes, each once."""
    from compression.recipe import Recipe

    once = {
        recipe.fingerprint(): recipe for recipe in (Recipe(), *recipes) if recipe.steps or not recipe.seed
    }
    return [
        storage.PlannedTrial(recipe.to_json(), recipe.title, fingerprint)
        for fingerprint, recipe in once.items()
    ]


def _reference(model: str | Path) -> str:
    """A name as it is, a path made absolute: the study's process runs elsewhere."""
    path = Path(model).expanduser()
    return str(path.absolute()) if path.suffix.lower() == ".onnx" or len(path.parts) > 1 else str(model)


def _free_name(store: Store, wanted: str) -> str:
    """A study name made from `wanted`, numbered if it is taken."""
    stem = re.sub(r"[^a-z0-9._-]+", "-", wanted.lower()).strip("-._")[-70:].lstrip("-._") or "study"
    taken = set(storage.names(store))
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (stem, *numbered) if name not in taken)


def _no_file(sha256: str) -> StudyError:
    return StudyError(
        "no_file",
        f"There is no file {sha256[:12]} in the data folder.",
        "Run its study again; the other trials' files are not touched.",
        sha256=sha256,
    )
