"""Figures of the visitor's device: measured in the page, shown, and sent if they agree."""

from __future__ import annotations

from statistics import median

import streamlit as st

from edgeslim.runtime.figures import on_device
from edgeslim.studies.bundles import DeviceBundle
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui.components.errands import offer
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.i18n import plain
from edgeslim.ui.live.payload import LiveEntry, LiveMeasure
from edgeslim.ui.live.route import offered
from edgeslim.ui.state import t
from edgeslim.workbench import devices, live_figures
from edgeslim.workbench.live_figures import BrowserFigures

ROUNDS = 30
_FOUND = "live_found"
_INVITED = "live_invitation"


def to_measure(bundle: DeviceBundle, compressed: TrialResult) -> LiveMeasure:
    """What the page runs for that."""
    images = live_figures.images_file(bundle)
    files = [bundle.baseline, compressed.sha256]
    entries = [
        LiveEntry(place, files.index(each.onnx), each.sha256, each.places)
        for place, each in live_figures.browser_entries(bundle).items()
        if each.onnx in files
    ]
    return LiveMeasure(bundle.key, offered(images, bundle.images), entries, ROUNDS)


def keep_measured(found: object) -> None:
    st.session_state[_FOUND] = found


def send_figures(study: StudyResult, compressed: TrialResult, bundle: DeviceBundle | None) -> None:
    """How this device's figures come to the study; what was measured is sent on a button only.

    Without a bundle, what has to be compared is still to be made.
    """
    number = compressed.number
    with st.expander(t("live.send"), icon=":material/speed:"), boundary():
        if bundle is None:
            offer(
                lambda: devices.bundling_status(study, [number]),
                lambda: devices.begin_bundling(study, [number]),
                title=t("live.making_ready"),
                about=t("live.send_about"),
                label=t("live.make_ready"),
                icon=":material/play_arrow:",
                key="live_make_ready",
            )
            return
        found = st.session_state.get(_FOUND)
        figures = None if found is None else live_figures.read_figures(found)
        if figures is None or figures.bundle != bundle.key:
            st.markdown(t("live.measure_first"))
            return
        _send(study, bundle, figures)


def _send(study: StudyResult, bundle: DeviceBundle, figures: BrowserFigures) -> None:
    known = live_figures.browser_entries(bundle)
    told = [
        t("live.time", number=known[each.entry].trial, ms=f"{median(each.samples_ms):.3g}")
        for each in figures.files
        if each.entry in known and each.samples_ms
    ]
    st.markdown(t("live.consent", figures=", ".join(told), browser=plain(figures.browser)))
    with st.form("live_send", border=False):
        name = st.text_input(t("live.device"), max_chars=28, placeholder=t("live.device_example"))
        sent = st.form_submit_button(t("live.send_now"), icon=":material/send:", type="primary")
    if not sent:
        return
    if not name.strip():
        st.warning(t("live.name_it"), icon=":material/edit:")
        return
    kept = live_figures.add_browser_figures(study, figures, name, st.query_params.get("invitation", ""))
    del st.session_state[_FOUND]
    st.success(t("live.sent", device=plain(kept.name)), icon=":material/check:")
    go(
        "study",
        t("devices.on_chart"),
        icon=":material/scatter_plot:",
        study=study.name,
        x=f"latency.{on_device(kept.name)}",
    )


def invitation(study: StudyResult) -> str | None:
    """The word that goes into the address for others, if they may send their figures; only who may change the study
    can let them."""
    if not st.toggle(t("live.invite"), help=t("live.invite_help"), key="live_invite"):
        return None
    known: dict[str, str] = st.session_state.setdefault(_INVITED, {})
    with boundary():
        if study.name not in known:
            known[study.name] = live_figures.invite(study)
        return known[study.name]
    return None
