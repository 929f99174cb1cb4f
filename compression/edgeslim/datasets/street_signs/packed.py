"""A split in one file: all JPEGs end to end, all boxes end to end, and where each image's begin."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from edgeslim.datasets.street_signs.scene import Scene


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """N scenes with M boxes.

    `jpegs` (bytes,) uint8; `jpeg_ends`, `box_ends` (N,) int64: where each image's part ends; `boxes` (M, 4)
    float32 xyxy pixels; `classes` (M,) int64; `moods`, `indices` (N,).
    """

    jpegs: NDArray[np.uint8]
    jpeg_ends: NDArray[np.int64]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    box_ends: NDArray[np.int64]
    moods: NDArray[np.str_]
    indices: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.jpeg_ends)

    def jpeg(self, position: int) -> bytes:
        return self.jpegs[_part(self.jpeg_ends, position)].tobytes()

    def labels(self, position: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Boxes (n, 4) and classes (n,) of one image."""
        part = _part(self.box_ends, position)
        return self.boxes[part], self.classes[part]

    def annotations_sha256(self) -> str:
        """Of boxes and classes, to a hundredth of a pixel."""
        rounded = np.rint(self.boxes * 100).astype(np.int64)
        return _sha256(rounded, self.classes, self.box_ends)

    def content_sha256(self) -> str:
        """Of JPEG bytes, boxes and classes. JPEG bytes depend on the release of Pillow's encoder, too."""
        return _sha256(self.jpegs, self.jpeg_ends, self.boxes, self.classes, self.box_ends)

    def to_bytes(self) -> bytes:
        """As an uncompressed .npz file."""
        buffer = io.BytesIO()
        np.savez(buffer, **{f.name: getattr(self, f.name) for f in fields(self)})
        return buffer.getvalue()

    @staticmethod
    def from_bytes(content: bytes) -> Packed:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return Packed(**{f.name: arrays[f.name] for f in fields(Packed)})

    @staticmethod
    def of(scenes: Iterable[tuple[int, Scene]]) -> Packed:
        """Pack rendered scenes with their indices."""
        indices, listed = zip(*scenes, strict=True)
        return Packed(
            jpegs=np.frombuffer(b"".join(scene.jpeg for scene in listed), np.uint8),
            jpeg_ends=np.cumsum([len(scene.jpeg) for scene in listed], dtype=np.int64),
            boxes=np.concatenate([scene.boxes for scene in listed]),
            classes=np.concatenate([scene.classes for scene in listed]),
            box_ends=np.cumsum([len(scene.boxes) for scene in listed], dtype=np.int64),
            moods=np.array([scene.mood for scene in listed]),
            indices=np.array(indices, np.int64),
        )

    @staticmethod
    def join(parts: Iterable[Packed]) -> Packed:
        """Packs one after the other."""
        listed = list(parts)
        together = {f.name: np.concatenate([getattr(p, f.name) for p in listed]) for f in fields(Packed)}
        for ends, content in (("jpeg_ends", "jpegs"), ("box_ends", "boxes")):
            starts = np.cumsum([0, *(len(getattr(p, content)) for p in listed[:-1])])
            together[ends] = np.concatenate(
                [getattr(p, ends) + s for p, s in zip(listed, starts, strict=True)]
            )
        return Packed(**together)


def _part(ends: NDArray[np.int64], position: int) -> slice:
    start = int(ends[position - 1]) if position else 0
    return slice(start, int(ends[position]))


def _sha256(*arrays: NDArray[np.generic]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
