"""The file to take under a budget, the runner-up and why, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from edgeslim.report.choice import closest
from edgeslim.report.info import SURELY, class_info, headline
from edgeslim.report.limits import hardest
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import Choice, choose
from edgeslim.studies.devices import Device
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.file_panel import file_actions
from edgeslim.ui.components.finding import recommended
from edgeslim.ui.components.headline import savings
from edgeslim.ui.components.words import (
    change_words,
    class_name,
    figure_name,
    limit_words,
    missed_words,
    numbered,
)
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import select_trial, selected_trial, t
from edgeslim.units import format_bytes, format_change


def choice_under(study: StudyResult, budget: Budget) -> Choice | None:
    """The choice under the budget, or None where no limit is set."""
    return data.once(choose, study, budget) if budget else None


def pick_card(
    study: StudyResult, choice: Choice | None, budget: Budget, device: Device | None = None
) -> None:
    """The file to take, why, what it loses, and what to do with it; without a budget the recommended one."""
    number = recommended(study) if choice is None else choice.pick
    trial = study.trial(number)
    if choice is not None and trial is None:
        if study.state == "complete":
            _nothing_fits(study, choice, budget, budget_words(budget, device))
        else:
            st.info(t("choice.not_yet"), icon=":material/hourglass_top:")
        return
    if trial is None:
        return
    lines = (
        _recommended(study, trial)
        if choice is None
        else _pick(study, trial, choice, budget_words(budget, device))
    )
    with st.container(key="pick_card", gap="xsmall"):
        st.markdown("  \n".join(lines))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if selected_trial() not in (None, trial.number):
                _show(trial.number)
            file_actions(study, trial, key="pick")


def _pick(study: StudyResult, pick: TrialResult, choice: Choice, limits: str) -> list[str]:
    """The pick with its figures and the reasons, what it loses, and the runner-up."""
    why = {reason.code: reason.values for reason in choice.why}
    first = t("choice.pick", limits=limits[0].upper() + limits[1:], title=plain(numbered(pick)))
    first += " " + _figures(study, pick)
    best = choice.why[0]  # 'most_accurate', 'smallest' or 'only_one'
    reasons = [t(f"choice.{best.code}", **best.values)]
    reasons += [t(f"choice.{remark}") for remark in choice.remarks]
    reasons += [_weakest(study, pick), _held_out(study, pick.number)]
    runner_up = study.trial(choice.runner_up)
    if runner_up is not None:
        reasons.append(_runner_up(runner_up, why["runner_up"]))
    return [first, _sentences(reasons)]


def _recommended(study: StudyResult, trial: TrialResult) -> list[str]:
    """The file that is recommended without a budget, and why."""
    first = t("front.recommended", title=plain(numbered(trial))) + " " + _figures(study, trial)
    bounds = trial.bounds("paired_ci95")
    sure = bounds is not None and bounds[0] >= -SURELY
    why = t("front.recommended_why" if sure else "front.recommended_front", points=f"{SURELY * 100:g}")
    held_out = _held_out(study, trial.number)
    return [first, _sentences([why, _weakest(study, trial), held_out])]


def _nothing_fits(study: StudyResult, choice: Choice, budget: Budget, asked: str) -> None:
    """Which limit excludes most, and what comes closest."""
    words = t("choice.none", limits=asked)
    found = hardest(study, budget, choice)
    lines = [_closest(study, budget)]
    if found is not None and len(budget.limits) > 1:
        limit = limit_words(FIGURES.get(found[0]), budget.limits[found[0]])
        count = sum(trial.measured for trial in study.trials)
        lines.insert(0, t("front.hardest", limit=limit, excluded=found[1], count=count))
    st.warning(f"{words} {_sentences(lines)}", icon=":material/block:")
    near = data.once(closest, study, budget)
    if near is not None:
        _show(near[0])


def _show(number: int) -> None:
    """A button that opens a file below."""
    st.button(
        t("front.show", number=number),
        icon=":material/search:",
        key="show_chosen",
        on_click=select_trial,
        args=(number,),
    )


def _weakest(study: StudyResult, trial: TrialResult) -> str:
    """The class that loses most; nothing where none loses."""
    rows = data.once(class_info, study, trial.number)
    if not rows or rows[0].change >= 0 or trial.number == study.baseline:
        return ""
    return t("front.weakest", label=plain(class_name(rows[0].label)), change=format_change(rows[0].change))


def _sentences(found: Iterable[str]) -> str:
    """One after the other; Chinese ones follow each other without a space."""
    return t("choice.stop")[1:].join(one for one in found if one)


def pinned(
    study: StudyResult, choice: Choice | None, budget: Budget, starred: Iterable[int] = ()
) -> dict[int, str]:
    """Words for the chart's pick and runner-up, or what is closest, and a star for the trials that have one."""
    found = dict.fromkeys(starred, "★")
    if choice is None:
        return found
    named = [(choice.pick, f"{t('chart.pick')} #{choice.pick}"), (choice.runner_up, t("chart.runner_up"))]
    if choice.pick is None and (near := data.once(closest, study, budget)) is not None:
        named = [(near[0], f"{t('chart.closest')} #{near[0]}")]
    for number, words in named:
        if number is not None:
            found[number] = f"★ {words}" if number in found else words
    return found


def budget_words(budget: Budget, device: Device | None = None) -> str:
    """'fits 150 KB and loses at most one point'; a device's own limits by its name."""
    limits, words = dict(budget), []
    if device and device.limits.items() <= limits.items():
        limits = {name: limit for name, limit in budget if name not in device.limits}
        words = [t("device.fits", device=t(f"device.{device.name}"))]
    words += [limit_words(FIGURES.get(name), limit) for name, limit in limits.items()]
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
    missed = t("choice.list").join(missed_words(name) for name in found[1])
    return t("choice.closest", title=plain(numbered(trial)), missed=missed, figures=_figures(study, trial))
