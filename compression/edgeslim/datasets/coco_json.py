"""One COCO JSON file, checked record by record. Source: cocodataset.org/#format-data."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from edgeslim.datasets.annotations import read_text
from edgeslim.datasets.images import Size
from edgeslim.errors import DatasetError
from edgeslim.reading import parse_json


@dataclass(slots=True)
class CocoImage:
    """An image's record, and its annotations as parallel lists; boxes are xyxy, `names` are for errors."""

    id: str
    file_name: str
    size: Size | None
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    categories: list[int] = field(default_factory=list)
    crowd: list[bool] = field(default_factory=list)
    area: list[float] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CocoFile:
    """`categories`: id to name, ordered by id; `dangling` counts annotations of unlisted images."""

    path: Path
    images: tuple[CocoImage, ...]
    categories: dict[int, str]
    dangling: int


def load(path: Path) -> CocoFile:
    """Parse and check a COCO JSON file.

    Raises DatasetError: unreadable_file, broken_json, not_coco, coco_field, duplicate_image or
    unknown_category.
    """
    data = _parse(path)
    if not isinstance(data, dict) or not isinstance(data.get("images"), list):
        raise DatasetError("not_coco", file=path)
    read = _Reader(path)
    images = read.images(data["images"])
    categories = read.categories(_list(data, "categories"))
    dangling = read.annotations(_list(data, "annotations"), images, categories)
    return CocoFile(path, tuple(images.values()), categories, dangling)


def _parse(path: Path) -> Any:
    text = read_text(path)
    try:
        return parse_json(text)
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise DatasetError("broken_json", file=path, line=line) from error


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path

    def images(self, records: list[Any]) -> dict[object, CocoImage]:
        found: dict[object, CocoImage] = {}
        for position, record in enumerate(records):
            where = f"image {position}"
            key = self._get(record, "id", (int, str), where)
            where = f"image {key}"
            name = self._get(record, "file_name", (str,), where)
            if key in found:
                raise DatasetError("duplicate_image", file=self.path, id=key)
            found[key] = CocoImage(str(key), name, _size(record))
        return found

    def categories(self, records: list[Any]) -> dict[int, str]:
        named: dict[int, str] = {}
        for position, record in enumerate(records):
            key = self._get(record, "id", (int,), f"category {position}")
            named[key] = self._get(record, "name", (str,), f"category {key}")
        return dict(sorted(named.items()))

    def annotations(
        self, records: list[Any], images: dict[object, CocoImage], categories: dict[int, str]
    ) -> int:
        dangling = 0
        for position, record in enumerate(records):
            where = f"annotation {record.get('id', position) if isinstance(record, dict) else position}"
            category = self._get(record, "category_id", (int,), where)
            if category not in categories:
                raise DatasetError("unknown_category", file=self.path, where=where, category=category)
            image = images.get(self._get(record, "image_id", (int, str), where))
            if image is None:
                dangling += 1
                continue
            x, y, width, height = self._box(record, where)
            image.boxes.append((x, y, x + width, y + height))
            image.categories.append(category)
            image.crowd.append(bool(record.get("iscrowd", 0)))
            area = record.get("area")
            image.area.append(float(area) if _is_area(area) else max(width, 0.0) * max(height, 0.0))
            image.names.append(f"{where} of '{self.path}'")
        return dangling

    def _box(self, record: dict[str, Any], where: str) -> list[float]:
        box = self._get(record, "bbox", (list,), where)
        if len(box) != 4 or not all(map(_is_number, box)):
            raise DatasetError("coco_field", file=self.path, where=where, field="bbox")
        return [float(value) for value in box]

    def _get(self, record: Any, key: str, kinds: tuple[type, ...], where: str) -> Any:
        value = record.get(key) if isinstance(record, dict) else None
        if not isinstance(value, kinds):
            raise DatasetError("coco_field", file=self.path, where=where, field=key)
        return value


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)


def _is_area(value: object) -> TypeGuard[float]:
    """A number of square pixels that an image can have."""
    return _is_number(value) and 0 <= value <= 1e12


def _size(record: dict[str, Any]) -> Size | None:
    width, height = record.get("width"), record.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    return None
