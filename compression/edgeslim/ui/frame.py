"""The script behind every page: navigation and language around it, and the one place where errors become words.

It is not app.py itself for a reason: beside a folder `pages/`, Streamlit takes its main script for an app of the
old kind until `st.navigation` has run once, and greets the first visitor of a deep link with "Page not found".
"""

import streamlit as st

from edgeslim.ui.components.navigation import MARK, PAGES, language_switch, logo, presenting
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.state import find_language, t

# Charts and pictures take the width that there is; the theme has no word for it.
WIDE = "<style>[data-testid=stMainBlockContainer] {padding-inline: clamp(1rem, 3vw, 4rem)}</style>"
ICONS = {"overview": "home", "study": "scatter_plot", "compare": "compare", "new": "add_circle"}

find_language()
st.set_page_config(page_title="EdgeSlim", page_icon=MARK, layout="wide", initial_sidebar_state=230)
if not presenting():
    logo()
page = st.navigation(
    [
        st.Page(
            path,
            title=t(f"page.{name}"),
            icon=f":material/{ICONS[name]}:",
            url_path=None if name == "overview" else name,
            default=name == "overview",
        )
        for name, path in PAGES.items()
    ],
    position="hidden" if presenting() else "sidebar",
)
if not presenting():
    language_switch()
st.html(WIDE)
with boundary():
    page.run()
