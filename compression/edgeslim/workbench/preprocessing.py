"""Which preparation of images a model expects, found by trying."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.progress import Progress, silent
from edgeslim.workbench.datasets import open_dataset

if TYPE_CHECKING:
    from edgeslim.measurement.preprocessing import TriedPreprocessing
    from edgeslim.models.base import ModelSpec


def try_preprocessing(
    model: str | Path,
    dataset: str | Path,
    *,
    spec: ModelSpec | None = None,
    images: int | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> TriedPreprocessing:
    """Try every usual colour order, range, resizing and filter on a few of the pictures, ranked by what they give.

    By score where the dataset has labels in the model's classes, else by how sure the model is of what it sees. It takes
    some seconds the first time. Raises ModelError, DatasetError.
    """
    from edgeslim.measurement import preprocessing
    from edgeslim.models.library import open_model

    store = store or Store()
    found = open_model(model, store, spec, progress=progress)
    return preprocessing.try_on(
        found,
        open_dataset(dataset, store, progress),
        store,
        images=images or preprocessing.IMAGES,
        progress=progress,
    )
