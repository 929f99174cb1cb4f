"""Datasets, images and archives that nobody should trust, by the door of every command that opens them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hostile_files import hostile_archive, hostile_classes, hostile_image, hostile_images
from hostile_labels import hostile_coco, hostile_voc, hostile_yolo
from watching import FIRST, bounded

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError
from edgeslim.measurement.workload import open_workload

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
MODEL = "street-signs-small"
CASES = [
    (write, seed)
    for write, seeds in (
        (hostile_coco, 70),
        (hostile_yolo, 60),
        (hostile_voc, 50),
        (hostile_images, 40),
        (hostile_classes, 12),
        (hostile_archive, 60),
    )
    for seed in range(FIRST, FIRST + seeds)
]


@pytest.mark.parametrize(("write", "seed"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_data(write: Callable[[int, Path], Path], seed: int, door, tmp_path: Path, request) -> None:
    """What is accepted is then looked at, as evaluating on it does."""
    given = write(seed, tmp_path / "given")
    if door("presets", "--model", MODEL, "--data", given) == 0:
        with bounded(request.node.nodeid):
            look_at(given, Store(tmp_path / "store"))


def look_at(given: Path, store: Store) -> None:
    try:
        workload = open_workload(MODEL, str(given), store, limit=3)
        for index in range(len(workload.evaluation)):
            image, truth = workload.evaluation.image(index), workload.evaluation.target(index)
            assert image.ndim == 3 and image.shape[2] == 3
            assert truth is None or isinstance(truth, int) or len(truth.boxes) == len(truth.classes)
        assert len(workload.evaluation.fingerprint) >= 16
        workbench.gallery_images(given, store=store, count=3)
    except EdgeSlimError:
        return


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 60))
def test_uploaded_image(seed: int, request: pytest.FixtureRequest) -> None:
    content = hostile_image(Random(f"upload {seed}"))
    with bounded(request.node.nodeid):
        found = workbench.read_pictures([(content, "x.png")])
        assert bool(found.images) != bool(found.left_out)
        assert all(image.shape[2] == 3 for _, image in found.images)
