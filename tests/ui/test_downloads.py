"""Files made for a download: how long they stay."""

from __future__ import annotations

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from edgeslim.ui.downloads import KEPT, delete_later


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage(clock: Clock) -> MemoryMediaFileStorage:
    storage = MemoryMediaFileStorage("/media")
    delete_later(storage, clock)
    return storage


@pytest.fixture
def manager(storage: MemoryMediaFileStorage) -> MediaFileManager:
    return MediaFileManager(storage)


def clicked(manager: MediaFileManager, content: bytes = b"a,b") -> str:
    """The name under which the browser asks for it."""
    placeholder = manager.add_deferred(lambda: content, "text/csv", "1.2", "answers.csv")
    return manager.execute_deferred(placeholder).rpartition("/")[2]


def others_look(manager: MediaFileManager) -> None:
    for _ in range(30):
        manager.remove_orphaned_files()


def test_a_download_outlives_the_looks_of_a_class(
    manager: MediaFileManager, storage: MemoryMediaFileStorage, clock: Clock
) -> None:
    name = clicked(manager)
    others_look(manager)
    assert storage.get_file(name).content == b"a,b"
    clock.now = KEPT - 1
    others_look(manager)
    assert storage.get_file(name).content == b"a,b"


def test_it_is_deleted_with_the_next_one_after_its_time(
    manager: MediaFileManager, storage: MemoryMediaFileStorage, clock: Clock
) -> None:
    name = clicked(manager)
    others_look(manager)
    clock.now = KEPT + 1
    later = clicked(manager, b"c,d")
    others_look(manager)
    with pytest.raises(MediaFileStorageError):
        storage.get_file(name)
    assert storage.get_file(later).content == b"c,d"


def test_one_that_is_made_again_stays(
    manager: MediaFileManager, storage: MemoryMediaFileStorage, clock: Clock
) -> None:
    name = clicked(manager)
    others_look(manager)
    clock.now = KEPT - 1
    assert clicked(manager) == name
    others_look(manager)
    clock.now = KEPT + 1
    clicked(manager, b"c,d")
    others_look(manager)
    assert storage.get_file(name).content == b"a,b"


def test_what_is_shown_is_deleted_at_once(storage: MemoryMediaFileStorage) -> None:
    file = storage.load_and_get_id(b"picture", "image/png", MediaFileKind.MEDIA)
    storage.delete_file(file)
    with pytest.raises(MediaFileStorageError):
        storage.get_file(file)
