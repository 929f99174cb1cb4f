"""What a visitor may bring and change, so that no page offers what the workbench would refuse."""

from __future__ import annotations

import streamlit as st

from edgeslim import visitors
from edgeslim.quotas import DEMO_FILE_BYTES, DEMO_MINUTES, DEMO_STUDIES
from edgeslim.ui.state import t


def may_bring() -> bool:
    """Whether something can be uploaded; else the page says why not."""
    if visitors.demo():
        st.caption(f":material/lock: {t('demo.no_import')}")
        return False
    return True


def demo_limits() -> None:
    """In a public demo, how much of its machine a study gets."""
    if visitors.demo():
        words = t("demo.limits", studies=DEMO_STUDIES, minutes=f"{DEMO_MINUTES:g}")
        st.info(words, icon=":material/public:")


def most_megabytes() -> int | None:
    """Of one picture that is uploaded; None where nothing but the server's own limit holds."""
    return DEMO_FILE_BYTES // 1_000_000 if visitors.demo() else None


def at_machine() -> bool:
    """Whether paths of this machine can be given."""
    return visitors.visitor() is None and not visitors.demo()


def may_manage(whose: visitors.Whose) -> bool:
    """Whether it can be renamed, removed, or read otherwise."""
    return not visitors.demo() and (visitors.visitor() is None or whose in ("mine", "shared"))


def sharing(key: str) -> bool:
    """Whether others shall see what is brought. What is brought at the machine is everybody's, and nobody is asked."""
    if visitors.visitor() is None:
        return False
    return st.toggle(t("library.share"), key=f"{key}_share", help=t("library.share_help"))
