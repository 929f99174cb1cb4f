"""The techniques that this copy has, looked up once."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from edgeslim import workbench
from edgeslim.steps.base import StepInfo


@st.cache_resource(max_entries=1, show_spinner=False)
def steps() -> dict[str, StepInfo]:
    """Every step with its parameters, by name."""
    return {step.name: step for step in workbench.list_steps()}


def effects() -> dict[str, Sequence[str]]:
    """What each step changes."""
    return {step.name: step.changes for step in steps().values()}
