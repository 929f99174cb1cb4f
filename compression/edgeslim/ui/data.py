"""What the screens show, read through the workbench and kept while it cannot have changed.

What is kept is shared by everybody who looks, and never changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import streamlit as st

from edgeslim import workbench
from edgeslim.detections import Annotations, Image
from edgeslim.errors import ErrorRecord, Notice, StoreError, StudyError
from edgeslim.models.base import ModelSpec
from edgeslim.records import RecipeRecord
from edgeslim.studies.estimate import Estimate
from edgeslim.studies.notes import TrialNotes
from edgeslim.studies.preset import LeftOut
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.tasks.base import Prediction
from edgeslim.ui.foreign import ForeignFile
from edgeslim.ui.kept import once as once
from edgeslim.ui.techniques import effects as effects
from edgeslim.ui.techniques import steps as steps
from edgeslim.ui.timed import timed
from edgeslim.workbench.datasets import DatasetInfo
from edgeslim.workbench.presets import FittingPreset
from edgeslim.workbench.seeing import MOST_IMAGES as MOST_IMAGES
from edgeslim.workbench.studies import StudyEntry

Truth = Annotations | int | None
Picture = tuple[str, Image, Truth]
"""Its id, the image, and what is known to be true of it."""
SplitName = Literal["gallery", "validation", "train", "calibration"]
FRESH = 60.0
"""Seconds after which a dataset is opened anew: its images may be others by then."""


def sample() -> StudyResult | None:
    """The study that comes with the product, or None in a copy without it; timed as `load_study` has it."""
    published = _published()
    return None if published is None else timed(published)


def _published() -> StudyResult | None:
    version = workbench.sample_version()
    return None if version is None else _sample(version)


@st.cache_resource(max_entries=1, show_spinner=False)
def _sample(version: str) -> StudyResult | None:
    return workbench.sample_study()


def is_sample(name: str) -> bool:
    published = _published()
    return published is not None and published.name == name


def study_list() -> list[StudyEntry]:
    """All studies, the sample first, then the newest."""
    own = [_entry(name, version) for name, version in workbench.study_versions().items()]
    own.sort(key=lambda entry: (entry.created, entry.name), reverse=True)
    published = _published()
    if published is None:
        return own
    others = [entry for entry in own if entry.name != published.name]
    return [workbench.study_entry(published, sample=True), *others]


def load_study(name: str) -> StudyResult:
    """A study with all its trials, read again only if it has changed. Raises StudyError, StoreError.

    Where its files were timed on this machine too, with those latencies, unless the address asks for its own.
    """
    return timed(study_itself(name))


def study_itself(name: str) -> StudyResult:
    """The study with the latencies that it came with. Raises StudyError, StoreError."""
    published = _published()
    if published is not None and published.name == name:
        return published
    return _study(name, workbench.study_version(name))


@st.cache_resource(max_entries=16, show_spinner=False)
def _study(name: str, version: str) -> StudyResult:
    return workbench.study_result(name)


@st.cache_resource(max_entries=1024, show_spinner=False)
def _entry(name: str, version: str) -> StudyEntry:
    try:
        return workbench.study_entry(_study(name, version))
    except (StudyError, StoreError) as error:
        return StudyEntry(name=name, state="failed", error=error.record())


def notes(study: StudyResult) -> Mapping[int, TrialNotes]:
    """Stars and notes by number of the trial, read again only if they have changed."""
    published = is_sample(study.name)
    return _notes(study.name, published, workbench.notes_version(study.name, sample=published))


def starred(study: StudyResult) -> tuple[int, ...]:
    """Numbers of the trials with a star."""
    return tuple(number for number, each in notes(study).items() if each.star)


@st.cache_resource(max_entries=64, show_spinner=False)
def _notes(name: str, published: bool, version: str) -> Mapping[int, TrialNotes]:
    return workbench.trial_notes(name, sample=published)


def find_study(name: str) -> StudyResult | None:
    """The study of that name, if there is one that can be read."""
    try:
        return load_study(name)
    except (StudyError, StoreError):
        return None


def ablation_name(study: StudyResult, trial: TrialResult) -> str:
    """The study that takes the trial's recipe apart, whether it is there or not."""
    return once(_ablation_name, study, sources(study), trial.recipe)


def _ablation_name(study: StudyResult, plan: StudyPlan, recipe: RecipeRecord) -> str:
    return workbench.ablation_name(plan, recipe)


def sources(study: StudyResult) -> StudyPlan:
    """References of the study's model and dataset, and the model's specification if it was given one."""
    if is_sample(study.name):
        return StudyPlan(model=study.model, dataset=study.dataset)
    return once(_plan, study)


def _plan(study: StudyResult) -> StudyPlan:
    return workbench.study_plan(study.name)


def has_file(trial: TrialResult) -> bool:
    """Whether the trial's file is here: the sample study comes with those that teach, others can be made."""
    if not trial.measured or trial.sha256 is None:
        return False
    return bool(trial.file and Path(trial.file).exists()) or workbench.has_artifact(trial.sha256)


@st.cache_data(max_entries=1024, show_spinner=False)
def stored_bytes(sha256: str) -> int | None:
    """Bytes of the numbers in a file's tensors; None once the file is gone."""
    try:
        return workbench.stored_bytes(sha256)
    except StudyError:
        return None


@st.cache_resource(max_entries=8, ttl=FRESH, show_spinner=False)
def pictures(dataset: str, split: SplitName | None, start: int, count: int) -> list[Picture]:
    """Some of a dataset's images, not to be written to: a copy of a dozen photos takes each rerun 0.2 s, and 0.4 GB."""
    return _kept(workbench.gallery_images(dataset, split, start=start, count=count))


def _kept(found: list[Picture]) -> list[Picture]:
    for _, image, _ in found:
        image.flags.writeable = False
    return found


@st.cache_resource(max_entries=16, ttl=FRESH, show_spinner=False)
def unreadable(dataset: str, split: SplitName | None) -> dict[int, ErrorRecord]:
    """Why images cannot be read, by place, of those that were looked at: `readable_pictures` adds to it."""
    return {}


def readable_pictures(dataset: str, split: SplitName | None, first: int, count: int) -> list[Picture] | None:
    """Some of a dataset's images, counted without those in `unreadable`; None where there turned out to be more."""
    known = unreadable(dataset, split)
    found, new = _readable(dataset, split, first, count, tuple(sorted(known)))
    known |= new
    return None if new else found


@st.cache_resource(max_entries=8, ttl=FRESH, show_spinner=False)
def _readable(
    dataset: str, split: SplitName | None, first: int, count: int, without: tuple[int, ...]
) -> tuple[list[Picture], dict[int, ErrorRecord]]:
    found, new = workbench.readable_images(dataset, split, without, start=first, count=count)
    return _kept(found), new


def picture_count(dataset: str, split: SplitName | None) -> int:
    """How many images a split has; None is the gallery, or the validation split where there is none."""
    sizes = dataset_sizes(dataset)
    return sizes.get(split, 0) if split else sizes.get("gallery", sizes.get("validation", 0))


def dataset_sizes(dataset: str) -> dict[str, int]:
    """Images by split; a listed dataset need not be opened for that."""
    listed = {data.name: data.sizes for data in workbench.list_datasets()}
    return dict(listed[dataset]) if dataset in listed else dict(_described(dataset).sizes)


def dataset_warnings(dataset: str) -> tuple[Notice, ...]:
    """What was repaired or left out when it was read."""
    return _described(dataset).warnings


@st.cache_data(max_entries=16, ttl=FRESH, show_spinner=False)
def _described(dataset: str) -> DatasetInfo:
    return workbench.describe_dataset(dataset)


@st.cache_resource(max_entries=16, ttl=60, show_spinner=False)
def presets(model: str, dataset: str, calibration: str | None) -> dict[str, FittingPreset]:
    """The ready-made recipe lists by name, cut to what fits; of some nothing may be left."""
    return {preset.name: preset for preset in workbench.list_presets(model, dataset, calibration)}


@st.cache_resource(max_entries=64, ttl=60, show_spinner=False)
def lacking(
    model: str, dataset: str, calibration: str | None, recipes: tuple[str, ...]
) -> tuple[LeftOut, ...]:
    """Which of the recipes, each as JSON, could only fail here."""
    plan = StudyPlan(model=model, dataset=dataset, calibration=calibration)
    return workbench.recipes_lacking(plan, [workbench.read_recipe(json.loads(each)) for each in recipes])


@st.cache_data(max_entries=16, ttl=60, show_spinner=False)
def idle_steps(model: str) -> frozenset[str]:
    """Steps that find nothing to do in this model."""
    return workbench.idle_steps(model)


@st.cache_data(max_entries=16, ttl=60, show_spinner=False)
def preset_times(model: str, dataset: str, calibration: str | None) -> dict[str, Estimate]:
    """How long each of them takes on this machine."""
    plan = StudyPlan(model=model, dataset=dataset, calibration=calibration)
    listed = presets(model, dataset, calibration)
    return {
        name: workbench.estimate(replace(plan, preset=name), preset.recipes)
        for name, preset in listed.items()
        if preset.recipes
    }


@st.cache_data(max_entries=4, show_spinner=False)
def recognised(content: bytes, name: str) -> ModelSpec:
    """What import would recognise of an uploaded file."""
    return workbench.recognised_spec(content, name)


@st.cache_data(max_entries=512, show_spinner=False)
def predicted(sha256: str, model: str, spec: ModelSpec | None, image: Image) -> tuple[Prediction, float]:
    """What a file says about an image, and the milliseconds that took once."""
    return workbench.predict(workbench.artifact_path(sha256), image, workbench.model_spec(model, spec))


@st.cache_data(max_entries=16, show_spinner=False)
def labels(model: str, spec: ModelSpec | None) -> tuple[str, ...]:
    """The classes that a model names."""
    return workbench.model_spec(model, spec).labels


def reading(study: StudyResult, trial: TrialResult) -> tuple[str, ModelSpec | None]:
    """The model that a file is read as, and its specification if one was given."""
    if isinstance(trial, ForeignFile):
        return trial.reference, trial.spec
    plan = sources(study)
    return plan.model, plan.spec


def validation_images(study: StudyResult) -> workbench.Images:
    """Those that the study's files were scored on, but not more than a page can wait for."""
    return workbench.compared_images(sources(study))


def scored(study: StudyResult, images: workbench.Images | None = None) -> workbench.ScoredImages:
    """What is known of the images; without any given, of `validation_images`."""
    plan = sources(study)
    return _scored(images or validation_images(study), plan.model, plan.spec)


@st.cache_resource(max_entries=8, ttl=FRESH, show_spinner=False)
def _scored(images: workbench.Images, model: str, spec: ModelSpec | None) -> workbench.ScoredImages:
    return workbench.scored_images(images, model, spec=spec)


@st.cache_data(max_entries=32, show_spinner=False)
def images_at(images: workbench.Images, model: str, places: tuple[int, ...], fingerprint: str) -> list[Image]:
    """Some of the images that files of the model are compared on; `fingerprint` is that of `scored`."""
    return workbench.images_at(images, model, places)
