"""Fixtures of many tests."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

# Before numpy and torch read it: tests run side by side, one on each core, and so does what they start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest

import linear_digits
from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Half as many again as there are cores: much of the time browsers, limits and processes are waited for."""
    return max(1, 3 * len(os.sched_getaffinity(0)) // 2) if hasattr(os, "sched_getaffinity") else 3


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begin first, so that none ends the run alone: what drives a browser, and of that the walks."""

    def turn(item: pytest.Item) -> tuple[bool, bool]:
        return not item.get_closest_marker("browser"), not item.path.stem.endswith("_walk")

    typed = [item for item in items if item.name == "test_compression_is_strictly_typed"]
    items[:] = typed + sorted((item for item in items if item not in typed), key=turn)


def pytest_collection_finish() -> None:
    """What was collected stays until the end: garbage collections need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def digits_weights() -> linear_digits.Weights:
    """Weight and bias of a linear classifier of the digits."""
    return linear_digits.solve()


@pytest.fixture(scope="session")
def with_scenes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Store]:
    """A store in a folder, in which the sample scenes that files are scored and calibrated on are rendered already:
    half a minute of processor, once for all processes of the test run."""
    folder = tmp_path_factory.getbasetemp()
    shared = Store((folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "scenes")

    def store_in(root: Path) -> Store:
        scenes = open_dataset("street-signs", shared)
        for split in ("validation", "calibration"):
            assert scenes.split(split).fingerprint
        shutil.copytree(shared.root / "datasets", root / "datasets", dirs_exist_ok=True)
        return Store(root)

    return store_in


@pytest.fixture(autouse=True)
def same_numbers(request: pytest.FixtureRequest) -> None:
    """A module's RANDOM begins anew with each test: what it gives does not depend on which tests ran before."""
    generator = getattr(request.module, "RANDOM", None)
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = np.random.default_rng(
            generator.bit_generator.seed_seq
        ).bit_generator.state


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page under test takes the place of `__main__`, which processes that are started later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nobody else measured or computed: the machine's locks lie in the folder for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.fixture
def digits_file(tmp_path: Path, digits_weights: linear_digits.Weights) -> Path:
    """A linear digits classifier as an ONNX file with its specification beside it."""
    return linear_digits.write(tmp_path / "linear.onnx", *digits_weights)
