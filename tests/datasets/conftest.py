"""Small datasets in every format, written to tmp_path."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeslim.artifacts.store import Store

REAL_DATA = Path(__file__).parents[3] / "shared" / "data" / "images"
Box = tuple[float, float, float, float]


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
    def write(path: Path, width: int = 40, height: int = 30, shade: int = 90) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((height, width, 3), shade, np.uint8)).save(path)
        return path

    return write


def coco_record(images: Sequence[str], boxes: Sequence[tuple[int, int, Box]], **more: Any) -> dict[str, Any]:
    """COCO JSON: images 40×30 with ids from 10; boxes are (image number, category id, xywh)."""
    return {
        "images": [
            {"id": 10 + i, "file_name": name, "width": 40, "height": 30} for i, name in enumerate(images)
        ],
        "annotations": [
            {"id": 100 + i, "image_id": 10 + image, "category_id": category, "bbox": list(box)}
            for i, (image, category, box) in enumerate(boxes)
        ],
        "categories": [{"id": 7, "name": "zebra"}, {"id": 3, "name": "ant"}],
        **more,
    }


@pytest.fixture
def write_coco(write_image: Callable[..., Path]) -> Callable[..., Path]:
    def write(
        path: Path,
        boxes: Sequence[tuple[int, int, Box]],
        images: Sequence[str] = ("a.png", "b.png"),
        **more: Any,
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(coco_record(images, boxes, **more)))
        for name in images:
            write_image(path.parent / name)
        return path

    return write


@pytest.fixture
def write_voc(write_image: Callable[..., Path]) -> Callable[..., Path]:
    """Writes one image and its XML; objects are (name, difficult, (xmin, ymin, xmax, ymax))."""

    def write(root: Path, stem: str, objects: Sequence[tuple[str, int, Box]]) -> Path:
        write_image(root / "JPEGImages" / f"{stem}.png")
        items = "".join(
            f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox><xmin>{box[0]}</xmin>"
            f"<ymin>{box[1]}</ymin><xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"
            for name, difficult, box in objects
        )
        path = root / "Annotations" / f"{stem}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        size = "<size><width>40</width><height>30</height><depth>3</depth></size>"
        path.write_text(f"<annotation><filename>{stem}.png</filename>{size}{items}</annotation>")
        return path

    return write


@pytest.fixture
def write_yolo(write_image: Callable[..., Path]) -> Callable[..., None]:
    """Writes images of 40×30 and label files: {'train/a': '0 .5 .5 .2 .2', 'b': None (no label file)}."""

    def write(root: Path, labels: Mapping[str, str | None], *, split_first: bool = False) -> None:
        for name, text in labels.items():
            folder, stem = os.path.split(name)
            parts = (folder, "{}") if split_first else ("{}", folder)
            write_image(Path(root, *(part.format("images") for part in parts), f"{stem}.png"))
            if text is not None:
                path = Path(root, *(part.format("labels") for part in parts), f"{stem}.txt")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    return write
