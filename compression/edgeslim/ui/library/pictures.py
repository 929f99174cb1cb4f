"""Pictures for a model to be looked at with: of a dataset that is here, or of the visitor's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from edgeslim import workbench
from edgeslim.detections import READING_SCORE
from edgeslim.models.library import ModelEntry
from edgeslim.ui import data
from edgeslim.ui.components.bringing import most_megabytes
from edgeslim.ui.components.problems import show
from edgeslim.ui.components.sources import knows_none
from edgeslim.ui.picture.component import look_in_address, page_of
from edgeslim.ui.picture.payload import Look
from edgeslim.ui.state import linked, one_of, t
from edgeslim.workbench.datasets import DatasetInfo, Pictures

PLAIN = Look(confidence=READING_SCORE)
GRID = 12
UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Shown:
    """Those of a series that are looked at, from `first` on."""

    series: str
    pictures: Sequence[data.Picture]
    first: int
    total: int
    look: Look
    dataset: DatasetInfo | None = None
    """Which they are of; None of the visitor's own."""


def shown_pictures(model: ModelEntry, labels: Sequence[str]) -> Shown | None:
    """From a dataset of the model's task, first those that know its classes, or uploaded. Raises DatasetError."""
    datasets = {each.name: each for each in workbench.list_datasets() if each.task == model.task}
    strange = {name for name, each in datasets.items() if knows_none(each, labels)}
    names = [*sorted(datasets, key=strange.__contains__), UPLOAD]
    source = st.selectbox(
        t("library.pictures"),
        names,
        format_func=lambda name: t("library.own_pictures") if name == UPLOAD else name,
        **linked("set", names[0], one_of(names), clears=("image",)),
    )
    if source == UPLOAD:
        return _uploaded()
    if source in strange:
        st.info(t("library.foreign_pictures"), icon=":material/add_photo_alternate:")
    total = data.picture_count(source, None)
    look = look_in_address(PLAIN, total)
    first, count = page_of(look, GRID)
    with st.skeleton(height=260):
        found = data.pictures(source, None, first, count)
    return Shown(source, found, first, total, look, datasets[source]) if found else None


def _uploaded() -> Shown | None:
    given = st.file_uploader(
        t("compare.own"),
        type=["png", "jpg", "jpeg", "webp", "bmp", "gif"],
        accept_multiple_files=True,
        key="library_images",
        help=t("compare.own_help"),
        max_upload_size=most_megabytes(),
    )
    if not given:
        return None
    read = _read(tuple((one.getvalue(), one.name) for one in given))
    for problem in read.left_out:
        show(problem)
    if not read.images:
        return None
    look = look_in_address(PLAIN, len(read.images))
    first, count = page_of(look, GRID)
    part: list[data.Picture] = [(name, image, None) for name, image in read.images[first : first + count]]
    series = " ".join(one.file_id for one in given)
    return Shown(series, part, first, len(read.images), look)


@st.cache_data(max_entries=4, ttl=600, show_spinner=False)
def _read(files: tuple[tuple[bytes, str], ...]) -> Pictures:
    return workbench.read_pictures(files)
