"""What the screens show, read through the workbench and kept while it cannot have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from edgeslim import workbench
from edgeslim.detections import Annotations, Detections, Image
from edgeslim.metrics.fidelity import Fidelity, diff
from edgeslim.report.info import measured
from edgeslim.tasks.base import Prediction

Study = dict[str, Any]
Truth = Annotations | int | None
SplitName = Literal["gallery", "validation"]
PICTURE_CONFIDENCE = 0.5


def sample() -> Study | None:
    """The study that comes with the product, or None in a copy without it."""
    return workbench.sample_study()


def sources(name: str) -> tuple[str, str, dict[str, Any] | None]:
    """References of a study's model and dataset, and the model's specification if it was given one."""
    published = sample()
    if published is not None and published["name"] == name:
        return published["model"], published["dataset"], None
    plan = workbench.study_plan(name)
    return plan["model"], plan["dataset"], plan["spec"]


def study_list() -> list[dict[str, Any]]:
    """All studies, the sample first: name, state, model, dataset, created, done, total."""
    own = workbench.list_studies()
    published = sample()
    if published is None:
        return own
    total = len(published["trials"])
    line = {**published, "preset": published.get("preset"), "done": total, "total": total, "sample": True}
    return [line, *(study for study in own if study["name"] != published["name"])]


def load_study(name: str) -> Study:
    """A study with all its trials. Raises StudyError."""
    published = sample()
    if published is not None and published["name"] == name:
        return published
    return workbench.study_result(name)


def is_sample(name: str) -> bool:
    published = sample()
    return published is not None and published["name"] == name


@st.cache_data(max_entries=1, show_spinner=False)
def steps() -> list[dict[str, Any]]:
    """Every step with its parameters."""
    return workbench.list_steps()


def effects() -> dict[str, Sequence[str]]:
    """What each step changes."""
    return {step["name"]: step["changes"] for step in steps()}


def amounts() -> dict[str, tuple[str, str]]:
    """Name and unit of the number that says how much a step does, for the steps that a search varies by one."""
    found: dict[str, tuple[str, str]] = {}
    for step in steps():
        numbers = (p for p in step["parameters"] if p["search"] is not None and p["type"] in ("int", "float"))
        for parameter in numbers:
            found.setdefault(step["name"], (parameter["name"], parameter["unit"]))
    return found


def has_file(trial: Mapping[str, Any]) -> bool:
    """Whether the trial's file is here: the sample study keeps only its front's."""
    return bool(measured(trial) and trial.get("file") and Path(trial["file"]).exists())


@st.cache_data(max_entries=8, show_spinner=False)
def pictures(dataset: str, split: SplitName | None, start: int, count: int) -> list[tuple[str, Image, Truth]]:
    """(id, image, truth) of some of a dataset's images."""
    return workbench.gallery_images(dataset, split, start=start, count=count)


def picture_count(dataset: str, split: SplitName | None) -> int:
    """How many images a split has; None is the gallery, or the validation split where there is none."""
    sizes = dataset_sizes(dataset)
    return sizes.get(split, 0) if split else sizes.get("gallery", sizes.get("validation", 0))


def dataset_sizes(dataset: str) -> dict[str, int]:
    """Images by split; a listed dataset need not be opened for that."""
    listed = {data["name"]: data["sizes"] for data in workbench.list_datasets()}
    return listed[dataset] if dataset in listed else _counted(dataset)


@st.cache_data(max_entries=16, show_spinner=False)
def _counted(dataset: str) -> dict[str, int]:
    sizes: dict[str, int] = workbench.describe_dataset(dataset)["sizes"]
    return sizes


@st.cache_data(max_entries=16, ttl=60, show_spinner=False)
def presets(model: str, dataset: str, calibration: str | None) -> dict[str, dict[str, Any]]:
    """The ready-made recipe lists that fit, by name."""
    return {preset["name"]: preset for preset in workbench.list_presets(model, dataset, calibration)}


@st.cache_data(max_entries=512, show_spinner=False)
def predicted(sha256: str, model: str, spec: dict[str, Any] | None, image: Image) -> tuple[Prediction, float]:
    """What a file says about an image, and the milliseconds that took once."""
    return workbench.predict(workbench.artifact_path(sha256), image, workbench.model_spec(model, spec))


@st.cache_data(max_entries=16, show_spinner=False)
def labels(model: str, spec: dict[str, Any] | None) -> tuple[str, ...]:
    """The classes that a model names."""
    return workbench.model_spec(model, spec).labels


def changes(original: Prediction, compressed: Prediction, confidence: float) -> Fidelity | None:
    """What became of the original's boxes; None where there are no boxes."""
    if isinstance(original, Detections) and isinstance(compressed, Detections):
        return diff(original, compressed, confidence=confidence)
    return None
