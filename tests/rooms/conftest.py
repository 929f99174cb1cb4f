"""A room with its teacher, in SQLite and, where there is one installed, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from class_of_students import Class

from edgeslim.artifacts.store import Store
from edgeslim.rooms import database
from edgeslim.rooms.teaching import open_room


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield Store(tmp_path)
    database.close()


@pytest.fixture
def room(store: Store) -> Class:
    return Class(store, open_room(store))
