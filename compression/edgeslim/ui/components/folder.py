"""A folder of the machine that runs the app, named by whoever looks."""

from __future__ import annotations

import streamlit as st

from edgeslim import workbench
from edgeslim.ui import data
from edgeslim.ui.components.words import notice_words
from edgeslim.ui.state import t


def asked_folder(key: str) -> str:
    """The path that was typed, or "". Not in the address: following a link must not make the server read a folder.

    Raises AccessError where the visitor is not at the machine.
    """
    folder = st.text_input(t("compare.folder_path"), key=key, help=t("compare.folder_help"))
    if not folder:
        st.caption(t("compare.folder_help"))
        return ""
    return workbench.typed_path(folder.strip())


def left_out(folder: str) -> None:
    """Which of the folder's images cannot be read. Raises DatasetError."""
    for notice in data.dataset_warnings(folder):
        if notice.code == "unreadable_images":
            st.warning(notice_words(notice), icon=":material/broken_image:")
