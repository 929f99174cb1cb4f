"""The library: how a listed model is read, what uses it, and renaming and removing what somebody brought."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim import visitors
from edgeslim.artifacts.store import PATIENCE, Store
from edgeslim.artifacts.upkeep import DATASET_NAMES, MODELS, UPLOADS
from edgeslim.errors import DatasetError, ModelError, StudyError
from edgeslim.jobs import supervisor
from edgeslim.progress import Progress, silent
from edgeslim.records import ClassMap
from edgeslim.studies import storage
from edgeslim.studies.study import StudyPlan

if TYPE_CHECKING:
    from edgeslim.detections import Target
    from edgeslim.models.base import ModelSpec


def model_as(name: str, spec: ModelSpec | None = None, store: Store | None = None) -> tuple[Path, ModelSpec]:
    """The file to run and its specification, or with `spec` those of the model read by it. Raises ModelError.

    The file is prepared anew only where the specification changes the input's shape or leaves something to be found.
    """
    from edgeslim.models.families import UNKNOWN
    from edgeslim.models.library import open_model

    store = store or Store()
    model = open_model(name, store)
    if spec is None:
        return model.path, model.spec
    open_ends = spec.family != UNKNOWN and not (spec.labels and spec.strides)
    if open_ends or spec.input_shape != model.spec.input_shape:
        model = open_model(name, store, spec)
        return model.path, model.spec
    return model.path, spec


def respecify_model(
    name: str, spec: ModelSpec, store: Store | None = None, progress: Progress = silent
) -> None:
    """Feed and read the model by this specification from now on. Studies that exist keep the one they began with.

    Raises ModelError where the file does not fit it, or would have to be another one; StudyError while a study of the
    model runs.
    """
    from edgeslim.models.library import open_model

    visitors.refuse_in_demo("change")
    store = store or Store()
    with store.lock(f"model-{name}", PATIENCE):
        record = _own_model(name, store)
        found = open_model(name, store, spec, progress=progress)
        if found.sha256 != record["sha256"]:
            raise ModelError("spec_other_file", name=name)
        former = open_model(name, store).spec
        if found.spec == former:
            return
        keep_in_studies(name, former, store)
        store.put_record(MODELS, name, {**record, "spec": found.spec.to_json()})


def keep_in_studies(name: str, former: ModelSpec, store: Store) -> None:
    """Let studies of the model go on by the specification that they began with. Raises StudyError while one runs."""
    for study, plan in _plans(store):
        if plan.model == name and plan.spec is None:
            supervisor.pin_spec(store, study, former)


def copy_model(name: str, copy: str, spec: ModelSpec, store: Store | None = None) -> str:
    """List the model's file once more, read by `spec`; returns the new name. Raises ModelError."""
    from edgeslim.models.library import open_model
    from edgeslim.workbench.models import import_model

    store = store or Store()
    _free_model(copy, store)
    content = open_model(name, store).path.read_bytes()
    return import_model(content, file_name=f"{name}.onnx", name=copy, spec=spec, store=store).name


def studies_of_model(name: str, store: Store | None = None) -> tuple[str, ...]:
    """Studies of the model, and those in which a recipe learns from it."""
    store = store or Store()
    return tuple(study for study, plan in _plans(store) if plan.model == name or _teaches(name, study, store))


def studies_of_dataset(name: str, store: Store | None = None) -> tuple[str, ...]:
    """Studies that score or calibrate on the dataset."""
    store = store or Store()
    path = str(_own_dataset(name, store)["path"])
    return tuple(study for study, plan in _plans(store) if path in (plan.dataset, plan.calibration))


def rename_model(name: str, wanted: str, store: Store | None = None) -> None:
    """Raises ModelError, StudyError (in_use_by_studies): studies know their model by its name."""
    visitors.refuse_in_demo("rename")
    store = store or Store()
    with store.lock(f"model-{name}", PATIENCE):
        record = _own_model(name, store)
        _free_model(wanted, store)
        _refuse_used(name, studies_of_model(name, store))
        store.put_record(MODELS, wanted, {**record, "name": wanted})
        store.remove_record(MODELS, name)


def delete_model(name: str, store: Store | None = None) -> None:
    """Take it off the list; its file is a cache from then on (`store gc`).

    Raises ModelError, StudyError (in_use_by_studies).
    """
    visitors.refuse_in_demo("delete")
    store = store or Store()
    with store.lock(f"model-{name}", PATIENCE):
        _own_model(name, store)
        _refuse_used(name, studies_of_model(name, store))
        store.remove_record(MODELS, name)


def rename_dataset(name: str, wanted: str, store: Store | None = None) -> None:
    """Studies know their data by path, and keep the name that they were started with. Raises DatasetError."""
    from edgeslim.workbench.datasets import check_dataset_name

    visitors.refuse_in_demo("rename")
    store = store or Store()
    record = _own_dataset(name, store)
    check_dataset_name(wanted)
    if wanted in store.keys(DATASET_NAMES):
        raise DatasetError("dataset_name_taken", name=wanted)
    store.put_record(DATASET_NAMES, wanted, {**record, "name": wanted})
    store.remove_record(DATASET_NAMES, name)


def delete_dataset(name: str, store: Store | None = None) -> None:
    """Take it off the list, and remove an upload with what was unpacked of it; a folder of somebody's own stays.

    Raises DatasetError, StudyError (in_use_by_studies).
    """
    visitors.refuse_in_demo("delete")
    store = store or Store()
    path = Path(str(_own_dataset(name, store)["path"]))
    _refuse_used(name, studies_of_dataset(name, store))
    store.remove_record(DATASET_NAMES, name)
    if path.is_relative_to(store.root / UPLOADS):
        _remove_upload(path, store)


def _remove_upload(path: Path, store: Store) -> None:
    """The zip, unless it is listed under another name too, and what was unpacked unless the same content is."""
    from edgeslim.datasets.opening import unpacked_folder

    kept = [
        Path(str((store.get_record(DATASET_NAMES, key) or {})["path"])) for key in store.keys(DATASET_NAMES)
    ]
    if path in kept or not path.exists():
        return
    if path.parent not in [each.parent for each in kept]:
        shutil.rmtree(unpacked_folder(path, store), ignore_errors=True)
    path.unlink()
    with suppress(OSError):  # another upload of the same content lies there
        path.parent.rmdir()


def share_model(name: str, shared: bool, store: Store | None = None) -> None:
    """Let others see a visitor's model, or no longer. Raises ModelError, AccessError."""
    store = store or Store()
    store.put_record(MODELS, name, {**_own_model(name, store), "shared": shared})


def share_dataset(name: str, shared: bool, store: Store | None = None) -> None:
    """Let others see a visitor's dataset, or no longer. Raises DatasetError, AccessError."""
    store = store or Store()
    store.put_record(DATASET_NAMES, name, {**_own_dataset(name, store), "shared": shared})


def truth_in_classes(
    truth: Target, dataset: Sequence[str], model: Sequence[str], classes: ClassMap = ()
) -> Target:
    """What is known of a picture, in the model's classes; boxes of classes that it does not know are left out."""
    from edgeslim.datasets.labels import map_classes, relabelled
    from edgeslim.measurement.workload import placeholders

    if truth is None or not dataset or not model:
        return truth
    if not classes and placeholders(model) and len(model) == len(dataset):
        return truth
    try:
        return relabelled(truth, map_classes(dataset, model, classes))
    except DatasetError:  # none in common
        return None


def _own_model(name: str, store: Store) -> dict[str, Any]:
    from edgeslim.models.catalogue import CATALOGUE

    record = store.get_record(MODELS, name) if name in store.keys(MODELS) and name not in CATALOGUE else None
    if record is None or not visitors.may_see(record):
        raise ModelError("model_not_imported", name=name)
    visitors.require_owner(record, name)
    return record


def _own_dataset(name: str, store: Store) -> dict[str, Any]:
    record = store.get_record(DATASET_NAMES, name) if name in store.keys(DATASET_NAMES) else None
    if record is None or not visitors.may_see(record):
        raise DatasetError("dataset_not_imported", name=name)
    visitors.require_owner(record, name)
    return record


def _free_model(name: str, store: Store) -> None:
    from edgeslim.models.catalogue import check_name, refuse_reserved

    check_name(name)
    refuse_reserved(name)
    if name in store.keys(MODELS):
        raise ModelError("model_name_taken", name=name)


def _refuse_used(name: str, studies: Sequence[str]) -> None:
    if studies:
        listed = ", ".join(studies)
        raise StudyError("in_use_by_studies", name=name, studies=listed)


def _plans(store: Store) -> Iterator[tuple[str, StudyPlan]]:
    for name in storage.names(store):
        with suppress(StudyError):  # damaged: it can only be deleted
            yield name, storage.read_plan(store, name)


def _teaches(name: str, study: str, store: Store) -> bool:
    with suppress(StudyError):
        steps = (step for trial in storage.read(store, study).trials for step in trial.recipe.steps)
        return any(step.get("teacher") == name for step in steps)
    return False
