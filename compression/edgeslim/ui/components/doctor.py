"""Why a trial's file lost what it lost: causes with their evidence, and a button that tries the mend."""

from __future__ import annotations

from functools import partial

import streamlit as st

from edgeslim import workbench
from edgeslim.analysis.doctor.records import Diagnosis, Finding
from edgeslim.detections import READING_SCORE
from edgeslim.jobs.errands.diagnosing import Diagnose
from edgeslim.report.doctor import FindingText, diagnosis_text, outcome_text
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.errands import offer
from edgeslim.ui.components.make_file import make_file
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import language, number_in, t
from edgeslim.units import format_clock
from edgeslim.workbench.doctor import Outcome


def doctor(study: StudyResult, number: int | None) -> None:
    """Of the trial looked at: what was found, or a button to examine it."""
    trial = study.trial(number)
    if trial is None or not trial.measured or trial.number == study.baseline:
        st.info(t("doctor.none"), icon=":material/stethoscope:")
        return
    if not data.has_file(trial):
        make_file(study, trial)
        return
    with boundary():
        asked = data.once(_asked, study, data.sources(study), trial.number, _threshold())
        st.markdown(f"**{t('doctor.title', number=trial.number)}**")
        found = workbench.diagnosis(asked)
        if found is None:
            _offer(asked, workbench.examination_seconds(study, trial.number, asked.images))
        else:
            _show(study, trial, found)


def _threshold() -> float:
    """That of the other sections, if the address has one."""
    given = st.query_params.get("confidence")
    read = None if given is None else number_in(0.05, 0.95)(given)
    return READING_SCORE if read is None else read


def _asked(study: StudyResult, plan: StudyPlan, number: int, threshold: float) -> Diagnose:
    return workbench.examination(study, number, plan=plan, threshold=threshold)


def _offer(asked: Diagnose, seconds: float | None) -> None:
    about = t("doctor.offer", images=asked.images)
    if seconds is not None:
        about += t("doctor.estimate", time=format_clock(seconds))
    offer(
        partial(workbench.examining_status, asked),
        partial(workbench.begin_examining, asked),
        title=t("doctor.running"),
        about=about,
        label=t("doctor.begin"),
        icon=":material/stethoscope:",
        key="examine",
        so_far=partial(_so_far, asked),
    )


def _so_far(asked: Diagnose) -> None:
    found = workbench.diagnosis_so_far(asked)
    if found is None:
        return
    text = diagnosis_text(found, language())
    st.markdown(text.summary)
    causes = [f"**{each.cause}**: {each.evidence}" for each in text.found]
    for title, lines in (("doctor.found_so_far", causes), ("doctor.checked", text.cleared)):
        if lines:
            st.markdown(f"{t(title)}:\n\n" + "\n".join(f"* {line}" for line in lines))


def _show(study: StudyResult, trial: TrialResult, diagnosis: Diagnosis) -> None:
    text = diagnosis_text(diagnosis, language())
    st.markdown(text.summary)
    outcomes = data.once(_outcomes, study, trial.number, diagnosis)
    for place, (found, words) in enumerate(zip(diagnosis.found, text.found, strict=True)):
        with st.container(border=True):
            _found(study, trial, place, found, words, outcomes[place])
    if not text.found:
        st.info(t("doctor.nothing"), icon=":material/check_circle:")
    with st.expander(t("doctor.details"), icon=":material/fact_check:"):
        for title, lines in (("doctor.checked", text.cleared), ("doctor.unchecked", text.unchecked)):
            if lines:
                st.markdown(f"**{t(title)}**\n\n" + "\n".join(f"* {line}" for line in lines))


def _outcomes(study: StudyResult, number: int, diagnosis: Diagnosis) -> tuple[Outcome | None, ...]:
    return tuple(workbench.mend_outcome(study, number, found) for found in diagnosis.found)


def _found(
    study: StudyResult,
    trial: TrialResult,
    place: int,
    found: Finding,
    words: FindingText,
    outcome: Outcome | None,
) -> None:
    st.markdown(f"**{place + 1}. {words.cause}**\n\n{words.evidence}\n\n{words.back}\n\n**{words.mend}**")
    if outcome is not None:
        _told(study, trial, outcome)
    elif found.mend is not None and found.mend.threshold is not None:
        go(
            "compare",
            t("doctor.set_threshold", threshold=f"{found.mend.threshold:.2f}"),
            icon=":material/tune:",
            study=study.name,
            trials=trial.number,
            section="confidence",
            confidence=found.mend.threshold,
        )
    elif found.mend is not None and found.mend.kind in ("recipe", "calibration"):
        pressed = st.button(
            t("doctor.try"), icon=":material/healing:", key=f"try_{found.cause}", help=t("doctor.try_help")
        )
        if pressed:
            tried = workbench.try_mend(study, trial.number, found.mend)
            st.success(t("doctor.tried", number=tried.number, study=plain(tried.study)))
            go(
                "study",
                t("doctor.open"),
                icon=":material/arrow_forward:",
                study=tried.study,
                trial=tried.number,
            )


def _told(study: StudyResult, trial: TrialResult, outcome: Outcome) -> None:
    """Whether the doctor was right, once the mended trial is measured."""
    mended = outcome.trial.number
    if outcome.gained is None:
        st.info(t("doctor.waiting", number=mended), icon=":material/hourglass_top:")
        return
    words = outcome_text(
        mended, trial.number, outcome.gained, bool(outcome.right), outcome.elsewhere, language()
    )
    (st.success if outcome.right else st.warning)(words)
    go(
        "compare",
        t("doctor.compare"),
        icon=":material/compare:",
        study=study.name,
        base=trial.number,
        trials=mended,
    )
