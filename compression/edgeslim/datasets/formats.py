"""The two registries of this package: file formats of datasets, and datasets that come with EdgeSlim."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Dataset, SplitName
from edgeslim.datasets.splits import FileDataset
from edgeslim.detections import TaskName
from edgeslim.progress import Progress
from edgeslim.registry import Registry


class Format(Protocol):
    """A file format of datasets. To add one: a file, and its name in __init__."""

    @property
    def name(self) -> str: ...

    def recognises(self, path: Path) -> bool:
        """True if the file or folder looks like this format; quick, and never raises."""
        ...

    def read(self, path: Path) -> FileDataset:
        """Read it. Raises DatasetError naming the file, line or annotation that is wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Builtin:
    """A dataset that comes with EdgeSlim, described so that listing it needs no reading.

    `sizes`: images per split; `description`: a code that the pages translate; `open` may be slow on first use.
    """

    name: str
    task: TaskName
    labels: tuple[str, ...]
    sizes: Mapping[SplitName, int]
    licence: str
    description: str
    open: Callable[[Store, Progress], Dataset]

    def to_json(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "open"}


FORMATS: Registry[Format] = Registry("dataset format")
DATASETS: Registry[Builtin] = Registry("dataset")
