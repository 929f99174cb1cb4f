"""Classification datasets: a folder for each class, with its images in it, as torchvision's and Keras's readers take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from edgeslim.datasets.images import is_image, list_images
from edgeslim.datasets.splits import FileDataset, ImageFile, ImageFiles, dataset_of_files
from edgeslim.errors import Notice
from edgeslim.units import format_names

_TRAIN = ("train", "training")
_VALIDATION = ("val", "valid", "validation", "test")
_OTHER_FORMATS = {"images", "labels", "annotations", "jpegimages", "imagesets", "masks"}
"""Folders of data for detection and segmentation."""
_Labelled = tuple[ImageFile, int]


class ImageFolders:
    """`class/*.jpg`, or such folders inside `train`, `val` and `test`; `val` and `test` are evaluated; without them
    no splits are declared.

    A class is called as its folder; classes are in alphabetical order. Images may lie deeper inside their class's folder.
    A folder without any image is no class.
    """

    name: ClassVar[str] = "image_folders"

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and bool(_splits(path) or _has_classes(path))

    def read(self, path: Path) -> FileDataset:
        splits = _splits(path)
        found = {folder: _images_by_class(folder) for folder in splits or [path]}
        labels = sorted({name for images in found.values() for name, known in images.items() if known})
        train, validation = list[_Labelled](), list[_Labelled]()
        for folder, images in found.items():
            of_train = folder in splits and folder.name.lower() in _TRAIN
            (train if of_train else validation).extend(_labelled(path, images, labels))
        declared = bool(validation)
        if not declared:
            train, validation = [], train
        notices = _empty({name for images in found.values() for name in images} - set(labels))
        return dataset_of_files(
            path.resolve().name,
            labels,
            _split(train, labels),
            _split(validation, labels),
            notices,
            task="classification",
            declared=declared,
        )


def _splits(path: Path) -> list[Path]:
    """The folders inside that are named as splits and hold classes."""
    named = [folder for folder in _folders(path) if folder.name.lower() in (*_TRAIN, *_VALIDATION)]
    return [folder for folder in named if _has_classes(folder)]


def _has_classes(folder: Path) -> bool:
    """Whether two folders in it hold images, and neither it nor what it holds looks like another format."""
    inner = _folders(folder)
    if {each.name.lower() for each in inner} & _OTHER_FORMATS or _has_images(folder):
        return False
    return sum(map(_has_images, inner)) > 1


def _has_images(folder: Path) -> bool:
    return any(is_image(path) for path in folder.glob("[!.]*"))


def _folders(path: Path) -> list[Path]:
    """Those inside that are not hidden, sorted; none where they cannot be listed."""
    return sorted(each for each in path.glob("[!.]*") if each.is_dir())


def _images_by_class(folder: Path) -> Mapping[str, list[Path]]:
    return {each.name: list_images(each, recursive=True) for each in _folders(folder)}


def _labelled(root: Path, images: Mapping[str, list[Path]], labels: Sequence[str]) -> Iterator[_Labelled]:
    index = {name: place for place, name in enumerate(labels)}
    for name, known in images.items():
        for path in known:
            yield ImageFile(path, path.relative_to(root).as_posix()), index[name]


def _split(labelled: Sequence[_Labelled], labels: Sequence[str]) -> ImageFiles:
    return ImageFiles([file for file, _ in labelled], [kind for _, kind in labelled], labels)


def _empty(names: set[str]) -> list[Notice]:
    if not names:
        return []
    shown = format_names(sorted(names))
    return [Notice("empty_class_folders", count=len(names), names=shown)]
