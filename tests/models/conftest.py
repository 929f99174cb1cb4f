"""A store for every test, and the real models if they are there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from models_for_tests import SHARED

from edgeslim.artifacts.store import Store
from edgeslim.models import importing
from edgeslim.models.preparing import prepare


@pytest.fixture(autouse=True)
def opened_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are opened in this process: what is refused, and why, is the same in one of their own, only slower."""
    monkeypatch.setattr(importing, "prepare_confined", prepare)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def real_model() -> Callable[[str], Path]:
    def find(name: str) -> Path:
        path = SHARED / "models" / name
        if not path.exists():
            pytest.skip(f"needs {name} in ../shared/data/models")
        return path

    return find
