"""What each stage of a trial's recipe saved and cost: from measured files, which a study of its own makes on demand."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from edgeslim import workbench
from edgeslim.report.stages import StageInfo, StageRow, points_chart, stage_info
from edgeslim.report.waterfall import Level, waterfall_chart
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.comparable import compared_on
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import boundary, show
from edgeslim.ui.components.study import show_progress
from edgeslim.ui.components.words import change_words, figure_name, step_name
from edgeslim.ui.state import address, t
from edgeslim.units import DASH, format_bytes, format_change, format_interval, format_ratio, format_seconds

CONFIG = {"displayModeBar": False}


def stage_effects(study: StudyResult, number: int | None) -> None:
    """Of the trial looked at: from its ablation once there is one, else what this study's own files tell."""
    trial = study.trial(number)
    if trial is None or not trial.measured or len(trial.recipe.steps) < 2:
        st.info(t("stages.none"), icon=":material/layers:")
        return
    name = data.ablation_name(study, trial)
    own = data.find_study(name)
    shown = own if own is not None and any(each.measured for each in own.trials) else study
    found = data.once(_info, shown, trial)
    st.markdown(t("stages.of", title=f"#{trial.number}", steps=_order(found.stages[-1].steps)))
    _effects(study, found)
    if own is None:
        _start(study, trial, found)
    else:
        _state(own, shown is own, name)
    _variants(shown, found)


def _info(study: StudyResult, trial: TrialResult) -> StageInfo:
    return stage_info(workbench.stage_effects(study, trial.recipe))


def _effects(study: StudyResult, found: StageInfo) -> None:
    """Two charts beside each other: bytes after each stage, points that each stage costs."""
    if (words := _most(found)) is not None:
        st.markdown(words)
    left, right = st.columns(2, gap="large")
    known = [row for row in found.stages if row.download is not None]
    if found.original is not None and known:
        levels = [Level("download", found.original, True)]
        levels += [Level("download", row.download or 0, True) for row in known]
        titles = [t("stages.original"), *_level_titles(found)]
        with left:
            st.markdown(f"**{t('stages.download')}**")
            st.plotly_chart(waterfall_chart(levels, titles), key="stage_bytes", config=CONFIG)
    told = [row for row in found.stages if row.change is not None]
    if told:
        metric = figure_name(found.metric) if found.metric else ""
        with right:
            st.markdown(f"**{t('stages.points', metric=metric)}**", help=t("stages.points_help"))
            titles = [_stage_title(row) for row in told]
            st.plotly_chart(points_chart(told, titles), key="stage_points", config=CONFIG)
            if all(row.interval is None for row in told):
                st.caption(t("stages.no_interval"))
    if 0 < len(told) < len(found.stages):
        st.caption(t("stages.partly", known=len(told), all=len(found.stages)))
    if told and found.metric:
        compared_on(study, [found.metric])


def _most(found: StageInfo) -> str | None:
    """The stage that saves most, what it costs, and which one brings most back; None while a stage is not known."""
    known = [row for row in found.stages if row.saved is not None]
    row = max(known, key=lambda each: each.saved or 0, default=None)
    if row is None or not row.saved or row.saved < 0 or len(known) < len(found.stages):
        return None
    words = t(
        "stages.most",
        step=step_name(row.step or ""),
        saved=format_bytes(row.saved),
        change=change_words(row.change, row.interval),
    )
    back = max(known, key=lambda each: each.change or 0.0)
    if (back.change or 0.0) < 0.0005 or back is row:
        return words
    change = change_words(back.change, back.interval)
    return words + t("stages.back", step=step_name(back.step or ""), change=change)


def _level_titles(found: StageInfo) -> list[str]:
    """Of the measured stages; one whose predecessor is not measured is named with it: 'Pruning → Fine-tuning'."""
    titles, waiting = [], list[str]()
    for row in found.stages:
        waiting.append(step_name(row.step or ""))
        if row.download is not None:
            titles.append(" → ".join(waiting))
            waiting = []
    return titles


def _stage_title(row: StageRow) -> str:
    return step_name(row.step or "")


def _start(study: StudyResult, trial: TrialResult, found: StageInfo) -> None:
    seconds = workbench.ablation_seconds(trial, made=not data.is_sample(study.name))
    about = t("stages.estimate", time=format_seconds(seconds)) if seconds is not None else ""
    st.markdown(t("stages.offer", count=found.missing) + about)
    if st.button(t("stages.start"), icon=":material/layers:", key="start_ablation"):
        with boundary():
            workbench.start_ablation(data.sources(study), trial.recipe)
            st.rerun()


def _state(own: StudyResult, shown: bool, name: str) -> None:
    """How far the ablation is, and what can be done with it."""
    show_progress(own)
    with st.container(horizontal=True, vertical_alignment="center", key="ablation_state"):
        go("study", t("stages.open"), icon=":material/open_in_new:", study=name)
        if own.state == "running":
            if st.button(t("study.cancel"), icon=":material/stop:", key="cancel_ablation"):
                with boundary():
                    workbench.cancel_study(name)
                    st.rerun()
        elif own.state != "complete" and st.button(
            t("study.resume"), icon=":material/play_arrow:", key="resume_ablation"
        ):
            with boundary():
                workbench.resume_study(name)
                st.rerun()
    if own.state == "running":
        st.caption(t("stages.leave"))
    if own.error:
        show(own.error)


def _variants(shown: StudyResult, found: StageInfo) -> None:
    """The recipe without each stage, and its steps in other orders, against the whole recipe."""
    without = [(t("stages.left_out", step=step_name(row.step or "")), row) for row in found.without]
    orders = [(_order(row.steps), row) for row in found.orders]
    for title, rows in ((t("stages.without"), without), (t("stages.orders"), orders)):
        if rows and all(row.number is None and not row.error for _, row in rows):
            continue  # the button above says that they can be measured
        st.markdown(f"**{title}**")
        if not rows:
            st.caption(t("stages.no_orders"))
            continue
        st.dataframe(
            pd.DataFrame([_cells(shown, name, row) for name, row in rows]),
            hide_index=True,
            column_config={
                "link": st.column_config.LinkColumn("#", display_text=r"trial=(\d+)", width="small")
            },
            placeholder=DASH,
            key=f"variants_{'orders' if rows is orders else 'without'}",
        )


def _cells(shown: StudyResult, name: str, row: StageRow) -> dict[str, str | None]:
    interval = f" ({format_interval(row.interval, signed=True)})" if row.interval else ""
    missing = t("stages.impossible") if row.error else t("stages.unmeasured")
    return {
        t("stages.variant"): name,
        figure_name("download"): format_bytes(row.download) if row.number is not None else missing,
        t("stages.saves"): None if row.saved is None else _signed(-row.saved),
        t("stages.change"): None if row.change is None else format_change(row.change) + interval,
        figure_name("latency_ratio"): None if row.ratio is None else format_ratio(row.ratio),
        "link": None if row.number is None else address("study", study=shown.name, trial=row.number),
    }


def _signed(count: int) -> str:
    """'+12.0 KB', '−1.18 MB'."""
    sign = "+" if count > 0 else "−" if count < 0 else "±"
    return f"{sign}{format_bytes(abs(count))}"


def _order(steps: Sequence[str]) -> str:
    return " → ".join(step_name(step) for step in steps) or t("stages.original")
