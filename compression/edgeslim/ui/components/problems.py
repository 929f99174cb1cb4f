"""The one place where a user's error becomes words on the screen."""

from __future__ import annotations

import streamlit as st

from edgeslim.errors import EdgeSlimError, ErrorRecord
from edgeslim.ui.i18n import error_text
from edgeslim.ui.state import language


class boundary:
    """Show an EdgeSlimError raised inside, in the screen's language; what was drawn before stays."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, EdgeSlimError):
            show(error.record())
            return True
        return False


def show(error: ErrorRecord) -> None:
    """An error as the core keeps it."""
    st.error(error_text(language(), error), icon=":material/error:")
