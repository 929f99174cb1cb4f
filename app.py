"""EdgeSlim in a browser: `streamlit run app.py`. What surrounds the screens of pages/ is edgeslim/ui/frame.py."""

from pathlib import Path

import streamlit as st

app = st.App(Path(__file__).parent / "compression" / "edgeslim" / "ui" / "frame.py")
