"""Opening a dataset by name or by path, or a plain folder of images without labels."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path

from edgeslim.artifacts.store import Store
from edgeslim.datasets.archives import extract_zip
from edgeslim.datasets.base import Dataset
from edgeslim.datasets.formats import DATASETS, FORMATS
from edgeslim.datasets.images import list_images
from edgeslim.datasets.splits import FileDataset, ImageFile, ImageFiles, detection_dataset
from edgeslim.errors import DatasetError, Notice
from edgeslim.progress import Progress, silent


def has_images(path: Path) -> bool:
    """True for a folder with images in it, or in a folder 'images' of it."""
    return path.is_dir() and bool(_images(path))


def read_folder(path: Path) -> FileDataset:
    """All images are 'validation'; nothing is known about them. Raises DatasetError about an image."""
    files = [ImageFile(image, image.name) for image in _images(path)]
    return detection_dataset(path.resolve().name, (), None, ImageFiles(files, None, ()))


def _images(path: Path) -> list[Path]:
    return list_images(path) or list_images(path / "images")


def open_dataset(reference: str | Path, store: Store | None = None, progress: Progress = silent) -> Dataset:
    """Open a dataset: one of DATASETS by name, or the data at a path.

    A path may be a COCO JSON file, a data.yaml, a folder in one of FORMATS or with images alone, or a zip of
    such a folder, which is unpacked into `store`. Nothing is rendered or decoded yet, but all files have been
    found. Raises DatasetError naming the file.
    """
    store = store or Store()
    if str(reference) in DATASETS:
        return DATASETS.get(str(reference)).open(store, progress)
    path = Path(reference).expanduser()
    if not path.exists():
        names = ", ".join(DATASETS.names())
        raise DatasetError(
            "no_dataset",
            f"There is no dataset named '{reference}', and no such file or folder.",
            f"Choose one of {names}, or the path of a COCO JSON file, a YOLO or VOC folder, or a zip of one.",
            reference=reference,
            choices=names,
        )
    if path.is_file() and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)):
        return _read(_content(extract_zip(path, store, progress)), path)
    return _read(path, path)


def _read(path: Path, given: Path) -> FileDataset:
    """`given`: the user's path, which is `path` itself or the zip that it was unpacked from."""
    matching = [reader for reader in FORMATS if reader.recognises(path)]
    if not matching and has_images(path):
        return read_folder(path)
    if not matching:
        raise DatasetError(
            "unknown_format",
            f"'{given}' is not a dataset in a known format.",
            "Choose a COCO JSON file or a folder with one, a YOLO folder (data.yaml, or images/, labels/), "
            "a Pascal VOC folder (Annotations/, JPEGImages/), a folder of images, or a zip of one of these.",
            path=given,
        )
    dataset = matching[0].read(path)
    if len(matching) == 1:
        return dataset
    used, others = matching[0].name, ", ".join(reader.name for reader in matching[1:])
    text = f"'{given}' can be read in several formats; it was read as {used}, not as {others}."
    notice = Notice("several_formats", text, path=given, used=used, others=others)
    return dataclasses.replace(dataset, warnings=(notice, *dataset.warnings))


def _content(folder: Path) -> Path:
    """The folder itself, or the only folder in it, as many archives have."""
    while not (any(reader.recognises(folder) for reader in FORMATS) or has_images(folder)):
        inner = [path for path in folder.iterdir() if path.is_dir()]
        if len(inner) != 1:
            break
        folder = inner[0]
    return folder
