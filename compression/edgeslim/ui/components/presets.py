"""Ready-made recipe lists as cards: what each does, how many recipes, how long it takes, what it lacks here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import streamlit as st

from edgeslim import workbench
from edgeslim.errors import EdgeSlimError
from edgeslim.studies.estimate import Estimate
from edgeslim.studies.preset import Lack, LeftOut
from edgeslim.studies.study import StudyPlan
from edgeslim.ui import data
from edgeslim.ui.components.plan import StudyRequest
from edgeslim.ui.components.problems import asked_in_vain
from edgeslim.ui.components.sources import dataset_import
from edgeslim.ui.components.words import duration_words, named, recipe_title, recipe_words
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import one_of, t
from edgeslim.workbench.datasets import DatasetInfo
from edgeslim.workbench.presets import FittingPreset

OWN = "own"
ADDABLE: tuple[Lack, ...] = ("calibration", "train")
"""What the reader can add, where recipes lack it."""
LASTING: tuple[Lack, ...] = ("layers", "loss")
"""What is as it is with this model."""
_PER_ROW = 3


def preset_cards(presets: Mapping[str, FittingPreset], times: Mapping[str, Estimate]) -> str:
    """The name of the preset in the address, or 'own'; the first one without any."""
    choices = [*presets, OWN]
    asked_in_vain("preset", choices)
    chosen = one_of(choices)(st.query_params.get("preset", "")) or choices[0]
    for start in range(0, len(choices), _PER_ROW):
        columns = st.columns(_PER_ROW, gap="small")
        for column, name in zip(columns, choices[start : start + _PER_ROW], strict=False):
            with column.container(border=True, height="stretch", gap="xsmall"):
                st.button(
                    named("preset", name),
                    icon=f":material/{'check' if name == chosen else 'radio_button_unchecked'}:",
                    type="primary" if name == chosen else "secondary",
                    key=f"preset_{name}",
                    width="stretch",
                    on_click=_choose,
                    args=(name,),
                )
                st.markdown(named("preset.help", name))
                if name in presets:
                    _facts(presets[name], times.get(name))
    return chosen


def _choose(name: str) -> None:
    st.query_params["preset"] = name


def _facts(preset: FittingPreset, time: Estimate | None) -> None:
    parts = [t("preset.contents", count=len(preset.recipes))]
    if time is not None:
        parts.append(duration_words(time))
    st.caption(" · ".join(parts))
    if preset.left_out:
        missing = Counter(need for recipe in preset.left_out for need in recipe.needs)
        needed = t("choice.list").join(named("need", need) for need, _ in missing.most_common())
        st.caption(f":material/block: {t('preset.left_out', count=len(preset.left_out), needs=needed)}")


def preset_contents(preset: FittingPreset) -> None:
    """The preset's recipes by name and steps."""
    title = t("preset.contents_of", title=named("preset", preset.name))
    with st.expander(title, icon=":material/list:"):
        for recipe in (recipe.record() for recipe in preset.recipes):
            st.markdown(f"- **{plain(recipe_title(recipe))}** · {recipe_words(recipe)}")


def missing_needs(
    left_out: Sequence[LeftOut], dataset: DatasetInfo, needs: Collection[Lack] = (*ADDABLE, *LASTING)
) -> None:
    """What recipes lack here of these `needs`, and how it can be given; a recipe that is left out twice counts once."""
    once = {recipe.title: recipe.needs for recipe in left_out}
    missing = Counter(need for lack in once.values() for need in lack if need in needs)
    if not missing:
        return
    with st.container(border=True):
        if missing["calibration"]:
            st.markdown(
                f":material/add_photo_alternate: {t('calibration.missing', count=missing['calibration'])}"
            )
            _calibration_images(dataset)
        if missing["train"]:
            st.markdown(f":material/model_training: {t('need.how.train', count=missing['train'])}")
            with st.popover(t("need.add_train"), icon=":material/upload_file:"):
                dataset_import("data", key="labelled")
        for need in LASTING:
            if missing[need]:
                st.markdown(f":material/info: {t(f'need.how.{need}', count=missing[need])}")


def _calibration_images(dataset: DatasetInfo) -> None:
    split = "train" if dataset.sizes.get("train") else "validation"
    with st.container(horizontal=True):
        st.button(
            t(f"calibration.use_{split}", count=dataset.sizes.get(split, 0)),
            icon=":material/photo_library:",
            help=t(f"calibration.use_{split}_help"),
            key="calibrate_here",
            on_click=_calibrate_on,
            args=(dataset.name,),
        )
        with st.popover(t("calibration.add"), icon=":material/upload_file:"):
            dataset_import("calibration", key="missing")


def absent_presets(presets: Iterable[FittingPreset]) -> None:
    """Presets of which nothing can be run here, and why."""
    told = []
    for preset in presets:
        needs = sorted({need for recipe in preset.left_out for need in recipe.needs})
        told.append(
            f"{named('preset', preset.name)} ({t('choice.list').join(named('need', need) for need in needs)})"
        )
    if told:
        st.caption(f":material/block: {t('preset.absent', presets=t('choice.list').join(told))}")


def _calibrate_on(name: str) -> None:
    st.query_params["calibration"] = name


def start_words(plan: StudyPlan, request: StudyRequest | None) -> None:
    """How long the study will take, and for whom it will wait; nothing where it cannot be said."""
    told: list[str] = []
    if request is not None:
        try:
            if request.search is None:
                estimate = workbench.estimate(plan, request.recipes)
                told.append(t("new.takes", time=duration_words(estimate)))
                former = estimate.former
            else:
                former = workbench.former_check(plan, request.recipes, searching=True)
        except EdgeSlimError:  # starting says why
            return
        if former is not None:
            told.append(t("new.former", images=former.images, dataset=plain(former.dataset)))
    busy = sum(entry.state == "running" for entry in data.study_list())
    if busy:
        told.append(t("new.others_running", count=busy))
    if told:
        st.caption(" ".join(told))
