"""A study's search on the screen: how far it is, what it came to, and going on with it."""

from __future__ import annotations

import streamlit as st

from edgeslim import workbench
from edgeslim.records import ProgressRecord
from edgeslim.report.search_progress import SearchInfo, search_chart, search_info
from edgeslim.studies.front_summary import front_summary
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import chart_texts, numbered
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.units import format_clock
from edgeslim.workbench.studies import StudyStatus


def searching(status: StudyStatus) -> bool:
    """Whether a study's process is at its search just now."""
    return status.current is not None and status.current.message == "searching"


def time_left(now: ProgressRecord, search: SearchRun | None, tried: int) -> None:
    """How much of the search's time is over; of one without a time limit, how many of its recipes are tried."""
    spent, total = now.done, now.total
    if total:
        text = t("search.time_left", left=format_clock(max(0, total - spent)), total=format_clock(total))
        st.progress(min(1.0, spent / total), text=text)
    elif search is not None and search.trials:
        text = t("search.trials_left", tried=tried, total=search.trials, spent=format_clock(spent))
        st.progress(min(1.0, tried / search.trials), text=text)
    else:
        st.caption(f":material/search: {t('search.time_spent', spent=format_clock(spent))}")


def search_now(study: StudyResult) -> None:
    """While it searches: how much was tried, and whether it still gets better."""
    info = data.once(search_info, study)
    if study.searching and info is not None:
        _figures(info)


def search_results(study: StudyResult) -> None:
    """How a study's search went, in words and in a chart."""
    search, info = study.search, data.once(search_info, study)
    if search is None or info is None:
        return
    told = [t("search.told", sampler=t(f"search.{search.sampler}"), minutes=f"{info.minutes:.1f}")]
    if search.ended:
        told.append(t("search.counts", tried=info.tried, full=info.full, cheap=info.cheap))
        told.append(t(f"search.end_{search.ended}"))
        if info.improved is not None:
            told.append(t("search.improved", minutes=f"{info.improved:.1f}"))
    st.caption(" · ".join(told))
    _details(study, info)


def improve_form(name: str) -> None:
    """Search on in a study, from its own results."""
    minutes = st.number_input(
        t("search.improve_minutes"),
        min_value=0.0,
        value=5.0,
        step=1.0,
        format="%g",
        label_visibility="collapsed",
        width=150,
        key="more_minutes",
    )
    words = t("search.improve", minutes=f"{minutes:g}")
    if st.button(words, icon=":material/trending_up:", key="improve_study", help=t("search.improve_help")):
        with boundary():
            workbench.improve_study(name, minutes=minutes)
            st.rerun()


def _figures(info: SearchInfo) -> None:
    """While it searches: how much was tried, and whether it still gets better."""
    since = None if info.improved is None else max(0.0, 60 * (info.minutes - info.improved))
    with st.container(horizontal=True, gap="medium"):
        st.metric(t("search.tried"), info.tried, help=t("search.tried_help"), border=True)
        st.metric(t("search.full"), info.full, help=t("search.full_help"), border=True)
        st.metric(t("search.cheap"), info.cheap, help=t("search.cheap_help"), border=True)
        st.metric(
            t("search.last_gain"),
            t("search.none_yet") if since is None else t("search.ago", time=format_clock(since)),
            help=t("search.last_gain_help"),
            border=True,
        )


def _details(study: StudyResult, info: SearchInfo) -> None:
    summary = data.once(front_summary, study)
    if info.moments and info.moments[-1].volume:
        st.plotly_chart(
            search_chart(info, chart_texts()), key="search_chart", config={"displayModeBar": False}
        )
    else:
        st.markdown(t("search.no_gain"))
    if summary.hypervolume is not None:
        knee = study.trial(summary.knee)
        parts = [t("search.hypervolume", value=f"{summary.hypervolume.value:.3f}")]
        parts += [] if knee is None else [t("search.knee", title=plain(numbered(knee)))]
        st.caption(" · ".join(parts), help=t("search.hypervolume_help"))
