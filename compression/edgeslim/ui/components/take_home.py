"""Taking home what the page of a study shows: as a report, a command, a call in Python, a link."""

from __future__ import annotations

import json
from functools import partial

import streamlit as st

from edgeslim import workbench
from edgeslim.report.commands import choose_command, choose_python, report_command, report_file, run_command
from edgeslim.studies.budget import Budget
from edgeslim.studies.study import StudyResult
from edgeslim.ui.components.errands import await_errand
from edgeslim.ui.components.plan import StudyRequest
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import words
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import address, language, selected_trial, t
from edgeslim.ui.timed import OWN, TIMED
from edgeslim.workbench import ReportSettings

TAKE, OPEN = "take", "1"
"""The address's parameter under which it is open, and its value."""
KINDS = ("full", "short")


def take_home(study: StudyResult, budget: Budget) -> None:
    """A button, and what it opens; the address says whether it is open."""
    st.button(
        t("take.button"),
        icon=":material/description:",
        key="take_home",
        on_click=lambda: st.query_params.update({TAKE: OPEN}),
    )
    if st.query_params.get(TAKE) == OPEN:
        st.dialog(t("take.title"), width="medium", icon=":material/description:", on_dismiss=_closed)(
            _opened
        )(study, budget)


def command_of(asked: StudyRequest) -> None:
    """A button that shows a new study as a command; nothing where there is none (report.commands.run_command)."""
    if asked.plan.classes or (asked.search is not None and asked.search.preset is None):
        return
    pressed = st.button(t("take.run"), icon=":material/terminal:", type="tertiary", key="take_run")
    if pressed:
        st.dialog(t("take.run"), width="medium", icon=":material/terminal:")(_asked)(asked)


def _asked(asked: StudyRequest) -> None:
    file = "recipes.json" if asked.recipes else None
    if asked.recipes:
        recipes = [recipe.to_json() for recipe in asked.recipes]
        st.download_button(
            t("take.recipes"),
            json.dumps(recipes, indent=1, ensure_ascii=False),
            file_name=file,
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="take_recipes",
        )
    _copy(run_command(asked.plan, asked.search, file), "bash")


def _closed() -> None:
    st.query_params.pop(TAKE, None)


def _opened(study: StudyResult, budget: Budget) -> None:
    with boundary():
        kind = st.segmented_control(
            t("take.kind"),
            KINDS,
            default=KINDS[0],
            format_func=lambda each: t(f"take.{each}"),
            label_visibility="collapsed",
            required=True,
            key="take_kind",
        )
        settings = ReportSettings(
            language=language(),
            budget=budget,
            trial=_measured(study, selected_trial()),
            short=kind == "short",
            own_timing=st.query_params.get(TIMED) == OWN,
        )
        _about(settings)
        _report(study, settings)
        st.markdown(f"**{t('take.command')}**")
        _copy(f"{choose_command(study.name, settings)}\n{report_command(study.name, settings)}", "bash")
        st.markdown(f"**{t('take.python')}**")
        _copy(choose_python(study.name, settings), "python")
        st.markdown(f"**{t('trial.link')}**")
        shown = {name: value for name, value in st.query_params.items() if name not in (TAKE, "study")}
        _copy(address("study", study=study.name, **shown), None)


def _about(settings: ReportSettings) -> None:
    """Under which limits, and of which file it tells."""
    limits = words().limits(settings.budget) if settings.budget else t("take.no_limits")
    told = t("take.limits", limits=limits)
    if settings.trial is not None:
        told += f" {t('take.trial', number=settings.trial)}"
    st.caption(told)


def _report(study: StudyResult, settings: ReportSettings) -> None:
    """The button to save it; where both files are still to be run and compared, how far that is."""
    if workbench.report_ready(study, settings):
        st.download_button(
            t("take.save"),
            lambda: workbench.make_report(study, settings).encode(),
            file_name=report_file(study.name, settings),
            mime="text/html",
            icon=":material/download:",
            type="primary",
            on_click="ignore",
            key="save_report",
        )
        return
    await_errand(
        partial(workbench.report_status, study, settings),
        partial(workbench.prepare_report, study, settings),
        plain(t("report.making")),
        key="report_again",
    )


def _measured(study: StudyResult, number: int | None) -> int | None:
    trial = study.trial(number)
    return number if trial is not None and trial.measured else None


def _copy(text: str, language: str | None) -> None:
    # Its highlighter is large, but fetched only by who opens this.
    st.code(text.rstrip(), language=language, wrap_lines=True)
