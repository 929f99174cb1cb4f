"""The file to take under a budget, the runner-up and why, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from edgeslim.report.choice import closest
from edgeslim.report.info import headline
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import Choice, choose
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.headline import savings
from edgeslim.ui.components.words import change_words, figure_name, limit_words, missed_words, numbered
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.units import format_bytes, format_change


def choice_under(study: StudyResult, budget: Budget) -> Choice | None:
    """The choice under the budget, or None where no limit is set."""
    return data.once(choose, study, budget) if budget else None


def choice_beside(study: StudyResult, choice: Choice | None, budget: Budget) -> None:
    """The choice, beside the fields of the budget."""
    if choice is None:
        st.caption(t("choice.no_limits"))
    elif study.state != "complete" and choice.pick is None:
        st.caption(t("choice.not_yet"))
    else:
        choice_words(study, choice, budget)


def choice_words(study: StudyResult, choice: Choice, budget: Budget) -> None:
    """The pick, the runner-up, and why; where nothing fits, what comes closest."""
    pick, runner_up = study.trial(choice.pick), study.trial(choice.runner_up)
    if pick is None:
        words = t("choice.none", limits=budget_words(budget))
        st.warning(f"{words}\n\n{_closest(study, budget)}", icon=":material/block:")
        return
    why = {reason.code: reason.values for reason in choice.why}
    title, limits = plain(numbered(pick)), budget_words(budget)
    parts = [t("choice.pick", limits=limits[0].upper() + limits[1:], title=title), _figures(study, pick)]
    if "most_accurate" in why:
        parts.append(t("choice.most_accurate", **why["most_accurate"]))
    else:
        parts.append(t("choice.only_one"))
    parts += [t(f"choice.{remark}") for remark in choice.remarks]
    between = t("choice.stop")[1:]  # Chinese sentences follow each other without a space
    lines = [parts[0], between.join(parts[1:])]
    if held_out := _held_out(study, pick.number):
        lines.append(held_out)
    if runner_up is not None:
        lines.append(_runner_up(runner_up, why["runner_up"]))
    st.success("\n\n".join(lines), icon=":material/check_circle:")


def pinned(choice: Choice | None, starred: Iterable[int] = ()) -> dict[int, str]:
    """Words for the chart's pick and runner-up, and a star for the trials that have one."""
    found = dict.fromkeys(starred, "★")
    if choice is None:
        return found
    both = ((choice.pick, f"{t('chart.pick')} #{choice.pick}"), (choice.runner_up, t("chart.runner_up")))
    for number, words in both:
        if number is not None:
            found[number] = f"★ {words}" if number in found else words
    return found


def budget_words(budget: Budget) -> str:
    """'fits 150 KB and loses at most one point'."""
    words = [limit_words(FIGURES.get(name), limit) for name, limit in budget]
    return t("choice.and").join([t("choice.separator").join(words[:-1]), words[-1]] if words[1:] else words)


def _figures(study: StudyResult, trial: TrialResult) -> str:
    """'292 KB, mAP 66.2, −0.5 points (95 % interval −0.8 … −0.1). 4.1× smaller, 1.4× as fast.'."""
    size = format_bytes(trial.sizes.download if trial.sizes else None)
    found = headline(study, trial.number)
    if found is None or trial.number == study.baseline:
        return t("choice.is_original", size=size)
    parts = [size]
    if trial.primary_metric is not None and trial.objective is not None:
        text = FIGURES.get(trial.primary_metric).kind.text(trial.objective)
        parts.append(f"{figure_name(trial.primary_metric)} {text}")
    if found.change is not None:
        parts.append(change_words(found.change, found.interval))
    figures = t("choice.separator").join(parts) + t("choice.stop") + savings(found) + t("choice.stop")
    return figures.strip()


def _runner_up(trial: TrialResult, behind: Mapping[str, Any]) -> str:
    """What the second best lacks against the pick, by the values of that reason."""
    key = "larger" if behind["download"] > 0 else "smaller" if behind["download"] < 0 else "as_large"
    return t(
        "choice.runner_up",
        title=plain(numbered(trial)),
        change=format_change(behind["accuracy"]),
        size=t(f"choice.{key}", size=format_bytes(abs(behind["download"]))),
    )


def _held_out(study: StudyResult, number: int) -> str:
    """The pick's score on images that nothing was chosen by, if it has one; else nothing."""
    found = study.held_out
    score = found.score(number) if found is not None else None
    if found is None or found.metric is None or score is None or number == study.baseline:
        return ""
    return t(
        "choice.held_out",
        images=found.images,
        metric=figure_name(found.metric),
        value=FIGURES.get(found.metric).kind.text(score.value),
        change=change_words(score.paired_delta, score.paired_ci95),
    )


def _closest(study: StudyResult, budget: Budget) -> str:
    """What comes closest to the budget, and which of its limits it misses."""
    found = data.once(closest, study, budget)
    trial = study.trial(found[0]) if found is not None else None
    if found is None or trial is None or not trial.measured:
        return t("choice.nearest_other")
    missed = t("choice.separator").join(missed_words(name) for name in found[1])
    return t("choice.closest", title=plain(numbered(trial)), missed=missed, figures=_figures(study, trial))
