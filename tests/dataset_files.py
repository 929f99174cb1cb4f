"""Small datasets in every format, as files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]


def write_image(path: Path, width: int = 40, height: int = 30, shade: int = 90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), shade, np.uint8)).save(path)
    return path


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


def write_coco(
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


def write_voc(root: Path, stem: str, objects: Sequence[tuple[str, int, Box]]) -> Path:
    """Writes one image and its XML; objects are (name, difficult, (xmin, ymin, xmax, ymax))."""
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


def write_yolo(root: Path, labels: Mapping[str, str | None], *, split_first: bool = False) -> None:
    """Writes images of 40×30 and label files: {'train/a': '0 .5 .5 .2 .2', 'b': None (no label file)}."""
    for name, text in labels.items():
        folder, stem = os.path.split(name)
        parts = (folder, "{}") if split_first else ("{}", folder)
        write_image(Path(root, *(part.format("images") for part in parts), f"{stem}.png"))
        if text is not None:
            path = Path(root, *(part.format("labels") for part in parts), f"{stem}.txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
