"""Pascal VOC detection datasets: an XML file per image. Source: host.robots.ox.ac.uk/pascal/VOC."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from edgeslim.datasets.annotations import BoxReader, inside
from edgeslim.datasets.image_sets import image_sets
from edgeslim.datasets.images import IMAGE_SUFFIXES, Size, check_image, is_image
from edgeslim.datasets.splits import FileDataset, ImageFile, ImageFiles, dataset_of_files
from edgeslim.errors import DatasetError

_ANNOTATION_FOLDERS = ("Annotations", "annotations")
_IMAGE_FOLDERS = ("JPEGImages", "images", "Images", "")
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True)
class _Record:
    """One XML file: boxes xyxy as written, class names, and which objects are marked difficult."""

    path: Path
    file_name: str
    size: Size | None
    boxes: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]
    difficult: tuple[bool, ...]


class Voc:
    """A folder with Annotations/*.xml, JPEGImages/ (or images/), and ImageSets/[Main/]*.txt for splits.

    'train' is train.txt (or trainval.txt, if there is a test.txt but no train.txt); val.txt and test.txt are
    evaluated; without ImageSets, nothing is declared. Labels are the names found, in alphabetical order.

    Objects marked `difficult` are read as crowds: finding them counts neither for nor against a detector, as
    in VOC's own rules. Coordinates are used as written: most tools write them zero-based; VOC's own
    files are off by one pixel.
    """

    name: ClassVar[str] = "voc"

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and _annotation_folder(path) is not None

    def read(self, path: Path) -> FileDataset:
        folder = _annotation_folder(path)
        assert folder is not None, "read only what was recognised"
        root = folder.parent if folder != path or _has_images_beside(path) else path
        every = sorted(file.stem for file in folder.glob("*.xml"))
        train_names, validation_names = _splits(root, every)
        train = [_record(folder / f"{name}.xml") for name in train_names]
        validation = [_record(folder / f"{name}.xml") for name in validation_names]
        labels = tuple(sorted({name for record in (*train, *validation) for name in record.names}))
        boxes = BoxReader()
        splits = [_read(root, records, labels, boxes) for records in (train, validation)]
        declared = bool(image_sets(root).validation)
        name = root.resolve().name
        return dataset_of_files(name, labels, splits[0], splits[1], boxes.notices(), declared=declared)


def _annotation_folder(path: Path) -> Path | None:
    folders = [path / name for name in _ANNOTATION_FOLDERS] + [path]
    return next((folder for folder in folders if next(folder.glob("*.xml"), None)), None)


def _has_images_beside(annotations: Path) -> bool:
    return any((annotations.parent / name).is_dir() for name in _IMAGE_FOLDERS if name)


def _splits(root: Path, every: list[str]) -> tuple[list[str], list[str]]:
    """Names of the (train, validation) images."""
    sets, known = image_sets(root), set(every)
    for name, members in sets.listed.items():
        for member in members:
            if member not in known:
                file = f"{sets.folder / name}.txt"
                raise DatasetError("missing_annotation", file=file, member=member)
    return (list(sets.train), list(sets.validation)) if sets.validation else ([], every)


def _record(path: Path) -> _Record:
    try:
        root = fromstring(path.read_bytes())
    except (ParseError, DefusedXmlException, OSError, ValueError, LookupError) as error:
        raise DatasetError("broken_xml", file=path) from error
    objects = root.findall("object")
    width, height = (_number(root.find(f"size/{side}")) for side in ("width", "height"))
    return _Record(
        path=path,
        file_name=(root.findtext("filename") or path.stem).strip(),
        size=(int(width), int(height)) if width and height else None,
        boxes=tuple(_box(path, number, item) for number, item in enumerate(objects, 1)),
        names=tuple(_class_name(path, number, item) for number, item in enumerate(objects, 1)),
        difficult=tuple((item.findtext("difficult") or "0").strip() == "1" for item in objects),
    )


def _box(path: Path, number: int, item: Element) -> tuple[float, ...]:
    corners = [_number(item.find(f"bndbox/{corner}")) for corner in _CORNERS]
    for corner, value in zip(_CORNERS, corners, strict=True):
        if value is None:
            raise DatasetError("voc_field", file=path, number=number, field=corner)
    return tuple(value for value in corners if value is not None)


def _class_name(path: Path, number: int, item: Element) -> str:
    name = (item.findtext("name") or "").strip()
    if not name:
        raise DatasetError("voc_field", file=path, number=number, field="name")
    return name


def _number(element: Element | None) -> float | None:
    try:
        value = float(element.text or "") if element is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _read(root: Path, records: list[_Record], labels: tuple[str, ...], boxes: BoxReader) -> ImageFiles:
    files, annotations = [], []
    missing = [record for record in records if _image(root, record) is None]
    if missing:
        raise DatasetError(
            "missing_images", file=root, first=missing[0].file_name, count=len(missing), total=len(records)
        )
    for record in records:
        path = _image(root, record)
        assert path is not None
        files.append(ImageFile(path, record.path.stem, record.size))
        size = record.size or check_image(path, str(path))
        classes = [labels.index(name) for name in record.names]

        def culprit(index: int, record: _Record = record) -> str:
            return f"object {index + 1} of '{record.path}'"

        annotations.append(boxes.annotations(record.boxes, classes, size, culprit, crowd=record.difficult))
    return ImageFiles(files, annotations, labels)


def _image(root: Path, record: _Record) -> Path | None:
    """The file named in the XML or, because such names are often outdated, the image with the XML's own name."""
    named = inside(record.file_name).name
    suffixes = sorted(IMAGE_SUFFIXES | {suffix.upper() for suffix in IMAGE_SUFFIXES})
    for name in (named, *(record.path.stem + suffix for suffix in suffixes)):
        for folder in _IMAGE_FOLDERS:
            path = root / folder / name
            if is_image(path):
                return path
    return None
