"""ImageSets/[Main/]*.txt beside a dataset: lists of images by name, one for each split, in Pascal VOC's way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeslim.datasets.annotations import read_text

_LISTS = ("train", "val", "test", "trainval")


@dataclass(frozen=True, slots=True)
class ImageSets:
    """Names of images without their suffixes, by the file that lists them."""

    folder: Path
    listed: dict[str, list[str]]

    @property
    def validation(self) -> Sequence[str]:
        """Those in val.txt and test.txt."""
        return list(dict.fromkeys([*self.listed.get("val", []), *self.listed.get("test", [])]))

    @property
    def train(self) -> Sequence[str]:
        """Those in train.txt, or in trainval.txt where there is a test.txt but no val.txt."""
        both = self.listed.get("trainval", []) if "val" not in self.listed else []
        return list(dict.fromkeys(self.listed.get("train") or both))


def image_sets(root: Path) -> ImageSets:
    """The lists below this folder; none if there are no such files. Raises DatasetError for an unreadable one."""
    sets = root / "ImageSets" / "Main"
    sets = sets if sets.is_dir() else sets.parent
    listed = {
        name: [line.split()[0] for line in read_text(sets / f"{name}.txt").splitlines() if line.strip()]
        for name in _LISTS
        if (sets / f"{name}.txt").is_file()
    }
    return ImageSets(sets, listed)
