"""A study's files, run by the visitor's own browser."""

from __future__ import annotations

from html import escape

import streamlit as st

from edgeslim import workbench
from edgeslim.report.info import worth_it
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.errands import await_errand
from edgeslim.ui.components.gallery import SCENES
from edgeslim.ui.components.qr import only_here, qr_picture
from edgeslim.ui.components.words import numbered
from edgeslim.ui.live.component import live
from edgeslim.ui.live.figures import invitation, keep_measured, send_figures, to_measure
from edgeslim.ui.live.payload import LiveModel
from edgeslim.ui.live.route import offered
from edgeslim.ui.picture.route import address as picture_address
from edgeslim.ui.state import address, t
from edgeslim.units import format_bytes
from edgeslim.workbench import devices


def best(study: StudyResult) -> int | None:
    """The file that is worth it, else one of the front, of those that are here."""
    wanted = (study.trial(number) for number in (data.once(worth_it, study), *study.front))
    here = (each.number for each in wanted if each is not None and data.has_file(each))
    return next((number for number in here if number != study.baseline), None)


def detect_here(study: StudyResult, original: TrialResult, compressed: TrialResult) -> None:
    """Both files side by side, on pictures or the camera; before that, what reads their outputs is made."""
    plan = data.sources(study)
    spec = workbench.model_spec(plan.model, plan.spec)
    decoder = None
    if spec.task == "detection":
        decoder = _decoder(study, original)
        if decoder is None:
            return
    files = [original, compressed]
    bundle = devices.bundle_ready(study, [compressed.number])
    images = data.pictures(plan.dataset, None, 0, SCENES)
    live(
        "-".join([study.name, *(trial.sha256 or "" for trial in files)]),
        spec,
        [_model(trial, t("trial.original") if trial is original else numbered(trial)) for trial in files],
        decoder,
        [(title, picture_address(image)) for title, image, _ in images],
        key="live",
        measure=None if bundle is None else to_measure(bundle, compressed),
        on_measured=keep_measured,
    )
    st.caption(t("live.note"))
    send_figures(study, compressed, bundle)


def phone(study: StudyResult, number: int) -> None:
    """The address of this page for a phone: it is the phone that then computes."""
    with st.popover(t("live.phone"), icon=":material/qr_code_2:", width="stretch"):
        link = address("live", study=study.name, trial=number, invitation=invitation(study))
        st.html(
            f'<img src="{qr_picture(link)}" alt="{escape(t("room.qr", link=link))}" '
            f'style="width:14rem;border-radius:0.5rem">'
        )
        st.code(link, language=None, wrap_lines=True)
        st.caption(t("live.phone_here" if only_here(link) else "live.phone_note"))


def _model(trial: TrialResult, title: str) -> LiveModel:
    assert trial.sha256 is not None, "its file is here"
    size = trial.sizes.file if trial.sizes else None
    url = offered(workbench.artifact_path(trial.sha256), trial.sha256)
    return LiveModel(title, t("live.size", size=format_bytes(size)), url, trial.sha256, trial.number)


def _decoder(study: StudyResult, original: TrialResult) -> str | None:
    """Where the graph is that reads the outputs; None while it is being made, or cannot be."""
    plan, sha256 = data.sources(study), original.sha256 or ""
    file = workbench.decoder_file(sha256, plan.model, spec=plan.spec)
    if file is not None:
        return offered(file, file.stem)
    await_errand(
        lambda: workbench.decoder_status(sha256, plan.model, spec=plan.spec),
        lambda: workbench.make_decoder(study.name, sha256, plan.model, spec=plan.spec),
        t("live.preparing"),
        key="decoder_again",
    )
    return None
