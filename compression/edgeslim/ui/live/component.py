"""The component that runs the original and a compressed file in the visitor's browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from edgeslim.models.base import ModelSpec
from edgeslim.ui.i18n import locale
from edgeslim.ui.live.payload import LiveModel, LivePlan
from edgeslim.ui.live.route import runtime_address, worker_address
from edgeslim.ui.picture.component import PAGE as PICTURE
from edgeslim.ui.state import language

PAGE = Path(__file__).parent / "page"
SCRIPTS = (
    *(PICTURE / f"{name}.js" for name in ("matching", "labels", "drawing", "elements")),
    *(PAGE / f"{name}.js" for name in ("sources", "view", "start")),
)
"""Joined into one module: Streamlit loads it from a blob, where nothing can be imported."""
WORDS = "live.page."

_mount = st.components.v2.component(
    "edgeslim_live",
    html=(PAGE / "live.html").read_text(encoding="utf-8"),
    css=(PAGE / "live.css").read_text(encoding="utf-8"),
    js="\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS),
)


def live(
    series: str,
    spec: ModelSpec,
    models: Sequence[LiveModel],
    decoder: str | None,
    gallery: Sequence[tuple[str, str]],
    *,
    key: str,
) -> None:
    """Run the files on a picture of the gallery, of the visitor, or of their camera, all in the page.

    No picture leaves the browser. `gallery` is (title, address); `series` names what is to be opened.
    """
    now = language()
    plan = LivePlan(
        series=series,
        spec=spec,
        models=models,
        decoder=decoder,
        worker=worker_address(),
        runtime=runtime_address(),
        gallery=gallery,
        language=now,
        texts={
            name.removeprefix(WORDS): text for name, text in locale(now).items() if name.startswith(WORDS)
        },
    )
    _mount(key=key, data=plan.json())
