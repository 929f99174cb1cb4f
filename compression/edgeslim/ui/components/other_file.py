"""A file from elsewhere, beside those of the study: of another study, a listed model, or an ONNX file of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from edgeslim import workbench
from edgeslim.errors import AccessError, ModelError
from edgeslim.models.library import SUFFIXES
from edgeslim.records import RecipeRecord
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.bringing import may_bring, sharing
from edgeslim.ui.components.make_file import make_another
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import numbered
from edgeslim.ui.foreign import NUMBER, ForeignFile
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import linked, one_of, t
from edgeslim.workbench.models import ModelInfo

_MODEL, _STUDY = "model:", "study:"


def other_file(study: StudyResult, below: DeltaGenerator) -> ForeignFile | None:
    """The file that the address names as `other=model:NAME` or `other=study:NAME:NUMBER`, and the form to choose it.

    In the same place files of this study are made again.

    None if none is chosen, or if it cannot be compared: then `below` says why.
    """
    with st.popover(t("other.button"), icon=":material/add:", width="stretch"):
        make_another(study)
        _form(study)
    given = st.query_params.get("other", "")
    if not given:
        return None
    with below, boundary():
        found = _found(given)
        plan = data.sources(study)
        own = data.labels(plan.model, plan.spec)
        if found is not None and workbench.same_classes(data.labels(found.reference, found.spec), own):
            return found
        st.warning(
            t("other.classes" if found else "other.gone", name=plain(given.partition(":")[2] or given))
        )
    return None


def _form(study: StudyResult) -> None:
    listed = [model.name for model in workbench.list_models() if model.ready]
    studies = [entry.name for entry in data.study_list() if entry.name != study.name and not entry.error]
    st.button(
        t("other.none"),
        key="other_none",
        on_click=_choose,
        args=("",),
        disabled="other" not in st.query_params,
    )
    name = st.selectbox(
        t("other.model"), listed, index=None, key="other_model", placeholder=t("other.choose")
    )
    if name is not None:
        st.button(t("other.take"), key="take_model", on_click=_choose, args=(_MODEL + name,))
    other = st.selectbox(
        t("other.study"),
        studies,
        index=None,
        key="other_study",
        placeholder=t("other.choose"),
        disabled=not studies,
    )
    if other is not None:
        here = {trial.number: trial for trial in data.load_study(other).trials if data.has_file(trial)}
        number = st.selectbox(
            t("other.file"), list(here), format_func=lambda k: numbered(here[k]), key="other_trial"
        )
        if number is not None:
            st.button(
                t("other.take"), key="take_trial", on_click=_choose, args=(f"{_STUDY}{other}:{number}",)
            )
    if not may_bring():
        return
    shared = sharing("other_onnx")
    given = st.file_uploader(t("other.onnx"), type=[*SUFFIXES], key="other_onnx", help=t("other.onnx_help"))
    if given is not None and st.session_state.get("other_read") != given.file_id:
        with boundary(), st.spinner(t("import.working")):
            model = workbench.import_model(given.getvalue(), file_name=given.name, shared=shared)
            st.session_state["other_read"] = given.file_id
            _choose(_MODEL + model.name)
            st.rerun()


def _choose(other: str) -> None:
    st.query_params.pop("image", None)
    if other:
        st.query_params["other"] = other
    else:
        st.query_params.pop("other", None)


def _found(given: str) -> ForeignFile | None:
    if given.startswith(_MODEL):
        try:
            return of_model(workbench.stored_model(given.removeprefix(_MODEL)))
        except (ModelError, AccessError):
            return None
    name, _, number = given.removeprefix(_STUDY).rpartition(":")
    if not given.startswith(_STUDY) or not number.isdecimal():
        return None
    if name not in {entry.name for entry in data.study_list() if not entry.error}:
        return None
    other = data.load_study(name)
    trial: TrialResult | None = other.trial(int(number))
    if trial is None or not data.has_file(trial):
        return None
    return of_study(other, trial, t("other.of_study", study=name, file=numbered(trial)))


def of_study(other: StudyResult, trial: TrialResult, title: str) -> ForeignFile:
    """A trial of another study under a title that names that study.

    What was measured there stays there: on other images, against another original, on another machine.
    """
    plan = data.sources(other)
    alone = trial.file_alone()
    given = {each.name: getattr(alone, each.name) for each in fields(TrialResult)}
    return ForeignFile(**{**given, "number": NUMBER, "title": title}, reference=plan.model, spec=plan.spec)


def of_model(found: ModelInfo) -> ForeignFile:
    """The file of a listed model."""
    return ForeignFile(
        number=NUMBER,
        state="complete",
        recipe=RecipeRecord(),
        title=found.name,
        recipe_fingerprint="",
        model=found.name,
        sha256=found.sha256,
        file=str(workbench.artifact_path(found.sha256)),
        sizes=found.sizes,
        params=found.params,
        macs=found.macs,
        reference=found.name,
        spec=None,
    )


def one_file(files: Sequence[TrialResult]) -> TrialResult:
    """The file to look at, of those that are compared."""
    if len(files) == 1:
        return files[0]
    places = {trial.number: trial for trial in files}
    number: int = st.segmented_control(
        t("damage.file"),
        list(places),
        format_func=lambda each: numbered(places[each]),
        required=True,
        **linked("file", files[0].number, one_of(list(places)), clears=("image",)),
    )
    return places[number]
