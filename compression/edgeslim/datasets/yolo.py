"""YOLO detection datasets: a text file per image. Source: docs.ultralytics.com/datasets/detect."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from edgeslim.datasets.annotations import BoxReader, inside, read_text
from edgeslim.datasets.images import Size, check_image, is_image, list_images
from edgeslim.datasets.splits import FileDataset, ImageFile, ImageFiles, dataset_of_files
from edgeslim.datasets.yolo_labels import YoloLabels, read_labels
from edgeslim.errors import DatasetError, Notice
from edgeslim.reading import parse_yaml

_YAML = (".yaml", ".yml")
_HEAD = 1 << 16
_TRAIN = ("train",)
_VALIDATION = ("val", "valid", "validation", "test")
_NAME_FILES = ("classes.txt", "labels/classes.txt")
_NO_LABELS = YoloLabels([], [], [])


@dataclass(frozen=True, slots=True)
class _Layout:
    """Locations of images and labels. `names` None: the class names are unknown. `absent`: declared but missing.

    `lists`: text files that list images.
    """

    root: Path
    names: tuple[str, ...] | None
    train: Sequence[Path]
    validation: Sequence[Path]
    absent: tuple[str, ...] = ()
    lists: Sequence[Path] = ()
    named: bool = True
    """Whether the images for validation are called so."""


class Yolo:
    """A data.yaml (or a folder with one), or folders images/ and labels/, or images and labels in one folder.

    In data.yaml, 'train' is train, and 'val' and 'test' are evaluated; so are folders of these names inside
    images/, or around images/ and labels/. Otherwise no splits are declared. Class names come from data.yaml
    or classes.txt. An image without a label file has no objects, by YOLO's convention. Paths cannot point
    outside the dataset's folder.
    """

    name: ClassVar[str] = "yolo"

    def recognises(self, path: Path) -> bool:
        if path.is_file():
            return path.suffix.lower() in _YAML
        return _yaml_in(path) is not None or _has_labels_beside_images(path)

    def read(self, path: Path) -> FileDataset:
        declared = path if path.is_file() else _yaml_in(path)
        layout = _declared(declared) if declared else _folders(path)
        divided = not layout.validation or not layout.named
        if not layout.validation:
            layout = dataclasses.replace(layout, train=(), validation=layout.train)
        boxes = BoxReader()
        labels = layout.names
        found = {image: _labels_of(image, labels) for image in (*layout.train, *layout.validation)}
        if labels is None:
            count = (
                max((index for known in found.values() if known for index in known.classes), default=-1) + 1
            )
            labels = tuple(f"class {index}" for index in range(count))
        train = _read(layout, layout.train, found, labels, boxes)
        validation = _read(layout, layout.validation, found, labels, boxes)
        notices = [*_notices(layout, found), *boxes.notices()]
        if declared and not divided and not layout.train and "train" not in layout.absent:
            notices.append(Notice("validation_only", file=declared.name))
        name = layout.root.resolve().name
        return dataset_of_files(name, labels, train, validation, notices, declared=not divided)


def files_of(declared: Path) -> list[Path]:
    """A data.yaml and the files below its folder that it refers to: lists, images and their labels."""
    layout = _declared(declared)
    images = dict.fromkeys((*layout.train, *layout.validation))
    labels = [path for path in map(_label_path, images) if path.is_file()]
    return [declared, *layout.lists, *images, *labels]


def _yaml_in(folder: Path) -> Path | None:
    """data.yaml or dataset.yaml or, called otherwise, the only one that names classes."""
    files = sorted(path for suffix in _YAML for path in folder.glob(f"*{suffix}") if _names_classes(path))
    return next(
        (path for path in files if path.stem in ("data", "dataset")), files[0] if len(files) == 1 else None
    )


def _names_classes(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"names" in file.read(_HEAD)
    except OSError:
        return False


def _has_labels_beside_images(folder: Path) -> bool:
    return (
        ((folder / "images").is_dir() and (folder / "labels").is_dir())
        or any((folder / split / "labels").is_dir() for split in (*_TRAIN, *_VALIDATION))
        or ((folder / "classes.txt").is_file() and bool(list_images(folder)))
    )


def _declared(path: Path) -> _Layout:
    """The layout that a data.yaml declares."""
    try:
        data = parse_yaml(read_text(path))
    except ValueError as error:
        raise DatasetError("broken_data_yaml", file=path, reason=str(error)) from error
    if not isinstance(data, dict):
        raise DatasetError("broken_data_yaml", file=path, reason="it has no keys")
    names = data.get("names")
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        names = [names[index] for index in range(len(names))]
    if not isinstance(names, list) or not names or any(isinstance(name, dict | list) for name in names):
        raise DatasetError("broken_data_yaml", file=path, reason="'names' is not a list of class names")
    folder = path.parent
    base = folder / inside(_text(path, data.get("path") or ""))
    roots = (base, folder) if base.is_dir() else (folder,)
    places = {key: _places(path, roots, data[key]) for key in (*_TRAIN, *_VALIDATION) if data.get(key)}
    images = {key: _listed(found, roots) if found else None for key, found in places.items()}
    lists = tuple(place for found in places.values() for place in found if not place.is_dir())
    validation = dict.fromkeys(image for key in _VALIDATION for image in images.get(key) or ())
    absent = tuple(key for key, found in images.items() if found is None)
    return _Layout(
        folder, tuple(map(str, names)), images.get("train") or (), tuple(validation), absent, lists
    )


def _places(source: Path, roots: Sequence[Path], value: Any) -> list[Path]:
    """The existing folders or lists of images of a split."""
    found: list[Path] = []
    for entry in value if isinstance(value, list) else [value]:
        places = (root / inside(_text(source, entry)) for root in roots)
        found += [place for place in places if place.exists()][:1]
    return found


def _text(source: Path, value: Any) -> str:
    if not isinstance(value, str):
        shown = f"a {type(value).__name__}" if isinstance(value, dict | list) else f"'{value}'"
        raise DatasetError("broken_data_yaml", file=source, reason=f"{shown} is not a path")
    return value


def _listed(places: Sequence[Path], roots: Sequence[Path]) -> list[Path]:
    """The images of folders and lists."""
    return [
        image
        for place in places
        for image in (list_images(place, recursive=True) if place.is_dir() else _image_list(place, roots))
    ]


def _image_list(path: Path, roots: Sequence[Path]) -> list[Path]:
    """The images listed in a text file, one per line."""
    found = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        places = (root / inside(line.strip()) for root in (path.parent, *roots))
        image = next((place for place in places if is_image(place)), None)
        if image is None:
            raise DatasetError("missing_listed_image", file=path, line=number, image=line.strip())
        found.append(image)
    return found


def _folders(root: Path) -> _Layout:
    """The layout that the folders' names imply."""

    def images(names: Iterable[str]) -> list[Path]:
        places = [place for name in names for place in (root / "images" / name, root / name / "images")]
        return [image for place in places for image in list_images(place, recursive=True)]

    validation = images(_VALIDATION)
    named = bool(validation)
    train = images(_TRAIN) if validation else []
    if not validation:
        base = root / "images"
        validation = images(_TRAIN) or (
            list_images(base, recursive=True) if base.is_dir() else list_images(root)
        )
    file = next((root / name for name in _NAME_FILES if (root / name).is_file()), None)
    names = [line.strip() for line in read_text(file).splitlines() if line.strip()] if file else None
    return _Layout(root, tuple(names) if names else None, train, validation, named=named)


def _labels_of(image: Path, names: tuple[str, ...] | None) -> YoloLabels | None:
    """The labels of an image, None if there is no file."""
    path = _label_path(image)
    return read_labels(path, None if names is None else len(names)) if path.is_file() else None


def _label_path(image: Path) -> Path:
    """The path of an image's labels: under 'labels' if the image is under 'images', else beside it."""
    parts = list(image.parts)
    folders = [index for index, part in enumerate(parts[:-1]) if part == "images"]
    if folders:
        parts[folders[-1]] = "labels"
    return Path(*parts).with_suffix(".txt")


def _read(
    layout: _Layout,
    images: Sequence[Path],
    found: Mapping[Path, YoloLabels | None],
    labels: tuple[str, ...],
    boxes: BoxReader,
) -> ImageFiles:
    files, annotations = [], []
    for image in images:
        width, height = check_image(image, str(image))
        known = found[image] or _NO_LABELS
        pixels = [(x0 * width, y0 * height, x1 * width, y1 * height) for x0, y0, x1, y1 in known.boxes]

        def culprit(index: int, image: Path = image, known: YoloLabels = known) -> str:
            return f"line {known.lines[index]} of the labels of '{image}'"

        files.append(ImageFile(image, image.relative_to(layout.root).as_posix()))
        size: Size = (width, height)
        annotations.append(boxes.annotations(pixels, known.classes, size, culprit))
    return ImageFiles(files, annotations, labels)


def _notices(layout: _Layout, found: Mapping[Path, YoloLabels | None]) -> list[Notice]:
    notices = []
    for split in layout.absent:
        notices.append(Notice("absent_split", split=split))
    bare = [image for image, known in found.items() if known is None]
    if bare and len(bare) < len(found):
        notices.append(Notice("images_without_labels", count=len(bare), first=bare[0]))
    if layout.names is None:
        notices.append(Notice("classes_without_names"))
    return notices
