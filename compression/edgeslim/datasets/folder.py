"""A plain folder of images without labels: to calibrate on, or to compare outputs on."""

from __future__ import annotations

from pathlib import Path

from edgeslim.datasets.images import list_images
from edgeslim.datasets.splits import FileDataset, ImageFile, ImageFiles, detection_dataset


def has_images(path: Path) -> bool:
    """True for a folder with images in it, or in a folder 'images' of it."""
    return path.is_dir() and bool(_images(path))


def read_folder(path: Path) -> FileDataset:
    """All images are 'validation'; nothing is known about them. Raises DatasetError about an image."""
    files = [ImageFile(image, image.name) for image in _images(path)]
    return detection_dataset(path.resolve().name, (), None, ImageFiles(files, None, ()))


def _images(path: Path) -> list[Path]:
    return list_images(path) or list_images(path / "images")
