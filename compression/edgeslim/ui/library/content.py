"""What is in a dataset: pictures with what is known of them, counts by class and size, and what is broken."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

import numpy as np
import pandas as pd
import streamlit as st

from edgeslim import workbench
from edgeslim.datasets.base import SplitName
from edgeslim.datasets.statistics import SplitStatistics
from edgeslim.detections import Annotations, Detections, Image
from edgeslim.ui import data
from edgeslim.ui.components.errands import ended, watched
from edgeslim.ui.components.problems import boundary, show
from edgeslim.ui.components.words import class_name, notice_words
from edgeslim.ui.picture.component import pictures
from edgeslim.ui.picture.payload import Item, Look, ModelTitle
from edgeslim.ui.state import linked, number_in, one_of, t
from edgeslim.units import DASH
from edgeslim.workbench.datasets import DatasetInfo

PAGE = 12
"""Pictures at once."""


def content(dataset: DatasetInfo) -> None:
    """One split of it, chosen by the address."""
    splits = [name for name, count in dataset.sizes.items() if count]
    chosen = st.segmented_control(
        t("library.split"),
        splits,
        format_func=lambda name: f"{t(f'split.{name}')} · {dataset.sizes[name]}",
        required=True,
        **linked(
            "split", "validation" if "validation" in splits else splits[0], one_of(splits), clears=("page",)
        ),
    )
    split = cast(SplitName, chosen)
    if not workbench.images_there(workbench.Images(dataset.name, split)):
        st.info(t("library.not_drawn"), icon=":material/brush:")
        _broken(dataset.name, split)
        return
    with boundary():
        with st.spinner(t("import.working")):
            found = _statistics(dataset.name, dataset.path, split)
        _counts(found)
        for warning in _warnings(dataset.name, dataset.path):
            st.caption(f":material/warning: {warning}")
        _broken(dataset.name, split)
        _thumbnails(dataset, split)


@st.cache_data(max_entries=16, ttl=data.FRESH, show_spinner=False)
def _statistics(name: str, path: str | None, split: SplitName) -> SplitStatistics:
    return workbench.split_statistics(name, split)


def _warnings(name: str, path: str | None) -> list[str]:
    return [notice_words(each) for each in _described(name, path).warnings]


@st.cache_data(max_entries=16, ttl=data.FRESH, show_spinner=False)
def _described(name: str, path: str | None) -> DatasetInfo:
    return workbench.describe_dataset(name)


def _counts(found: SplitStatistics) -> None:
    """How many objects there are, how large, and of which class."""
    values = {"images": found.images, "objects": found.objects, "empty": found.empty}
    if found.unknown == found.images:
        st.markdown(t("library.no_labels", images=found.images))
        return
    boxes = found.small + found.medium + found.large
    st.markdown(t("library.boxes_known" if boxes else "library.labels_known", **values))
    if boxes:
        sizes = {name: getattr(found, name) for name in ("small", "medium", "large")}
        shares = {f"{name}_share": f"{100 * count / boxes:.0f} %" for name, count in sizes.items()}
        st.caption(t("library.sizes", **sizes, **shares))
    rows = pd.DataFrame(
        [
            {
                "class": class_name(each.label),
                "objects": each.objects,
                "images": each.images,
                "side": each.side,
            }
            for each in found.classes
        ]
    )
    columns = {
        "class": st.column_config.TextColumn(t("library.column_class")),
        "objects": st.column_config.ProgressColumn(
            t("library.column_objects"),
            format="%d",
            min_value=0,
            max_value=max(1, *(each.objects for each in found.classes)),
        ),
        "images": st.column_config.NumberColumn(t("library.column_images")),
        "side": st.column_config.NumberColumn(t("library.column_side"), format="%.0f"),
    }
    shown = rows if boxes else rows.drop(columns="side")
    st.dataframe(
        shown, hide_index=True, column_config=columns, placeholder=DASH, alt=t("library.classes_alt")
    )


def _broken(dataset: str, split: SplitName) -> None:
    """Which images cannot be read, and why; or a button that has all of them read."""
    look = partial(workbench.reading_status, dataset, split)
    if watched(look, t("library.read_all")):
        return
    broken = workbench.broken_images(dataset, split)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("library.read_all"), icon=":material/fact_check:", help=t("library.read_all_help")):
            workbench.begin_reading(dataset, split)
            st.rerun()
        if broken == ():
            st.caption(f":material/check_circle: {t('library.all_readable')}", width="content")
    ended(look())
    if broken:
        st.markdown(t("library.broken", count=len(broken)))
        for problem in broken[:PAGE]:
            show(problem)


def _thumbnails(dataset: DatasetInfo, split: SplitName) -> None:
    pages = max(1, -(-dataset.sizes[split] // PAGE))
    page = 1
    if pages > 1:
        page = int(
            st.number_input(
                t("library.page", pages=pages),
                min_value=1,
                max_value=pages,
                step=1,
                width=200,
                **linked(
                    "page", 1, lambda text: None if (n := number_in(1, pages)(text)) is None else int(n)
                ),
            )
        )
    first = (page - 1) * PAGE
    with st.skeleton(height=260):
        found = data.pictures(dataset.name, split, first, PAGE)
    pictures(
        [_item(*each, dataset.labels) for each in found],
        [ModelTitle("", known=True)],
        [class_name(label) for label in dataset.labels],
        key="library_thumbnails",
        look=Look(grid=True),
        series=f"{dataset.name} {dataset.path} {split} {page}",
        bare=True,
    )


def _item(title: str, image: Image, truth: data.Truth, labels: Sequence[str]) -> Item:
    """What is known, as if a model had said it; an image's class in its title."""
    if isinstance(truth, Annotations):
        alone = ~truth.crowd
        scores = np.ones(int(alone.sum()), np.float32)
        return Item(title, image, [Detections(truth.boxes[alone], scores, truth.classes[alone])])
    return Item(title if truth is None else f"{title} · {class_name(labels[truth])}", image, [None])
