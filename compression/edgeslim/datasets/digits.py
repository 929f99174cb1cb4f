"""Handwritten digits, 8×8 grey: classification that trains in seconds. Source: scikit-learn's load_digits."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Dataset, Split, SplitName
from edgeslim.datasets.splits import Builtin, FileDataset
from edgeslim.detections import Image
from edgeslim.progress import Progress

LABELS = tuple("0123456789")
_SIZES: dict[SplitName, int] = {"train": 1347, "calibration": 128, "validation": 450, "gallery": 24}
_VALIDATION_SHARE = 0.25
_SEED = 0
_LEVELS = 16


class Digits:
    """A Split. `images` (N, 8, 8) uint8 0–255, `targets` (N,), `numbers` (N,): indices in load_digits."""

    def __init__(
        self, images: NDArray[np.uint8], targets: NDArray[np.int64], numbers: NDArray[np.int64]
    ) -> None:
        self._images, self._targets, self._numbers = images, targets, numbers
        content = b"".join(np.ascontiguousarray(array).tobytes() for array in (images, targets))
        self.fingerprint = hashlib.sha256(content).hexdigest()

    def __len__(self) -> int:
        return len(self._images)

    def image(self, index: int) -> Image:
        return np.repeat(self._images[index][:, :, None], 3, axis=2)

    def target(self, index: int) -> int:
        return int(self._targets[index])

    def image_id(self, index: int) -> str:
        return f"digit-{self._numbers[index]:04d}"

    def pick(self, indices: NDArray[np.int64]) -> Digits:
        """These images, in this order."""
        return Digits(self._images[indices], self._targets[indices], self._numbers[indices])


def open_digits(store: Store, progress: Progress) -> Dataset:
    """A quarter is 'validation' (stratified, seeded); 'calibration' is the first 128 of the rest, 'train'.

    Both arguments are unused: the data comes with scikit-learn.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    targets = np.asarray(bunch.target, np.int64)
    images = np.rint(np.asarray(bunch.images) * (255 / _LEVELS)).astype(np.uint8)
    every = Digits(images, targets, np.arange(len(images)))
    train_rows, validation_rows = train_test_split(
        np.arange(len(images)), test_size=_VALIDATION_SHARE, random_state=_SEED, stratify=targets
    )
    train, validation = every.pick(train_rows), every.pick(validation_rows)
    by_name: dict[SplitName, Split] = {
        "train": train,
        "calibration": train.pick(np.arange(_SIZES["calibration"])),
        "validation": validation,
        "gallery": validation.pick(np.arange(_SIZES["gallery"])),
    }
    return FileDataset("digits", LABELS, by_name, task="classification")


DIGITS = Builtin(
    name="digits",
    task="classification",
    labels=LABELS,
    sizes=_SIZES,
    licence="CC BY 4.0 (UCI Machine Learning Repository, E. Alpaydin and C. Kaynak)",
    description="digits",
    open=open_digits,
)
