"""Fixtures of the tests of datasets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import dataset_files
from edgeslim.artifacts.store import Store

REAL_DATA = Path(__file__).parents[3] / "shared" / "data" / "images"


@pytest.fixture
def real_data() -> Path:
    if not REAL_DATA.is_dir():
        pytest.skip("needs the real images in ../shared/data/images, beside the repository")
    return REAL_DATA


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def write_image() -> Callable[..., Path]:
    return dataset_files.write_image


@pytest.fixture
def write_coco() -> Callable[..., Path]:
    return dataset_files.write_coco


@pytest.fixture
def write_voc() -> Callable[..., Path]:
    return dataset_files.write_voc


@pytest.fixture
def write_yolo() -> Callable[..., None]:
    return dataset_files.write_yolo
