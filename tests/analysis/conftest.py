"""Models made of the example networks, and images for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeslim.artifacts.store import Store, sha256_of
from edgeslim.export.onnx import to_bytes
from edgeslim.models.base import Model
from example_networks import make_onnx, make_spec


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def model_named(tmp_path: Path) -> Callable[[str], Model]:
    def make(name: str) -> Model:
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(to_bytes(make_onnx(name)))
        return Model(name, path, sha256_of(path), make_spec(name), "imported")

    return make
