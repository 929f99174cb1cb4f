"""Inspect: the layers of a file, what each of them holds and costs, and what compression made of it."""

from functools import partial

import streamlit as st

from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.sections import sections
from edgeslim.ui.inspect.difference import difference, finding
from edgeslim.ui.inspect.examined import examined
from edgeslim.ui.inspect.file import inspected_file
from edgeslim.ui.inspect.inside import inside
from edgeslim.ui.inspect.layer_panel import layer_panel
from edgeslim.ui.inspect.layer_table import layer_table
from edgeslim.ui.inspect.network_graph import network_graph
from edgeslim.ui.inspect.sizes import size_treemap
from edgeslim.ui.state import t

# What stands below the graph, by name: each is given the file (`InspectedFile`).
SECTIONS = {
    "layer": layer_panel,
    "difference": difference,
    "layers": layer_table,
    "inside": inside,
    "doctor": examined,
}

heading = st.empty()
file = None
with boundary():
    file = inspected_file()
if file is None:
    heading.title(t("inspect.title"), anchor=False)
    st.stop()
heading.title(finding(file), anchor=False)
left, right = st.columns([2, 1], gap="medium")
with left:
    network_graph(file)
with right:
    size_treemap(file)
sections({name: partial(show, file) for name, show in SECTIONS.items()})
