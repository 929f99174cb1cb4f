"""The file that was looked at goes along from page to page by the sidebar, whose links name nothing."""

from __future__ import annotations

import streamlit as st

from edgeslim.ui import data
from edgeslim.ui.state import last_study

PARAMETERS = {"study": "trial", "compare": "trials", "inspect": "trial", "deploy": "trial", "live": "trial"}
"""What names a file in the address of a page; the first of several counts."""
_LAST = "edgeslim_file"


def carry_file(page: str, *, arrived: bool) -> None:
    """Remember the file that the address names. Where it names none, the remembered one is put into it if the reader has
    `arrived` at the page with no study in the address; who has deselected it here has left it."""
    name = PARAMETERS.get(page)
    if name is None:
        return
    study, given = st.query_params.get("study", last_study()), st.query_params.get(name, "")
    first = given.partition(",")[0]
    if first.isdecimal():
        st.session_state[_LAST] = (study, int(first))
    elif not arrived:
        st.session_state.pop(_LAST, None)
    elif not {"study", "model", name} & set(st.query_params):
        of, number = st.session_state.get(_LAST, (None, None))
        # On the first page of a visit the study may have been nobody's choice: then it has no name yet.
        if number is not None and study is not None and of in (study, None) and _shows(page, study, number):
            st.query_params[name] = str(number)


def _shows(page: str, study: str, number: int) -> bool:
    """Whether the page has something to show of that file: Study has figures without one, Compare sets the original
    beside all others."""
    found = data.find_study(study)
    trial = found.trial(number) if found is not None else None
    if found is None or trial is None:
        return False
    return page == "study" or (data.has_file(trial) and (page != "compare" or number != found.baseline))
