"""A study as a whole on the screen: choosing one, watching it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from edgeslim import visitors, workbench
from edgeslim.progress import WAITS
from edgeslim.records import ProgressRecord
from edgeslim.report.document import study_csv, study_json
from edgeslim.report.info import counts, proposed
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.problems import boundary, show
from edgeslim.ui.components.search import improve_form, search_now, searching, time_left
from edgeslim.ui.components.words import names, notice_words, progress_words, state_words
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import keep_study, last_study, linked, one_of, t
from edgeslim.units import format_clock

BADGES = {
    "complete": "green", "running": "blue", "waiting": "gray", "cancelled": "gray", "paused": "gray",
    "interrupted": "orange", "failed": "red",
}  # fmt: skip
STOPPED = ("paused", "cancelled", "interrupted")
SHOWN_AT_ONCE = 6
_PLACES = "edgeslim_progress_places"
WATCH = 3.0
"""Seconds between two looks at a study that runs, by each who watches it."""


def study_choice(clears: tuple[str, ...]) -> str | None:
    """The study to look at: the address's, else the one looked at last, else the first; None without any."""
    listed = {entry.name: entry for entry in data.study_list()}
    if not listed:
        return None
    given = st.query_params.get("study")
    if given is not None and given not in listed:
        st.warning(t("study.unknown", name=plain(given)), icon=":material/help:")
    last = last_study()
    default = last if last in listed else next(iter(listed))
    name: str = st.selectbox(
        t("study.label"),
        list(listed),
        # Nothing that changes while a study runs: a browser sends back the words it was given.
        format_func=lambda name: t("study.sample_line", name=name) if listed[name].sample else name,
        label_visibility="collapsed",
        **linked("study", default, one_of(list(listed)), clears=clears),
    )
    keep_study(name)
    if listed[name].error is not None:  # it is shown where the study would be
        st.caption(f":material/delete: {t('study.unreadable', name=name)}")
    return name


def study_header(study: StudyResult) -> None:
    """State, model, dataset, how many images and trials."""
    found = data.once(counts, study)
    parts = [f":{BADGES[study.state]}-badge[{state_words(study.state)}]"]
    parts.append(plain(f"{study.model} · {study.dataset}"))
    if study.images:
        parts.append(t("study.images", count=study.images))
    if study.state == "running" and study.searching:
        # Its figures are told below, and what is measured still waits to be timed.
        found = {name: count for name, count in found.items() if name in ("failed", "infeasible")}
    order = (
        "complete",
        "measured",
        "running",
        "waiting",
        "infeasible",
        "failed",
        "pruned",
        "out_of_time",
        "cancelled",
    )
    parts += [
        t("study.counted", count=found[name], state=state_words(name)) for name in order if name in found
    ]
    st.markdown(" · ".join(parts))
    if study.error:
        show(study.error)
    if study.state == "interrupted":
        st.warning(t("study.interrupted"), icon=":material/power_off:")
    if study.state in STOPPED:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/pause_circle: {t('study.stopped')}", width="content")
            if not data.is_sample(study.name) and workbench.may_change_study(study.name):
                _action("resume", "play_arrow", workbench.resume_study, study.name, where="header")
    for warning in study.warnings:
        st.caption(f":material/warning: {notice_words(warning)}")


def study_actions(study: StudyResult) -> None:
    """Cancel, resume, retry, delete, and the results as files."""
    name, state = study.name, study.state
    with st.popover(t("study.actions"), icon=":material/more_horiz:"):
        st.download_button(
            t("study.csv"),
            lambda: study_csv(study, data.notes(study)).encode("utf-8-sig"),
            file_name=f"{name}.csv",
            mime="text/csv",
            icon=":material/table_view:",
            on_click="ignore",
            width="stretch",
        )
        st.download_button(
            t("study.json"),
            lambda: study_json(study, data.notes(study)).encode(),
            file_name=f"{name}.json",
            mime="application/json",
            icon=":material/data_object:",
            on_click="ignore",
            width="stretch",
        )
        if data.is_sample(name):
            return
        if not workbench.may_change_study(name):
            st.caption(f":material/lock: {t('study.not_yours')}")
            return
        if state == "running":
            _action("pause", "pause", workbench.pause_study, name)
            _action("cancel", "stop", workbench.cancel_study, name)
            return
        if state in ("waiting", "cancelled", "paused", "interrupted", "failed"):
            _action("resume", "play_arrow", workbench.resume_study, name)
        if "failed" in data.once(counts, study):
            _action("retry", "replay", workbench.retry_study, name)
        if state == "complete":
            improve_form(name)
        if visitors.demo():
            return
        sure = st.checkbox(t("study.delete_sure"), key="delete_sure")
        _action("delete", "delete", workbench.delete_study, name, disabled=not sure)


def _action(
    verb: str,
    icon: str,
    act: Callable[[str], object],
    name: str,
    disabled: bool = False,
    where: Literal["menu", "header"] = "menu",
) -> None:
    pressed = st.button(
        t(f"study.{verb}"),
        icon=f":material/{icon}:",
        key=f"{verb}_study" if where == "menu" else f"{verb}_{where}",
        disabled=disabled,
        width="stretch" if where == "menu" else "content",
    )
    if pressed:
        with boundary():
            act(name)
            if verb == "delete":
                st.query_params.pop("study", None)
            st.rerun()


def show_progress(study: StudyResult) -> None:
    """Live progress while the study runs; the whole page is drawn again whenever a trial ends."""
    if study.state == "running":
        tried = len(data.once(proposed, study))
        _progress(study, _through(study), tried)
    search_now(study)


@st.fragment(run_every=WATCH)
def _progress(study: StudyResult, through: int, tried: int) -> None:
    with boundary():
        status = workbench.study_status(study.name)
        if status.state != "running" or status.done != through:
            st.rerun()
        if status.current is not None and searching(status):
            time_left(status.current, study.search, tried)
        else:
            phase = t(f"phase.{status.phase or 'starting'}")
            words = t("study.through", done=status.done, total=status.total, phase=phase)
            if not status.total:
                words = t("study.preparing")
            if status.left is not None:
                words += f" · {t('errand.left', time=format_clock(status.left))}"
            st.progress(min(1.0, status.done / max(1, status.total)), text=words)
        if status.pausing:
            st.caption(f":material/pause_circle: {t('study.pausing')}")
        if status.ahead is not None:
            st.caption(f":material/hourglass_top: {t('study.ahead', count=status.ahead)}")
        elif status.current is not None and not searching(status):
            _line_of_progress("", status.current)
        shown = sorted(status.progress.items())[:SHOWN_AT_ONCE]
        for number, now in shown:
            _line_of_progress(names(study).get(number, f"#{number}"), now)
        for _ in range(_places((study.name, status.phase), len(shown)) - len(shown)):
            st.progress(0.0, text=t("study.next"))


def _places(where: tuple[str, str | None], lines: int) -> int:
    """The most lines that were shown at once in this phase: what is below them does not jump when one is missing."""
    before, most = st.session_state.get(_PLACES, (where, 0))
    most = max(lines, most) if before == where else lines
    st.session_state[_PLACES] = (where, most)
    return most


def _line_of_progress(title: str, now: ProgressRecord) -> None:
    words = progress_words(now)
    text = f"{title} · {words}" if title else words
    if now.total and now.message not in WAITS:
        st.progress(min(1.0, now.done / now.total), text=f"{text} {now.done} / {now.total}")
    elif title:  # as high as the other trials' lines
        st.progress(0.0, text=f":material/hourglass_top: {text}")
    else:
        st.caption(f":material/hourglass_top: {text}")


def _through(study: StudyResult) -> int:
    """How many trials the status counts as done, at the moment the page was drawn."""
    return workbench.study_status(study.name).done
