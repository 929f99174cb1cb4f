"""Train a detector of one's own, and watch it."""

import streamlit as st

from edgeslim import workbench
from edgeslim.ui.components.bringing import at_machine
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.state import t
from edgeslim.ui.training.form import training_form
from edgeslim.ui.training.run import runs_view

st.title(t("train.title"), anchor=False)
st.markdown(t("train.lead"))
if at_machine():
    with st.container(border=True), boundary():
        plan = training_form(workbench.list_datasets(), workbench.adaptable_models())
        go("library", t("library.bring_data"), icon=":material/upload_file:", kind="data")
        if st.button(t("train.begin"), type="primary", icon=":material/play_arrow:", disabled=plan is None):
            assert plan is not None, "else the button cannot be pressed"
            workbench.begin_training(plan)
            st.query_params["run"] = plan.key
            st.rerun()
else:
    st.caption(f":material/lock: {t('train.at_machine')}")
runs = workbench.training_runs()
if runs:
    st.header(t("train.runs"), anchor=False)
    runs_view(runs)
