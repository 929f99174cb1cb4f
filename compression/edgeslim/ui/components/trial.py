"""One trial in full: figures, sizes, classes, recipe, stages, and what it does not change."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from edgeslim.report.bars import class_chart
from edgeslim.report.info import class_info, unchanged
from edgeslim.report.pointless import as_good
from edgeslim.studies.figures import FIGURES, in_all
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui.components.flips import int8_flips
from edgeslim.ui.components.headline import figures
from edgeslim.ui.components.notes import trial_notes
from edgeslim.ui.components.problems import show
from edgeslim.ui.components.waterfall import size_waterfall
from edgeslim.ui.components.words import (
    chart_texts,
    class_name,
    figure_name,
    named,
    notice_words,
    numbered,
    progress_words,
    recipe_words,
    state_words,
    step_name,
)
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import address, t
from edgeslim.units import format_bytes, format_seconds, format_share

BAR_CONFIG = {"displayModeBar": False}
FIDELITY = ("kept", "moved", "relabelled", "lost", "gained")


def trial_panel(study: StudyResult, number: int, effects: Mapping[str, Sequence[str]]) -> None:
    """Everything known of a trial. `effects` is what each step changes, as `list_steps` tells."""
    trial = study.trial(number)
    if trial is None:
        st.warning(t("trial.missing", number=number))
        return
    st.header(plain(numbered(trial)), anchor=False)
    st.markdown(recipe_words(trial.recipe))
    trial_notes(study, number)
    if trial.error:
        show(trial.error)
    if not trial.measured:
        st.caption(state_words(trial.state))
        for rung in trial.rungs:
            _cheap_trial(rung, study.images)
        _recipe(trial)
        return
    figures(study, number)
    int8_flips(study, trial)
    for notice in trial.notices:
        st.caption(f":material/warning: {notice_words(notice)}")
    shorter = as_good(study, trial)
    if shorter is not None:
        st.caption(f":material/info: {t('trial.pointless', other=plain(numbered(shorter)))}")
    for effect in unchanged(trial, effects) if trial.recipe.steps else ():
        st.caption(f":material/info: {t(f'unchanged.{effect}')}")
    classes = [replace(row, label=class_name(row.label)) for row in class_info(study, number)]
    original = number == study.baseline
    columns = st.columns(1 if original or not classes else 2, gap="large")
    with columns[0]:
        size_waterfall(study, number)
    if len(columns) > 1:
        with columns[1]:
            st.markdown(f"**{t('trial.classes')}**", help=t("trial.classes_help"))
            st.plotly_chart(class_chart(classes, chart_texts()), key="class_chart", config=BAR_CONFIG)
    _measurements(study, trial)
    _recipe(trial)


def _cheap_trial(rung: Mapping[str, Any], images: int | None) -> None:
    """What a search found of a recipe that it did not measure fully; `images` are all there are.

    A rung is kept as the search wrote it, figures by the names of the task.
    """
    metric = str(rung.get("primary_metric"))
    found = ((rung.get(figures) or {}).get(metric) for figures in ("accuracy", "fidelity"))
    value = next((value for value in found if value is not None), None)
    if value is not None:
        about = {"images": rung["images"] or images, "share": format_share(rung["share"])}
        text = FIGURES.get(metric).kind.text(value)
        st.markdown(t("trial.cheap", metric=figure_name(metric), value=text, **about))


def links(study: StudyResult, number: int) -> None:
    """The address of this very view, to be passed on."""
    st.caption(t("trial.link"))
    # Not st.code: its highlighter is 1.6 MB for the visitor to fetch.
    this = {"study": study.name, "trial": number}
    shown = this | {name: value for name, value in st.query_params.items() if name not in this}
    st.markdown(f"`{address('study', **shown)}`")


def _measurements(study: StudyResult, trial: TrialResult) -> None:
    rows = []
    for figure in in_all(FIGURES, trial.runtimes):
        value = figure.value(trial, study.original) if figure.axis else None
        if value is None:
            continue
        text, bounds = figure.kind.text, figure.bounds(trial)
        interval = f"{text(bounds[0])} … {text(bounds[1])}" if bounds else ""
        rows.append((figure_name(figure.name), text(value), interval))
    if trial.latency:
        rounds = t("trial.rounds", rounds=trial.latency.rounds)
        rows.append((t("trial.p95"), f"{trial.latency.p95_ms:.2f} ms", rounds))
    with st.expander(t("trial.all_measurements"), icon=":material/straighten:"):
        st.table(
            pd.DataFrame(rows, columns=["", "​", t("chart.interval")]), hide_index=True, border="horizontal"
        )
        fidelity = trial.fidelity or {}
        if "kept" in fidelity:
            st.markdown(t("trial.fidelity", **{name: fidelity[name] for name in FIDELITY}))
        images = (trial.accuracy or {}).get("images")
        if images is not None:
            st.caption(t("trial.images", images=images))


def _recipe(trial: TrialResult) -> None:
    with st.expander(t("trial.recipe"), icon=":material/list_alt:"):
        for place, step in enumerate(trial.recipe.steps):
            kind = f"step.{step['step']}"
            values = ", ".join(
                f"{named(kind, name)} = {named(f'{kind}.{name}', str(value))}"
                for name, value in step.items()
                if name != "step"
            )
            done = place < len(trial.stages)
            took = f" · {format_seconds(trial.stages[place].seconds)}" if done else ""
            st.markdown(f"{place + 1}. **{plain(step_name(step['step']))}** {plain(values)}{took}")
        if not trial.recipe.steps:
            st.markdown(t("trial.no_steps"))
        if trial.sha256 and trial.sizes:
            st.caption(f"SHA-256 `{trial.sha256}` · {format_bytes(trial.sizes.file)}")
        if trial.environment:
            environment = trial.environment.items()
            st.caption(" · ".join(f"{plain(str(name))} {plain(str(value))}" for name, value in environment))
        st.download_button(
            t("trial.download_recipe"),
            json.dumps(trial.recipe.to_json(), indent=2, ensure_ascii=False),
            file_name=f"recipe-{trial.number}.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="download_recipe",
        )
        if trial.progress:
            st.caption(progress_words(trial.progress))
