"""EdgeSlim in a browser: `streamlit run app.py`. What surrounds the screens of pages/ is edgeslim/ui/frame.py."""

from pathlib import Path

import streamlit as st

from edgeslim.ui.picture.route import picture_routes

app = st.App(
    Path(__file__).parent / "compression" / "edgeslim" / "ui" / "frame.py",
    routes=picture_routes(),
)
