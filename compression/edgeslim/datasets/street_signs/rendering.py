"""Rendering many scenes on all cores, and packing a split into one file."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from edgeslim.datasets.street_signs.scene import Scene, render_scene
from edgeslim.processes import environment_of_child, threads
from edgeslim.progress import Progress


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


CHUNK = 50
"""Scenes a worker renders, in one to two seconds; fewer are rendered right here."""

MESSAGE = "rendering_scenes"


def render(seed: int, indices: Sequence[int], progress: Progress) -> Packed:
    """Render the scenes of these indices, in their order. A long range is shared out over the cores.

    The workers are processes started afresh: unlike those of multiprocessing, they do not run the main script
    again, which under Streamlit is the app itself.
    """
    cores = _cores()
    if cores == 1 or len(indices) <= CHUNK or not isinstance(indices, range):
        return _render_here(seed, indices, progress)
    chunks = [indices[start : start + CHUNK] for start in range(0, len(indices), CHUNK)]
    done = 0
    progress(MESSAGE, done, len(indices))
    with ThreadPoolExecutor(cores) as pool:
        futures = {pool.submit(_render_elsewhere, seed, chunk): chunk for chunk in chunks}
        try:
            for future in as_completed(futures):
                future.result()
                done += len(futures[future])
                progress(MESSAGE, done, len(indices))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return Packed.join(future.result() for future in futures)


def _render_here(seed: int, indices: Sequence[int], progress: Progress) -> Packed:
    scenes = []
    for done, index in enumerate(indices):
        progress(MESSAGE, done, len(indices))
        scenes.append((index, render_scene(seed, index)))
    progress(MESSAGE, len(indices), len(indices))
    return Packed.of(scenes)


def _render_elsewhere(seed: int, chunk: range) -> Packed:
    # Not `-m`: the package has imported this module already, and Python would warn of the second one.
    code = f"from {__name__} import serve; serve()"
    command = [sys.executable, "-c", code, *map(str, (seed, chunk.start, chunk.stop))]
    worker = subprocess.run(
        command,
        env=environment_of_child(**threads(1)),
        stdout=subprocess.PIPE,
        check=True,
    )
    return Packed.from_bytes(worker.stdout)


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def serve() -> None:
    """What one worker does: SEED START STOP as arguments, a packed part to standard output."""
    seed, start, stop = map(int, sys.argv[1:])
    scenes = ((index, render_scene(seed, index)) for index in range(start, stop))
    sys.stdout.buffer.write(Packed.of(scenes).to_bytes())
