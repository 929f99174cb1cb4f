"""A file that was made for a download stays until the browser has fetched it.

Streamlit makes it on the click and answers with its address; no session refers to it, so the ends of any two runs of
any visitors delete it (`MediaFileManager.execute_deferred`, `remove_orphaned_files`). In a class, whose pages look
again every few seconds, that is sooner than a phone asks for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from streamlit.runtime import exists, get_instance
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

KEPT = 60.0
"""Seconds."""


def keep_downloads() -> None:
    """For the running server, once; where none runs there is nothing to keep."""
    if not exists():
        return
    storage = get_instance().media_file_mgr._storage  # `st.App` takes no storage of our own
    assert isinstance(storage, MemoryMediaFileStorage)
    delete_later(storage)


def delete_later(storage: MemoryMediaFileStorage, clock: Callable[[], float] = time.monotonic) -> None:
    """Downloads are deleted `KEPT` seconds after they could be, with the next file that can be.

    One that is made again meanwhile stays. Streamlit holds its lock around each of the two calls.
    """
    load, delete = storage.load_and_get_id, storage.delete_file
    leaving: dict[str, float] = {}

    def load_and_get_id(
        path_or_data: str | bytes, mimetype: str, kind: MediaFileKind, filename: str | None = None
    ) -> str:
        file = load(path_or_data, mimetype, kind, filename)
        leaving.pop(file, None)
        return file

    def delete_file(file_id: str) -> None:
        if storage.get_file(file_id).kind is MediaFileKind.DOWNLOADABLE:
            leaving[file_id] = clock()
        else:
            delete(file_id)
        for old in [each for each, since in leaving.items() if clock() - since >= KEPT]:
            del leaving[old]
            delete(old)

    storage.load_and_get_id = load_and_get_id  # type: ignore[method-assign]
    storage.delete_file = delete_file  # type: ignore[method-assign]
