"""A page with one picture that moves, by the address: `?picture=pruning`. Run by Streamlit."""

import streamlit as st
from live_bench import real

from edgeslim.ui.lesson.live.component import Room, live

st.set_page_config(layout="wide")
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
live(real()[st.query_params["picture"]], key="live", budget=Room("STM32H7", 2_000_000))
st.button(f"run {st.session_state['runs']}")
