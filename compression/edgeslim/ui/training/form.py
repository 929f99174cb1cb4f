"""What is trained: the data, what it begins with, the size, the name. All but the name is in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import streamlit as st

from edgeslim import workbench
from edgeslim.models.library import ModelEntry
from edgeslim.ui import data
from edgeslim.ui.components.words import class_list
from edgeslim.ui.state import linked, number_in, one_of, t
from edgeslim.workbench.datasets import DatasetInfo
from edgeslim.workbench.own_detector import EPOCHS, NOTHING, SIDE, STREET_SIGNS, DetectorPlan, DetectorSize

MODEL = "model"
MOST_EPOCHS = 1000
MOST_SIDE = 1280
SHOWN_CLASSES = 8


def training_form(datasets: Sequence[DatasetInfo], models: Sequence[ModelEntry]) -> DetectorPlan | None:
    """What is asked for; None until it has all it needs."""
    detection = {each.name: each for each in datasets if each.task == "detection" and each.labels}
    known = {each.name: each for each in models}
    left, right = st.columns(2)
    with left:
        names = list(detection)
        chosen = st.selectbox(t("dataset.label"), names, **linked("data", names[0], one_of(names)))
        dataset = detection[chosen]
        st.caption(
            t("train.classes", count=len(dataset.labels), names=class_list(dataset.labels, SHOWN_CLASSES))
        )
    size: DetectorSize = "medium"
    side = SIDE
    with right:
        starts = (STREET_SIGNS, NOTHING, MODEL)
        start = st.segmented_control(
            t("train.start"),
            starts,
            format_func=lambda each: t(f"train.start_{each.replace('-', '_')}"),
            help=t("train.start_help"),
            required=True,
            **linked("start", STREET_SIGNS, one_of(starts)),
        )
        if start == MODEL:
            start = st.selectbox(
                t("train.model"), list(known), **linked("model", next(iter(known)), one_of(list(known)))
            )
            _kept_classes(dataset, start)
        else:
            sizes = get_args(DetectorSize)
            size = st.segmented_control(
                t("train.size"),
                sizes,
                format_func=lambda each: t(f"train.size_{each}"),
                required=True,
                **linked("size", "medium", one_of(sizes)),
            )
    numbers = st.columns(4)
    with numbers[0]:
        epochs = _whole("epochs", EPOCHS, 1, MOST_EPOCHS)
    with numbers[1]:
        if start in (STREET_SIGNS, NOTHING):
            side = _whole("side", SIDE, 64, MOST_SIDE)
    with numbers[2]:
        seed = _whole("seed", 0, 0, 2**31 - 1)
    name = st.text_input(
        t("import.name"), value=f"{chosen}-{start if start in known else 'detector'}"[:64], width=420
    )
    if not name:
        return None
    return workbench.training_plan(chosen, name, start=start, size=size, side=side, epochs=epochs, seed=seed)


def _whole(name: str, usual: int, low: int, high: int) -> int:
    read = number_in(low, high)
    return int(
        st.number_input(
            t(f"train.{name}"),
            min_value=low,
            max_value=high,
            step=1,
            help=t(f"train.{name}_help"),
            **linked(name, usual, lambda text: None if (value := read(text)) is None else int(value)),
        )
    )


def _kept_classes(dataset: DatasetInfo, model: str) -> None:
    """Which classes go on with their weights, before anything is trained."""
    matching = workbench.matching_of(dataset, data.labels(model, None), ())
    kept = [] if matching is None else [own for own, other in matching.pairs if other is not None]
    words = t("train.keeps", names=class_list(kept, SHOWN_CLASSES)) if kept else t("train.keeps_none")
    st.caption(words)
