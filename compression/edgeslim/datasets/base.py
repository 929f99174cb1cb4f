"""What a dataset is: a task, labels, and splits of images with what is known about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from edgeslim.detections import Image, Target, TaskName
from edgeslim.errors import Notice

SplitName = Literal["train", "calibration", "validation", "gallery"]


@runtime_checkable
class Split(Protocol):
    """An ordered set of images. Reading is lazy; index runs from 0 to len - 1."""

    @property
    def fingerprint(self) -> str:
        """Hex digest of the split's content."""
        ...

    def __len__(self) -> int: ...

    def image(self, index: int) -> Image:
        """(height, width, 3) RGB uint8. Raises DatasetError naming the file if it cannot be read."""
        ...

    def target(self, index: int) -> Target: ...

    def image_id(self, index: int) -> str:
        """Stable, human-readable, unique in the split."""
        ...


class Dataset(Protocol):
    """Named splits over one set of labels. `warnings` lists what was repaired or dropped on reading."""

    @property
    def name(self) -> str: ...
    @property
    def task(self) -> TaskName: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def splits(self) -> tuple[SplitName, ...]: ...
    @property
    def has_labels(self) -> bool:
        """False if the images have no annotations, so that only fidelity can be measured."""
        ...

    @property
    def warnings(self) -> Sequence[Notice]: ...

    def split(self, name: SplitName) -> Split:
        """Raises DatasetError(code='no_split') if the dataset has no such split."""
        ...


class Part:
    """Some images of a split, in the order of `indices`. `name` identifies the part."""

    def __init__(self, split: Split, indices: Sequence[int], name: str) -> None:
        self._split, self._indices, self._name = split, indices, name

    @property
    def fingerprint(self) -> str:
        return f"{self._split.fingerprint}[{self._name}]"

    def __len__(self) -> int:
        return len(self._indices)

    def image(self, index: int) -> Image:
        return self._split.image(self._indices[index])

    def target(self, index: int) -> Target:
        return self._split.target(self._indices[index])

    def image_id(self, index: int) -> str:
        return self._split.image_id(self._indices[index])


class Subset(Part):
    """The first `limit` images of a split."""

    def __init__(self, split: Split, limit: int) -> None:
        count = min(limit, len(split))
        super().__init__(split, range(count), f":{count}")
