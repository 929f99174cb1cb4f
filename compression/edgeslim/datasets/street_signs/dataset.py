"""The street-sign dataset: splits rendered on first use, kept on disk, and checked by hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import PIL

from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.datasets.base import Dataset, Split, SplitName
from edgeslim.datasets.images import read_image
from edgeslim.datasets.splits import Builtin, no_split
from edgeslim.datasets.street_signs.rendering import Packed, render
from edgeslim.datasets.street_signs.signs import CLASSES
from edgeslim.detections import Annotations, Image, TaskName
from edgeslim.errors import Notice
from edgeslim.progress import Progress

NAME = "street-signs"
MANIFEST = Path(__file__).with_name("splits.json")
_CACHE = "datasets/street-signs"
_NOT_RENDERING = ("__init__.py", "__main__.py", "dataset.py")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which scenes of which endless series a split shows."""

    seed: int
    indices: Sequence[int]


# The gallery was chosen by eye: every mood, every class, near and far, at least two signs in each scene.
_GALLERY = (65, 62, 90, 100, 117, 59, 69, 78, 10, 83, 9, 25, 93, 76, 107, 67, 51, 75, 104, 57, 40, 38, 46, 45)
PLANS: dict[SplitName, Plan] = {
    "train": Plan(20261, range(6000)),
    "calibration": Plan(20263, range(128)),
    "validation": Plan(20262, range(400)),
    "gallery": Plan(20264, _GALLERY),
}


class Scenes:
    """A Split that is taken from the store, or rendered, when its content is first asked for."""

    def __init__(self, store: Store, name: str, plan: Plan, progress: Progress) -> None:
        self._store, self._name, self._plan, self._progress = store, name, plan, progress

    @cached_property
    def packed(self) -> Packed:
        """All scenes, in memory."""
        return load(self._store, self._name, self._plan, self._progress)

    @cached_property
    def fingerprint(self) -> str:
        return self.packed.content_sha256()

    def __len__(self) -> int:
        return len(self._plan.indices)

    def image(self, index: int) -> Image:
        return read_image(self.packed.jpeg(index), self.image_id(index))

    def target(self, index: int) -> Annotations:
        return Annotations.of(*self.packed.labels(index))

    def image_id(self, index: int) -> str:
        """Number in the series, and mood: '00012-night'."""
        return f"{self.packed.indices[index]:05d}-{self.packed.moods[index]}"


class StreetSigns:
    """A Dataset. Naming and counting splits is free; rendering the 6,000 training scenes takes minutes."""

    name: str = NAME
    task: TaskName = "detection"
    labels: tuple[str, ...] = CLASSES
    splits: tuple[SplitName, ...] = tuple(PLANS)
    has_labels: bool = True

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store = store
        self._scenes = {name: Scenes(store, name, plan, progress) for name, plan in PLANS.items()}

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """Which splits, of those rendered so far, differ from those behind the sample results."""
        committed = json.loads(MANIFEST.read_text())
        records = {name: self._store.get_record(_CACHE, _key(name, plan)) for name, plan in PLANS.items()}
        return tuple(
            Notice("other_rendering", split=name)
            for name, record in records.items()
            if record is not None and record.get("content") != committed[name]["content"]
        )

    def split(self, name: SplitName) -> Split:
        if name not in self._scenes:
            raise no_split(self.name, name, self.splits)
        return self._scenes[name]


def load(store: Store, name: str, plan: Plan, progress: Progress) -> Packed:
    """Take a split from the store or, if it is not there or was damaged, render it: one process at a time."""
    key = _key(name, plan)
    path = store.root / _CACHE / f"{key}.npz"
    cached = _cached(store, key, path)
    if cached is not None:
        return cached
    with store.lock(f"street-signs-{key}", progress=progress):
        cached = _cached(store, key, path)
        if cached is not None:
            return cached
        packed = render(plan.seed, plan.indices, progress)
        content = packed.to_bytes()
        write_atomically(path, content)
        record = {"sha256": hashlib.sha256(content).hexdigest(), "content": packed.content_sha256()}
        store.put_record(_CACHE, key, record)
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
    return Packed.from_bytes(content)


def is_rendered(store: Store, split: SplitName) -> bool:
    """Whether the split lies in the store; its content is not looked at."""
    return store.place(_CACHE, f"{_key(split, PLANS[split])}.npz").is_file()


def _key(name: str, plan: Plan) -> str:
    """The split's name, and a hash of all it depends on: plan, libraries, sources of the renderer."""
    sources = sorted(path for path in Path(__file__).parent.glob("*.py") if path.name not in _NOT_RENDERING)
    digest = hashlib.sha256(f"{np.__version__} {PIL.__version__} {plan.seed} {list(plan.indices)}".encode())
    for path in sources:
        digest.update(path.read_bytes())
    return f"{name}-{digest.hexdigest()[:16]}"


STREET_SIGNS = Builtin(
    name=NAME,
    task="detection",
    labels=CLASSES,
    sizes={name: len(plan.indices) for name, plan in PLANS.items()},
    licence="Apache-2.0 (rendered by this project)",
    description="street_signs",
    open=open_street_signs,
    there=is_rendered,
)
