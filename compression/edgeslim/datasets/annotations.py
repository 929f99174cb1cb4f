"""What all formats of annotations need: text, paths inside the dataset, and boxes; what is repaired is reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeslim.datasets.images import Size
from edgeslim.detections import Annotations
from edgeslim.errors import DatasetError, Notice

_LONGEST = 1024
"""Bytes of a path inside a dataset."""


def read_text(path: Path) -> str:
    """The file as UTF-8 text. Raises DatasetError(code='unreadable_file') naming it."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise DatasetError("unreadable_file", path=path, reason=reason) from error


def inside(name: str) -> PurePosixPath:
    """A relative path that stays inside the folder it is joined to.

    Files inside a dataset are not trusted: of an absolute path only the file's name is kept, and of a path with '..'
    only the part after the last one. Raises DatasetError(code='unusable_path') for what no file can be called.
    """
    if "\0" in name or len(name.encode()) > _LONGEST or any(len(p.encode()) > 255 for p in name.split("/")):
        raise DatasetError("unusable_path", path=name[:60])
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or (path.parts and path.parts[0].endswith(":")):
        return PurePosixPath(path.name)
    parts = path.parts
    if ".." in parts:
        parts = parts[len(parts) - parts[::-1].index("..") :]
    return PurePosixPath(*parts)


TOLERANCE = 1.0
"""Pixels by which a box may exceed its image unclipped, because of rounding or one-based coordinates."""


class BoxReader:
    """Drops boxes without area, clips boxes that exceed their image, and records which."""

    def __init__(self) -> None:
        self._counts = {"zero_area_boxes": 0, "clipped_boxes": 0}
        self._first: dict[str, str] = {}

    def annotations(
        self,
        boxes: ArrayLike,
        classes: Sequence[int],
        size: Size,
        culprit: Callable[[int], str],
        *,
        crowd: Sequence[bool] | None = None,
        area: Sequence[float] | None = None,
    ) -> Annotations:
        """Build the annotations of one image of `size` (width, height).

        `boxes` (N, 4) xyxy pixels, finite; `crowd` defaults to none, `area` (px²) to the boxes' own.
        `culprit(i)` names the source of box i, for the warnings.
        """
        raw = np.asarray(boxes, np.float64).reshape(-1, 4)
        width, height = size
        bounds = np.array([width, height, width, height], np.float64)
        outside: NDArray[np.bool_] = np.any((raw < -TOLERANCE) | (raw > bounds + TOLERANCE), axis=1)
        clipped = np.where(outside[:, None], np.clip(raw, 0, bounds), raw)
        sides = clipped[:, 2:] - clipped[:, :2]
        keep: NDArray[np.bool_] = np.all(sides > 0, axis=1)
        self._count("zero_area_boxes", ~keep, culprit)
        self._count("clipped_boxes", outside & keep, culprit)
        own_area = sides.prod(axis=1)
        known_area = own_area if area is None else np.asarray(area, np.float64)
        known_area = np.where(outside, np.minimum(known_area, own_area), known_area)
        crowds = np.zeros(len(raw), np.bool_) if crowd is None else np.asarray(crowd, np.bool_)
        return Annotations(
            boxes=clipped[keep].astype(np.float32),
            classes=np.asarray(classes, np.int64)[keep],
            crowd=crowds[keep],
            area=known_area[keep].astype(np.float32),
        )

    def notices(self) -> list[Notice]:
        """What was dropped or clipped so far."""
        return [
            Notice(code, count=count, first=self._first[code])
            for code, count in self._counts.items()
            if count
        ]

    def _count(self, code: str, which: NDArray[np.bool_], culprit: Callable[[int], str]) -> None:
        found = np.flatnonzero(which)
        if len(found):
            self._counts[code] += len(found)
            self._first.setdefault(code, culprit(int(found[0])))
