"""What trials on other machines need from this one: the model, and data files."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeslim.artifacts.bundle import Bundle
from edgeslim.artifacts.store import Store
from edgeslim.artifacts.upkeep import BLOBS
from edgeslim.datasets import DATASETS, open_dataset
from edgeslim.datasets.splits import ImageFiles
from edgeslim.datasets.yolo import files_of
from edgeslim.models.base import Model
from edgeslim.models.library import open_model
from edgeslim.studies.study import StudyPlan

MOST = 256_000_000
"""Bytes of files of a dataset that are sent; larger ones must lie at the same path on every machine."""
_RECEIVED = "received"
"""A kind of file that may be collected: it is sent again when needed."""


@dataclass(frozen=True, slots=True)
class TransferBundle:
    """A bundle, and model and plan for machines that have unpacked it. Data received lie at places in their stores."""

    bundle: Bundle
    model: Model
    plan: StudyPlan
    dataset: str | None
    calibration: str | None

    def plan_in(self, store: Store) -> StudyPlan:
        """The plan with references as they are on the machine of that store."""
        return dataclasses.replace(
            self.plan,
            dataset=self.plan.dataset if self.dataset is None else str(store.root / self.dataset),
            calibration=(
                self.plan.calibration if self.calibration is None else str(store.root / self.calibration)
            ),
        )


def transfer_bundle(plan: StudyPlan, store: Store) -> TransferBundle:
    """The study's model, and its data if they are files and not too large. Raises ModelError, DatasetError.

    The model is sent without its name, so that it replaces no other; built-in data are made on each machine.
    """
    model = open_model(plan.model, store, plan.spec)
    files = model_files(model)
    dataset, calibration = (
        None if reference is None else _add(Path(reference), files, store)
        for reference in (_path(plan.dataset), _path(plan.calibration))
    )
    return TransferBundle(Bundle.of(files), model, plan, dataset, calibration)


def model_files(model: Model) -> dict[str, bytes]:
    """The model's files by place, from which `received` opens it in another store."""
    return {f"{BLOBS}/{model.sha256[:2]}/{model.sha256}.onnx": model.path.read_bytes()}


def received(model: Model, store: Store) -> Model:
    """Another machine's model, whose file was unpacked into the store."""
    return dataclasses.replace(model, path=store.path(model.sha256))


def _path(reference: str | None) -> str | None:
    """The reference as a path, if it is one."""
    return None if reference is None or reference in DATASETS else reference


def _add(reference: Path, files: dict[str, bytes], store: Store) -> str | None:
    """Add a dataset's files to `files`; returns where it lies then, None if it is too large to be sent."""
    root, members = _members(reference, store)
    if sum(path.stat().st_size for path in members) > MOST:
        return None
    contents = {path.relative_to(root).as_posix(): path.read_bytes() for path in members}
    digest = hashlib.sha256()
    for place, content in contents.items():
        digest.update(f"{place}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    # Readers name a dataset after its folder.
    folder = f"{_RECEIVED}/{digest.hexdigest()[:32]}/{root.name}"
    files.update({f"{folder}/{place}": content for place, content in contents.items()})
    inside = reference.relative_to(root).as_posix()
    return folder if inside == "." else f"{folder}/{inside}"


def _members(reference: Path, store: Store) -> tuple[Path, Sequence[Path]]:
    """The folder that holds a dataset, and its files.

    Of a folder all but hidden files; of an annotation file or a data.yaml, that and the files it names; a zip.
    """
    if reference.is_dir():
        return reference, _below(reference)
    if reference.suffix.lower() in (".yaml", ".yml"):
        return reference.parent, files_of(reference)
    if reference.suffix.lower() != ".json":
        return reference.parent, [reference]
    dataset = open_dataset(reference, store)
    splits = [dataset.split(name) for name in dataset.splits]
    images = sorted(
        {file.path.absolute() for split in splits if isinstance(split, ImageFiles) for file in split.files}
    )
    root = Path(os.path.commonpath([reference.parent, *(path.parent for path in images)]))
    return root, [reference, *images]


def _below(folder: Path) -> list[Path]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
