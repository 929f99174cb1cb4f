"""The file to take under a budget, the runner-up and why, and what to do with it."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from edgeslim.report import findings
from edgeslim.report.choice import closest
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import Choice, choose
from edgeslim.studies.devices import Device
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.file_panel import file_actions
from edgeslim.ui.components.finding import recommended
from edgeslim.ui.components.take_home import take_home
from edgeslim.ui.components.words import words
from edgeslim.ui.i18n import Language
from edgeslim.ui.state import language, select_trial, selected_trial, t


def choice_under(study: StudyResult, budget: Budget) -> Choice | None:
    """The choice under the budget, or None where no limit is set."""
    return data.once(choose, study, budget) if budget else None


def pick_card(
    study: StudyResult, choice: Choice | None, budget: Budget, device: Device | None = None
) -> None:
    """The file to take, why, what it loses, and what to do with it; without a budget the recommended one."""
    number = recommended(study) if choice is None else choice.pick
    trial = study.trial(number)
    lines = data.once(_lines, study, language(), budget, device)
    if choice is not None and trial is None:
        if not lines:
            st.info(t("choice.not_yet"), icon=":material/hourglass_top:")
            return
        st.warning(lines[0], icon=":material/block:")
        with st.container(horizontal=True, gap="small"):
            if (near := data.once(closest, study, budget)) is not None:
                _show(near[0])
            take_home(study, budget)
        return
    if trial is None:
        return
    with st.container(key="pick_card", gap="xsmall"):
        st.markdown("  \n".join(lines))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if selected_trial() not in (None, trial.number):
                _show(trial.number)
            file_actions(study, trial, key="pick")
            take_home(study, budget)


def _lines(study: StudyResult, language: Language, budget: Budget, device: Device | None) -> list[str]:
    return findings.choice_lines(study, choice_under(study, budget), budget, words(), device)


def _show(number: int) -> None:
    """A button that opens a file below."""
    st.button(
        t("front.show", number=number),
        icon=":material/search:",
        key="show_chosen",
        on_click=select_trial,
        args=(number,),
    )


def pinned(study: StudyResult, budget: Budget, starred: Iterable[int] = ()) -> dict[int, str]:
    """Words for the chart's pick and runner-up, or what is closest, and a star for the trials that have one."""
    return data.once(_pinned, study, language(), budget, tuple(starred))


def _pinned(
    study: StudyResult, language: Language, budget: Budget, starred: tuple[int, ...]
) -> dict[int, str]:
    return findings.pinned(study, choice_under(study, budget), budget, words(), starred)
