"""EdgeSlim in a browser: `streamlit run app.py`. What surrounds the screens of pages/ is edgeslim/ui/frame.py."""

from pathlib import Path

import streamlit as st

from edgeslim.ui.live.route import live_routes
from edgeslim.ui.picture.route import picture_routes
from edgeslim.ui.server import lifespan, middleware

app = st.App(
    Path(__file__).parent / "compression" / "edgeslim" / "ui" / "frame.py",
    lifespan=lifespan,
    middleware=middleware(),
    routes=[*picture_routes(), *live_routes()],
)
