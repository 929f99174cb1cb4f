"""What may it cost? Three limits, and in words the file to take under them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from compression.report.axes import look_up
from compression.report.info import headline, measured, trial_of
from compression.report.units import format_bytes, format_points
from compression.search.selection import Budget, Choice, choose
from compression.search.study import StudyResult
from compression.ui.components.headline import savings
from compression.ui.components.words import change_words, numbered
from compression.ui.i18n import plain
from compression.ui.state import linked, number_in, t


def budget_form(study: Mapping[str, Any]) -> Budget:
    """Inputs for size, loss and time. Empty means no limit; the address carries all three."""
    largest = max((trial["sizes"]["download"] for trial in study["trials"] if measured(trial)), default=0)
    kilobytes = st.number_input(
        t("budget.download"),
        min_value=1.0,
        step=max(1.0, round(largest / 20_000, -1)),
        format="%g",
        placeholder=t("budget.none"),
        help=t("budget.download_help"),
        **linked("max_kb", None, number_in(1.0, 1e9)),
    )
    points = st.number_input(
        t("budget.loss"),
        min_value=0.0,
        max_value=100.0,
        step=0.5,
        format="%g",
        placeholder=t("budget.none"),
        help=t("budget.loss_help"),
        **linked("max_loss", None, number_in(0.0, 100.0)),
    )
    ratio = st.number_input(
        t("budget.latency"),
        min_value=0.05,
        max_value=10.0,
        step=0.05,
        format="%g",
        placeholder=t("budget.none"),
        help=t("budget.latency_help"),
        **linked("max_time", None, number_in(0.05, 10.0)),
    )
    return Budget(
        download=None if kilobytes is None else round(kilobytes * 1000),
        loss=None if points is None else points / 100,
        latency_ratio=ratio,
    )


def choice_under(study: Mapping[str, Any], budget: Budget) -> Choice | None:
    """The choice under the budget, or None where no limit is set."""
    if budget == Budget():
        return None
    return choose(StudyResult.from_json(study), budget)


def choice_words(study: Mapping[str, Any], choice: Choice | None, budget: Budget) -> None:
    """The pick, the runner-up, and why."""
    if choice is None:
        st.caption(t("choice.no_limits"))
        return
    pick, runner_up = trial_of(study, choice.pick), trial_of(study, choice.runner_up)
    if pick is None:
        st.warning(t("choice.none", nearest=_nearest(study, budget)), icon=":material/block:")
        return
    st.success(
        t("choice.pick", title=plain(numbered(pick)), why=_why(study, pick)), icon=":material/check_circle:"
    )
    for remark in choice.remarks:
        st.caption(t(f"choice.{remark}"))
    if runner_up is not None:
        st.markdown(t("choice.runner_up", title=plain(numbered(runner_up)), why=_why(study, runner_up)))


def pinned(choice: Choice | None) -> dict[int, str]:
    """Words for the chart's pick and runner-up."""
    if choice is None:
        return {}
    both = ((choice.pick, t("chart.pick")), (choice.runner_up, t("chart.runner_up")))
    return {number: words for number, words in both if number is not None}


def _why(study: Mapping[str, Any], trial: Mapping[str, Any]) -> str:
    """'292 KB, mAP 66.2, −0.5 points (95 % interval −0.8 … −0.1). 4.1× smaller, 1.4× as fast'."""
    size = format_bytes(trial["sizes"]["download"])
    found = headline(study, trial["number"])
    if found is None or trial["number"] == study["baseline"]:
        return t("choice.is_original", size=size)
    metric = trial["primary_metric"] or "mAP"
    value = look_up(trial, ("accuracy", metric))
    parts = [size]
    if value is not None:
        parts.append(f"{t(f'axis.{metric}')} {format_points(value)}")
    if found.change is not None:
        parts.append(change_words(found.change, found.interval))
    return t("choice.separator").join(parts) + t("choice.stop") + savings(found) + t("choice.stop")


def _nearest(study: Mapping[str, Any], budget: Budget) -> str:
    """What the tightest limit would have to become for anything to fit."""
    trials = [trial for trial in study["trials"] if measured(trial)]
    smallest = min((trial["sizes"]["download"] for trial in trials), default=None)
    if budget.download is not None and smallest is not None and smallest > budget.download:
        return t("choice.nearest_download", size=format_bytes(smallest))
    return t("choice.nearest_other")
