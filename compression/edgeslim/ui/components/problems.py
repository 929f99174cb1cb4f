"""The one place where a user's error becomes words on the screen."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from edgeslim.errors import EdgeSlimError, ErrorRecord
from edgeslim.ui.i18n import error_text, plain
from edgeslim.ui.state import language, t


class boundary:
    """Show an EdgeSlimError raised inside, in the screen's language; what was drawn before stays."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, EdgeSlimError):
            show(error.record())
            return True
        return False


def asked_in_vain(parameter: str, offered: Iterable[str]) -> None:
    """Say so where the address asks for something that is not offered: what is shown is something else."""
    given = st.query_params.get(parameter, "")
    if given and given not in offered:
        st.warning(t(f"address.{parameter}", name=plain(given)), icon=":material/link_off:")


def show(error: ErrorRecord) -> None:
    """An error as the core keeps it."""
    st.error(error_text(language(), error), icon=":material/error:")
    if "lines" in error.values:
        st.code(error.values["lines"], language="python")
