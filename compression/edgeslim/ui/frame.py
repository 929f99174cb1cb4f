"""The script behind every page: navigation and language around it, and the one place where errors become words.

It is not app.py itself for a reason: beside a folder `pages/`, Streamlit takes its main script for an app of the
old kind until `st.navigation` has run once, and greets the first visitor of a deep link with "Page not found".
"""

import streamlit as st

from edgeslim.ui.components.carried import carry_file
from edgeslim.ui.components.navigation import (
    MARK,
    keep_page,
    language_switch,
    logo,
    presenting,
    shown_sections,
)
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.state import find_language, t

# What the theme has no word for. Charts and pictures take the width that there is. What lies on the primary colour is
# dark on a dark page: Streamlit's white does not stand out from a colour that itself stands out from such a page. Without
# a pointer a table's tools always stand above it, and would cover what is there.
STYLE = """<style>
[data-testid=stMainBlockContainer] {padding-inline: clamp(1rem, 3vw, 4rem)}
[data-testid^=stBaseButton-primary]:enabled, [data-testid=stMultiSelectTagsContainer] span:has(> button) {
    color: light-dark(#ffffff, #0f1514)}
@media (hover: none) {[data-testid=stElementContainer]:has([data-testid=stDataFrame]) {margin-top: 2rem}}
</style>"""
PRESENTING = """<style>
[data-testid=stSidebar], [data-testid=stExpandSidebarButton], [data-testid=stHeader] {display: none}
[data-testid=stMainBlockContainer] {padding-block: 1rem}
</style>"""
ICONS = {
    "overview": "home",
    "study": "scatter_plot",
    "compare": "compare",
    "inspect": "account_tree",
    "deploy": "rocket_launch",
    "live": "videocam",
    "new": "add_circle",
    "train": "model_training",
    "library": "inventory_2",
    "learn": "school",
    "lesson": "lightbulb",
    "room": "groups",
}

find_language()
st.set_page_config(page_title="EdgeSlim", page_icon=MARK, layout="wide", initial_sidebar_state=230)
if not presenting():
    logo()
page = st.navigation(
    {
        t(f"section.{section}"): [
            st.Page(
                path,
                title=t(f"page.{name}"),
                icon=f":material/{ICONS[name]}:",
                url_path=None if name == "overview" else name,
                default=name == "overview",
            )
            for name, path in pages.items()
        ]
        for section, pages in shown_sections().items()
    },
    position="hidden" if presenting() else "sidebar",
)
name = page.url_path or "overview"
arrived = keep_page(name)
if not presenting():
    language_switch()
st.html(STYLE + PRESENTING if presenting() else STYLE)
with boundary():
    carry_file(name, arrived=arrived)
    page.run()
