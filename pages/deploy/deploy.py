"""Deploy: a file in the formats of all runtimes, measured in each, and the way to one's own device."""

from functools import partial

import streamlit as st

from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.sections import sections
from edgeslim.ui.deploy.bundle import bundle
from edgeslim.ui.deploy.code import code
from edgeslim.ui.deploy.devices import own_devices
from edgeslim.ui.deploy.file import deployed_file
from edgeslim.ui.deploy.formats import finding, formats
from edgeslim.ui.deploy.lost import lost
from edgeslim.ui.deploy.micro import micro
from edgeslim.ui.state import t

# What stands below the table of formats, by name: each is given the file (`DeployedFile`).
SECTIONS = {
    "code": code,
    "lost": lost,
    "own_devices": own_devices,
    "bundle": bundle,
    "micro": micro,
}

heading = st.empty()
file = None
with boundary():
    file = deployed_file()
if file is None:
    heading.title(t("deploy.title"), anchor=False)
    st.stop()
heading.title(finding(file), anchor=False)
formats(file)
sections({name: partial(show, file) for name, show in SECTIONS.items()})
