"""A training run: how far it is, its curves, stopping it; what came out, and what it cost on what was known before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from edgeslim import workbench
from edgeslim.report.training_chart import training_chart
from edgeslim.ui.components.bringing import at_machine
from edgeslim.ui.components.errands import ended, watched
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import class_list
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import linked, one_of, t
from edgeslim.units import format_clock, format_interval
from edgeslim.workbench import ErrandStatus
from edgeslim.workbench.own_detector import TrainingRun

CHART = {"displayModeBar": False}


def runs_view(runs: Sequence[TrainingRun]) -> None:
    """The run that the address asks for, or the newest."""
    by_key = {run.plan.key: run for run in runs}
    keys = list(by_key)
    chosen = st.selectbox(
        t("train.run"),
        keys,
        format_func=lambda key: f"{by_key[key].plan.name} · {by_key[key].plan.dataset_name}",
        width=420,
        **linked("run", keys[0], one_of(keys)),
    )

    def look() -> ErrandStatus | None:
        return workbench.training_status(chosen)

    if watched(look, t("train.training"), leave=True, so_far=lambda: _so_far(chosen)):
        return
    run = by_key[chosen]
    ended(look())
    _curves(run)
    if run.metrics is not None:
        _outcome(run)
    _go_on(run)


def _so_far(key: str) -> None:
    run = workbench.training_run(key)
    if run is None:
        return
    if at_machine() and st.button(t("train.stop"), icon=":material/stop_circle:", help=t("train.stop_help")):
        workbench.stop_training(key)
        st.toast(t("train.stopping"))
    _curves(run)


def _curves(run: TrainingRun) -> None:
    if not run.epochs:
        st.caption(t("train.no_epoch"))
        return
    words = {key: t(f"train.chart_{key}") for key in ("loss", "score", "epochs", "best")}
    st.plotly_chart(training_chart(run, words), key="training_chart", config=CHART)
    st.caption(t("train.images", taught=run.taught, watched=run.watched))


def _outcome(run: TrainingRun) -> None:
    """What it is worth, what became of former classes, and where to go on."""
    best, last = run.best, run.epochs[-1]
    assert best is not None and run.metrics is not None, "it has ended"
    told = t(
        "train.outcome",
        name=plain(run.plan.name),
        images=run.validated,
        mAP=f"{100 * run.metrics['mAP']:.1f}",
        AP50=f"{100 * run.metrics['AP50']:.1f}",
    )
    st.markdown(told)
    facts = {"best": f"{best.number:g}", "epochs": f"{last.number:g}"}
    st.caption(t(f"train.ended_{run.state}", time=format_clock(round(last.seconds)), **facts))
    if run.forgotten:
        names = class_list(run.forgotten, 8)
        st.markdown(f":material/warning: {t('train.forgotten', count=len(run.forgotten), names=names)}")
    if run.former is not None:
        former = run.former
        scores = {"before": f"{100 * former.before:.1f}", "after": f"{100 * former.after:.1f}"}
        names = class_list(former.classes, 8)
        words = t("train.former", dataset=plain(former.dataset), names=names, **scores)
        if former.change_ci95 is not None:
            change = format_interval(former.change_ci95, signed=True)
            words += " " + t("train.former_interval", change=change, images=former.images)
        st.markdown(f":material/{'warning' if former.lost else 'info'}: {words}")
    listed = {each.name for each in workbench.list_datasets()}
    data = run.plan.dataset_name if run.plan.dataset_name in listed else None
    with st.container(horizontal=True):
        go(
            "new",
            t("library.to_study"),
            icon=":material/add_circle:",
            model=run.plan.name,
            data=data,
        )
        go("library", t("library.look"), icon=":material/visibility:", model=run.plan.name)


def _go_on(run: TrainingRun) -> None:
    """From its last epoch: a run that was broken off under its name, one that has ended under another."""
    if not at_machine() or run.state == "complete":
        return
    name = run.plan.name
    if run.metrics is not None:
        name = st.text_input(
            t("train.go_on_name", name=plain(run.plan.name)), value=f"{run.plan.name}-2"[:64], width=420
        )
    if st.button(t("train.go_on"), icon=":material/play_arrow:", help=t("train.go_on_help")):
        with boundary():
            workbench.begin_training(replace(run.plan, name=name))
            st.rerun()
