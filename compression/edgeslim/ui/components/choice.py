"""The file to take under a budget, the runner-up and why, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from edgeslim.report.axes import AXES, look_up
from edgeslim.report.choice import closest
from edgeslim.report.confidence import held_out_info
from edgeslim.report.info import headline, measured, trial_of
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import Choice, choose
from edgeslim.studies.study import StudyResult
from edgeslim.ui.components.headline import savings
from edgeslim.ui.components.words import change_words, numbered
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.units import (
    format_bytes,
    format_change,
    format_count,
    format_points,
    format_share,
)

Study = Mapping[str, Any]


def choice_under(study: Study, budget: Budget) -> Choice | None:
    """The choice under the budget, or None where no limit is set."""
    if budget == Budget():
        return None
    return choose(StudyResult.from_json(study), budget)


def choice_beside(study: Study, choice: Choice | None, budget: Budget) -> None:
    """The choice, beside the fields of the budget: not again what the top of the page says."""
    if choice is None:
        st.caption(t("choice.no_limits"))
    elif study["state"] != "complete" and choice.pick is None:
        st.caption(t("choice.not_yet"))
    elif (
        study["state"] == "complete"
        and study.get("search")
        and study["search"]["ended"]
        and budget == Budget(**study["budget"])
    ):
        st.caption(t("choice.above"))
    else:
        choice_words(study, choice, budget)


def choice_words(study: Study, choice: Choice, budget: Budget) -> None:
    """The pick, the runner-up, and why; where nothing fits, what comes closest."""
    pick, runner_up = trial_of(study, choice.pick), trial_of(study, choice.runner_up)
    if pick is None:
        words = t("choice.none", limits=budget_words(budget))
        st.warning(f"{words}\n\n{_closest(study, budget)}", icon=":material/block:")
        return
    why = {reason["code"]: reason["values"] for reason in choice.why}
    title, limits = plain(numbered(pick)), budget_words(budget)
    parts = [t("choice.pick", limits=limits[0].upper() + limits[1:], title=title), _figures(study, pick)]
    if "most_accurate" in why:
        parts.append(t("choice.most_accurate", **why["most_accurate"]))
    else:
        parts.append(t("choice.only_one"))
    parts += [t(f"choice.{remark}") for remark in choice.remarks]
    between = t("choice.stop")[1:]  # Chinese sentences follow each other without a space
    lines = [parts[0], between.join(parts[1:])]
    if held_out := _held_out(study, pick["number"]):
        lines.append(held_out)
    if runner_up is not None:
        lines.append(_runner_up(runner_up, why["runner_up"]))
    st.success("\n\n".join(lines), icon=":material/check_circle:")


def compromise_words(study: Study) -> None:
    """Where a study has no budget: the file at which its front bends."""
    knee = trial_of(study, study.get("knee"))
    if knee is None or knee["number"] == study["baseline"]:
        return
    words = t("choice.compromise", title=plain(numbered(knee)))
    st.success(f"{words}\n\n{_figures(study, knee)}", icon=":material/balance:")


def pinned(choice: Choice | None) -> dict[int, str]:
    """Words for the chart's pick and runner-up."""
    if choice is None:
        return {}
    both = ((choice.pick, t("chart.pick")), (choice.runner_up, t("chart.runner_up")))
    return {number: words for number, words in both if number is not None}


def budget_words(budget: Budget) -> str:
    """'fits 150 KB and loses at most one point'."""
    words = [_limit_words(name, value) for name, value in budget.to_json().items()]
    return t("choice.and").join([t("choice.separator").join(words[:-1]), words[-1]] if words[1:] else words)


def _limit_words(name: str, value: float) -> str:
    if name == "loss":
        key = {0.0: "loss_none", 0.01: "loss_one"}.get(value, name)
        return t(f"limit.{key}", value=f"{value * 100:g}")
    texts = {"accuracy": format_points, "macs": format_count}
    shares = ("latency_ratio", "agreement")
    text = texts.get(name, format_share if name in shares else format_bytes)
    return t(f"limit.{name}", value=re.sub(r"\.0+(?= )", "", text(value)))


def _figures(study: Study, trial: Mapping[str, Any]) -> str:
    """'292 KB, mAP 66.2, −0.5 points (95 % interval −0.8 … −0.1). 4.1× smaller, 1.4× as fast.'."""
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
    figures = t("choice.separator").join(parts) + t("choice.stop") + savings(found) + t("choice.stop")
    return figures.strip()


def _runner_up(trial: Mapping[str, Any], behind: Mapping[str, float]) -> str:
    """What the second best lacks against the pick."""
    key = "larger" if behind["download"] > 0 else "smaller" if behind["download"] < 0 else "as_large"
    return t(
        "choice.runner_up",
        title=plain(numbered(trial)),
        change=format_change(behind["accuracy"]),
        size=t(f"choice.{key}", size=format_bytes(abs(behind["download"]))),
    )


def _held_out(study: Study, number: int) -> str:
    """The pick's score on images that nothing was chosen by, if it has one; else nothing."""
    found = held_out_info(study)
    claim = found.claim(number) if found is not None else None
    if found is None or claim is None or number == study["baseline"]:
        return ""
    return t(
        "choice.held_out",
        images=found.images,
        metric=t(f"axis.{found.metric}"),
        value=AXES.get(found.metric).kind.text(claim.value),
        change=change_words(claim.change, claim.change_bounds),
    )


def _closest(study: Study, budget: Budget) -> str:
    """What comes closest to the budget, and which of its limits it misses."""
    found = closest(study, budget)
    trial = trial_of(study, found[0]) if found is not None else None
    if found is None or trial is None or not measured(trial):
        return t("choice.nearest_other")
    missed = t("choice.separator").join(t(f"missed.{name}") for name in found[1])
    return t("choice.closest", title=plain(numbered(trial)), missed=missed, figures=_figures(study, trial))
