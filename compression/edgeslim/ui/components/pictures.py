"""The compare screen's picture: which one, and how each file sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from edgeslim import workbench
from edgeslim.detections import Image
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.gallery import change_badges, picture
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import numbered
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import linked, number_in, one_of, t
from edgeslim.units import format_bytes, format_ms, format_ratio

SOURCES = ("gallery", "validation", "upload")
BIGGEST = 1_000_000


def image_choice(study: StudyResult, columns: Sequence[Any]) -> tuple[Image | None, str, data.Truth]:
    """(image, its name, what is known of it), from the gallery, the dataset, or the user's own.

    `columns` are the two places where to ask: for the source, and for the image.
    """
    dataset = data.sources(study).dataset
    source_column, image_column = columns
    source = source_column.segmented_control(
        t("compare.source"),
        SOURCES,
        format_func=lambda key: t(f"compare.{key}"),
        required=True,
        **linked("from", "gallery", one_of(SOURCES), clears=("image",)),
    )
    with image_column:
        if source == "upload":
            return _uploaded()
        with boundary(), st.spinner(t("app.loading")):
            return _from_dataset(dataset, "validation" if source == "validation" else None)
    return None, "", None


def _uploaded() -> tuple[Image | None, str, data.Truth]:
    given = st.file_uploader(
        t("compare.own"),
        type=["png", "jpg", "jpeg", "webp", "bmp"],
        key="own_image",
        help=t("compare.own_help"),
    )
    if given is None:
        return None, "", None
    with boundary():
        return workbench.read_image(given.getvalue(), given.name), given.name, None
    return None, "", None


def _from_dataset(dataset: str, split: data.SplitName | None) -> tuple[Image | None, str, data.Truth]:
    count = data.picture_count(dataset, split)
    if count == 0:
        return None, "", None
    index = int(
        st.number_input(
            t("compare.image", last=count - 1),
            min_value=0,
            max_value=count - 1,
            step=1,
            **linked("image", 0, _whole(count)),
        )
    )
    name, image, truth = data.pictures(dataset, split, index, 1)[0]
    return image, name, truth


def _whole(count: int) -> Any:
    read = number_in(0, count - 1)

    def whole(text: str) -> int | None:
        value = read(text)
        return None if value is None else int(value)

    return whole


def comparison(
    study: StudyResult,
    trials: Sequence[TrialResult],
    image: Image,
    title: str,
    truth: data.Truth,
    confidence: float,
) -> None:
    """The original first, then the others, two beside each other; counts, size and time under each."""
    plan = data.sources(study)
    with boundary():
        labels = data.labels(plan.model, plan.spec)
        views = [data.predicted(trial.sha256 or "", plan.model, plan.spec, image) for trial in trials]
        per_row = 3 if len(trials) == 3 else 2
        for start in range(0, len(trials), per_row):
            for column, place in zip(st.columns(per_row), range(start, len(trials)), strict=False):
                trial, (view, milliseconds) = trials[place], views[place]
                with column:
                    st.markdown(f"**{plain(numbered(trial))}**")
                    found = picture(
                        image,
                        view,
                        labels,
                        confidence,
                        original=views[0][0] if place else None,
                        truth=truth,
                        large=per_row == 3,
                        alt=f"{title}: {numbered(trial)}",
                    )
                    if found is not None:
                        change_badges(found)
                    _facts(trial, milliseconds)


def _facts(trial: TrialResult, milliseconds: float) -> None:
    parts = [t("compare.size", size=format_bytes(trial.sizes.download if trial.sizes else None))]
    latency = trial.latency
    if latency:
        parts.append(t("compare.latency", ms=format_ms(latency.median_ms), ratio=format_ratio(latency.ratio)))
    parts.append(t("compare.once", ms=format_ms(milliseconds)))
    st.caption(" · ".join(parts))
