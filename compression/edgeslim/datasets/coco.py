"""COCO detection datasets: a JSON file per split, with the images beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from edgeslim.datasets.annotations import BoxReader, inside
from edgeslim.datasets.coco_json import CocoFile, load
from edgeslim.datasets.image_sets import image_sets
from edgeslim.datasets.images import check_image
from edgeslim.datasets.splits import FileDataset, ImageFile, ImageFiles, dataset_of_files
from edgeslim.errors import DatasetError, Notice

_PLAIN_NAMES = ("instances", "annotations", "_annotations.coco", "labels", "coco")
_SPLIT = re.compile(r"(?<![a-z])(train|valid|validation|val|test)(?![a-z])")
_HEAD = 1 << 16


class Coco:
    """A COCO JSON file, or a folder that holds one or several.

    'train', 'val' and 'test' in the names of files (or their folders') tell the splits, and val and test are evaluated.
    So are those of the only file that ImageSets/*.txt beside it lists; else a single file declares no splits.
    Labels are in the order of the category ids, as models trained on COCO have them. Crowd flags, areas
    and image ids are kept.
    """

    name: ClassVar[str] = "coco"

    def recognises(self, path: Path) -> bool:
        return path.suffix.lower() == ".json" if path.is_file() else bool(_annotation_files(path))

    def read(self, path: Path) -> FileDataset:
        train, validation = ([], [path]) if path.is_file() else _by_split(path, _annotation_files(path))
        files = [load(file) for file in (*validation, *train)]
        labels = tuple(dict.fromkeys(name for file in files for name in file.categories.values()))
        to_validate, notices = _with_annotations(files[: len(validation)])
        boxes = BoxReader()
        evaluated = _join([_read(file, labels, boxes) for file in to_validate], labels)
        trained = _join([_read(file, labels, boxes) for file in files[len(validation) :]], labels)
        declared = len(files) > 1 or _says_validation(path, validation[0])
        if len(files) == 1 and not declared:
            trained, evaluated, declared = _listed(path, evaluated)
        dangling = sum(file.dangling for file in files)
        if dangling:
            notices.append(Notice("dangling_annotations", count=dangling))
        told = [*notices, *boxes.notices()]
        return dataset_of_files(_name(path), labels, trained, evaluated, told, declared=declared)


def _annotation_files(folder: Path) -> list[Path]:
    found = [
        p
        for pattern in ("*.json", "annotations/*.json", "*/_annotations.coco.json")
        for p in folder.glob(pattern)
    ]
    files = sorted(path for path in set(found) if path.is_file() and _looks_like_coco(path))
    return [path for path in files if path.name.startswith("instances")] or files


def _looks_like_coco(path: Path) -> bool:
    """Judged by its name, or by the keys it begins with; reading it checks the rest."""
    if path.stem.startswith(("instances", "_annotations")):
        return True
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return b'"images"' in head or b'"annotations"' in head


def _by_split(folder: Path, files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """(train, validation) annotation files."""
    if len(files) == 1:
        return [], list(files)
    train: list[Path] = []
    validation: list[Path] = []
    names = ", ".join(str(file.relative_to(folder)) for file in files)
    unclear = DatasetError("several_annotation_files", folder=folder, files=names)
    for file in files:
        inner = file.parent.relative_to(folder).as_posix()
        match = _SPLIT.search(file.stem.lower()) or _SPLIT.search(inner.lower())
        if match is None:
            raise unclear
        (train if match[1] == "train" else validation).append(file)
    if not validation or len(train) > 1:
        raise unclear
    return train, validation


def _says_validation(path: Path, file: Path) -> bool:
    """Whether the only file is named as images for validation, itself or by the dataset's name."""
    said = [_SPLIT.search(name.lower()) for name in (file.stem, _name(path))]
    return any(match is not None and match[1] != "train" for match in said)


def _listed(path: Path, images: ImageFiles) -> tuple[ImageFiles, ImageFiles, bool]:
    """(train, validation) as ImageSets lists them, and whether it does."""
    sets = image_sets(path if path.is_dir() else path.parent)
    places = {file.path.stem: place for place, file in enumerate(images.files)}
    train, validation = (
        [places[name] for name in names if name in places] for names in (sets.train, sets.validation)
    )
    if not validation:
        return images.pick([]), images, False
    return images.pick(train), images.pick(validation), True


def _with_annotations(files: Sequence[CocoFile]) -> tuple[list[CocoFile], list[Notice]]:
    """Leave out files without annotations (such as COCO's test images) if others have them."""
    labelled = [file for file in files if any(image.boxes for image in file.images)]
    if not labelled:
        return list(files), []
    bare = [file.path for file in files if file not in labelled]
    notices = [Notice("file_without_annotations", file=path) for path in bare]
    return labelled, notices


def _read(file: CocoFile, labels: tuple[str, ...], boxes: BoxReader) -> ImageFiles:
    paths = _locate(file)
    index = {key: labels.index(name) for key, name in file.categories.items()}
    files, annotations = [], []
    for image, path in zip(file.images, paths, strict=True):
        size = image.size or (check_image(path, str(path)) if image.boxes else (1, 1))
        files.append(ImageFile(path, image.id, image.size))
        annotations.append(
            boxes.annotations(
                image.boxes,
                [index[category] for category in image.categories],
                size,
                image.names.__getitem__,
                crowd=image.crowd,
                area=image.area,
            )
        )
    return ImageFiles(files, annotations, labels)


def _locate(file: CocoFile) -> list[Path]:
    """The image folder: the first of the usual folders that contains all images.

    `file_name` is tried as written and without its folders; it cannot point outside the dataset.
    Raises DatasetError(code='missing_images') naming the first.
    """
    here = file.path.parent
    split = file.path.stem.rpartition("_")[2]
    folders = [base / sub for base in (here, here.parent) for sub in ("", "images", split, f"images/{split}")]
    relative = [inside(image.file_name) for image in file.images]
    best: list[Path] = []
    fewest: list[int] = list(range(len(relative) + 1))
    for folder in folders:
        for paths in ([folder / path for path in relative], [folder / path.name for path in relative]):
            missing = [i for i, path in enumerate(paths) if not path.is_file()]
            if len(missing) < len(fewest):
                best, fewest = paths, missing
            if not fewest:
                return best
    first = file.images[fewest[0]].file_name
    raise DatasetError("missing_images", file=file.path, first=first, count=len(fewest), total=len(relative))


def _join(parts: Sequence[ImageFiles], labels: tuple[str, ...]) -> ImageFiles:
    """Several splits joined; the number of the split is prefixed to ids that occur in several."""
    files = [file for part in parts for file in part.files]
    if len({file.id for file in files}) < len(files):
        files = [
            ImageFile(file.path, f"{n}/{file.id}", file.size)
            for n, part in enumerate(parts)
            for file in part.files
        ]
    annotations = [a for part in parts for a in part.targets or ()]
    return ImageFiles(files, annotations, labels)


def _name(path: Path) -> str:
    if path.is_dir():
        return path.resolve().name
    if path.stem not in _PLAIN_NAMES:
        return path.stem
    parent = path.resolve().parent
    return (parent.parent if parent.name == "annotations" else parent).name
