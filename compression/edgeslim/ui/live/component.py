"""The component that runs the original and a compressed file in the visitor's browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from edgeslim import workbench
from edgeslim.models.base import ModelSpec
from edgeslim.ui.i18n import locale
from edgeslim.ui.live.payload import LiveMeasure, LiveModel, LivePlan
from edgeslim.ui.live.route import runtime_address, worker_address
from edgeslim.ui.page import BASE, MOUNT, joined
from edgeslim.ui.picture.component import PAGE as PICTURE
from edgeslim.ui.state import language

PAGE = Path(__file__).parent / "page"
SCRIPTS = (
    MOUNT,
    *(PICTURE / f"{name}.js" for name in ("matching", "labels", "drawing", "elements")),
    *(PAGE / f"{name}.js" for name in ("sources", "view", "start")),
)
WORDS = "live.page."

_mount = st.components.v2.component(
    "edgeslim_live",
    html=(PAGE / "live.html").read_text(encoding="utf-8"),
    css=joined(BASE, PAGE / "live.css"),
    js=joined(*SCRIPTS),
)


def live(
    series: str,
    spec: ModelSpec,
    models: Sequence[LiveModel],
    decoder: str | None,
    gallery: Sequence[tuple[str, str]],
    *,
    key: str,
    measure: LiveMeasure | None = None,
    on_measured: Callable[[object], None] = lambda _: None,
) -> None:
    """Run the files on a picture of the gallery, of the visitor, or of their camera, all in the page.

    No picture leaves the browser. `gallery` is (title, address); `series` names what is to be opened. With `measure` the
    visitor may time the files, and `on_measured` is given what was found; nothing else leaves the page.
    """
    now = language()
    plan = LivePlan(
        series=series,
        spec=spec,
        models=models,
        decoder=decoder,
        worker=worker_address(),
        runtime=runtime_address(),
        version=workbench.BROWSER_PACKAGE,
        measure=measure,
        gallery=gallery,
        language=now,
        texts={
            name.removeprefix(WORDS): text for name, text in locale(now).items() if name.startswith(WORDS)
        },
    )
    _mount(
        key=key,
        data=plan.json(),
        on_measured_change=lambda: on_measured(st.session_state[key]["measured"]),
    )
