"""Which images the gallery of damage is about: those that files are scored on, the dataset's gallery, or a folder."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from edgeslim import workbench
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.bringing import at_machine
from edgeslim.ui.components.damage_filters import FILTERS
from edgeslim.ui.components.folder import asked_folder, left_out
from edgeslim.ui.state import linked, one_of, t


def damage_images(study: StudyResult, row: DeltaGenerator) -> workbench.Images | None:
    """The images that the address names as `over` and `folder`; None until a folder is given. Raises DatasetError.

    The choice stands in `row`, the path of a folder below it.
    """
    dataset = data.sources(study).dataset
    sizes = data.dataset_sizes(dataset)
    options = ["validation", *(["gallery"] if "gallery" in sizes else [])]
    options += ["folder"] if at_machine() else []
    over: str = row.segmented_control(
        t("damage.over"),
        options,
        format_func=lambda key: t(f"compare.{key}"),
        required=True,
        **linked("over", "validation", one_of(options), clears=FILTERS),
    )
    if over == "validation":
        return data.validation_images(study)
    if over == "gallery":
        return workbench.Images(
            dataset, "gallery", most=data.MOST_IMAGES, classes=data.sources(study).classes
        )
    folder = asked_folder("damage_folder")
    if not folder:
        return None
    left_out(folder)
    there = data.dataset_sizes(folder).get("validation", 0)
    if there > data.MOST_IMAGES:
        st.caption(t("damage.first", count=data.MOST_IMAGES, total=there))
    return workbench.Images(folder, most=data.MOST_IMAGES)
