"""The street-sign dataset: splits rendered on first use, kept on disk, and checked by hash."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL

from compression.artifacts.store import Store, write_atomically
from compression.datasets.base import Dataset, Notice, Split, SplitName, TaskName
from compression.datasets.formats import DATASETS, Builtin
from compression.datasets.images import read_image
from compression.datasets.splits import no_split
from compression.datasets.street_signs.classes import CLASSES
from compression.datasets.street_signs.packed import Packed
from compression.datasets.street_signs.rendering import render
from compression.detections import Annotations, Image
from compression.progress import Progress

NAME = "street-signs"
MANIFEST = Path(__file__).with_name("splits.json")
_CACHE = "datasets/street-signs"
_NOT_RENDERING = ("__init__.py", "__main__.py", "dataset.py", "packed.py", "rendering.py", "worker.py")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which scenes of which endless series a split shows."""

    seed: int
    indices: Sequence[int]


# The gallery was chosen by eye: every mood, every class, near and far, at least two signs in each scene.
_GALLERY = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
PLANS: dict[SplitName, Plan] = {
    "train": Plan(20261, range(6000)),
    "calibration": Plan(20263, range(128)),
    "validation": Plan(20262, range(400)),
    "gallery": Plan(20264, _GALLERY),
}


class Scenes:
    """A Split of packed scenes."""

    def __init__(self, packed: Packed) -> None:
        self.packed = packed
        self.fingerprint = packed.content_sha256()

    def __len__(self) -> int:
        return len(self.packed)

    def image(self, index: int) -> Image:
        return read_image(self.packed.jpeg(index), self.image_id(index))

    def target(self, index: int) -> Annotations:
        return Annotations.of(*self.packed.labels(index))

    def image_id(self, index: int) -> str:
        """Number in the series, and mood: '00012-night'."""
        return f"{self.packed.indices[index]:05d}-{self.packed.moods[index]}"


class StreetSigns:
    """A Dataset. A split is rendered when it is first asked for (the 6,000 training scenes take minutes)."""

    name: str = NAME
    task: TaskName = "detection"
    labels: tuple[str, ...] = CLASSES
    splits: tuple[SplitName, ...] = tuple(PLANS)
    has_labels: bool = True

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store, self._progress = store, progress
        self._scenes: dict[str, Scenes] = {}

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """Which splits, of those asked for so far, differ from those behind the sample results."""
        committed = json.loads(MANIFEST.read_text())
        return tuple(
            Notice(
                "other_rendering",
                f"The images of '{name}' differ slightly from those behind the sample results: "
                "another release of Pillow drew or encoded them.",
                split=name,
            )
            for name, scenes in self._scenes.items()
            if scenes.fingerprint != committed[name]["content"]
        )

    def split(self, name: SplitName) -> Split:
        if name not in PLANS:
            raise no_split(self.name, name, self.splits)
        if name not in self._scenes:
            self._scenes[name] = Scenes(load(self._store, name, PLANS[name], self._progress))
        return self._scenes[name]


def load(store: Store, name: str, plan: Plan, progress: Progress) -> Packed:
    """Take a split from the store or, if it is not there or was damaged, render it: one process at a time."""
    key = f"{name}-{_version(plan)}"
    path = store.root / _CACHE / f"{key}.npz"
    cached = _cached(store, key, path)
    if cached is not None:
        return cached
    with store.lock(f"street-signs-{key}"):
        cached = _cached(store, key, path)
        if cached is not None:
            return cached
        packed = render(plan.seed, plan.indices, progress)
        content = packed.to_bytes()
        write_atomically(path, content)
        store.put_record(_CACHE, key, {"sha256": hashlib.sha256(content).hexdigest(), "images": len(packed)})
        return packed


def open_street_signs(store: Store, progress: Progress) -> Dataset:
    """The dataset, nothing rendered yet."""
    return StreetSigns(store, progress)


def _cached(store: Store, key: str, path: Path) -> Packed | None:
    """What was stored, if it is unchanged since."""
    record = store.get_record(_CACHE, key)
    if record is None or not path.is_file():
        return None
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != record.get("sha256"):
        return None
    try:
        return Packed.from_bytes(content)
    except (zipfile.BadZipFile, ValueError, KeyError):
        return None


def _version(plan: Plan) -> str:
    """Hash of all that the images depend on: the renderer's sources, the libraries it uses, the plan."""
    sources = sorted(path for path in Path(__file__).parent.glob("*.py") if path.name not in _NOT_RENDERING)
    digest = hashlib.sha256(f"{np.__version__} {PIL.__version__} {plan.seed} {list(plan.indices)}".encode())
    for path in sources:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


DATASETS.add(
    Builtin(
        name=NAME,
        task="detection",
        labels=CLASSES,
        sizes={name: len(plan.indices) for name, plan in PLANS.items()},
        licence="Apache-2.0 (rendered by this project)",
        description="street_signs",
        open=open_street_signs,
    )
)
