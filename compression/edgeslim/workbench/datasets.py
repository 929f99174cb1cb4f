"""Datasets: which there are, what one holds, and bringing one in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from edgeslim import visitors
from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.errors import DatasetError, ErrorRecord, Notice
from edgeslim.progress import Progress, silent
from edgeslim.records import decoded
from edgeslim.visitors import Whose
from edgeslim.workbench.access import require_space

if TYPE_CHECKING:
    from edgeslim.datasets.base import Dataset, SplitName
    from edgeslim.detections import Annotations, Image

_SAYS_NOTHING = ("instances", "annotations", "_annotations.coco", "data", "dataset", "labels")
_FILES = (".json", ".yaml", ".yml", ".zip")
_IMPORTED = "dataset-names"
"""Record kind: {name, path, task, labels, sizes, reading} of data that a user brought."""
_READING = 2
"""To be raised when the same files are read as other splits: what is listed is then read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetInfo:
    """A dataset. `sizes` is images by split; `origin` is 'sample', 'imported' or 'file'."""

    name: str
    task: str
    labels: tuple[str, ...]
    sizes: Mapping[str, int]
    origin: str = "file"
    path: str | None = None
    licence: str = ""
    description: str = ""
    """A code for the screens."""
    has_labels: bool = True
    warnings: tuple[Notice, ...] = ()
    """What was repaired."""
    whose: Whose = ""


def list_datasets(store: Store | None = None) -> list[DatasetInfo]:
    """Built-in ones (origin 'sample'), then imported ones; none is opened for that, but once after an update."""
    from edgeslim.datasets import DATASETS

    store = store or Store()
    built_in = [decoded(DatasetInfo, {**each.to_json(), "origin": "sample"}) for each in DATASETS]
    records = [_imported(key, store) for key in store.keys(_IMPORTED)]
    return [*built_in, *(_listed(_read_again(record, store)) for record in records if record)]


def _read_again(record: Mapping[str, Any], store: Store) -> Mapping[str, Any]:
    """The record, with the splits as they are read today."""
    if record.get("reading") == _READING:
        return record
    sizes = record["sizes"]
    with suppress(DatasetError):  # which is no longer there
        sizes = describe_dataset(str(record["path"]), store).sizes
    updated = {**record, "sizes": dict(sizes), "reading": _READING}
    store.put_record(_IMPORTED, str(record["name"]), updated)
    return updated


def _listed(record: Mapping[str, Any]) -> DatasetInfo:
    told = {key: record[key] for key in ("name", "path", "task", "sizes", "labels")}
    return decoded(DatasetInfo, {**told, "origin": "imported", "whose": visitors.whose(record)})


def resolve_dataset(reference: str | Path, store: Store) -> str:
    """What `open_dataset` takes for a built-in name, an imported name or a path (made absolute).

    Raises DatasetError where it is neither.
    """
    from edgeslim.datasets import DATASETS, check_reference

    name = str(reference)
    if name in DATASETS:
        return name
    record = _imported(name, store)
    if record is not None:
        return str(record["path"])
    check_reference(reference, [each.name for each in list_datasets(store)])
    return str(Path(reference).expanduser().absolute())


def dataset_title(reference: str | Path, store: Store) -> str:
    """What a study calls its data: as it was named, else after its path."""
    from edgeslim.datasets import DATASETS

    name = str(reference)
    return name if name in DATASETS or _imported(name, store) is not None else suggested_name(name)


def suggested_name(path: str) -> str:
    """A valid name for data at a path: the file's or folder's, or the one around it where that says nothing."""
    place = PurePath(path)
    said = place.stem if place.suffix.lower() in _FILES else place.name
    if said.lower() in _SAYS_NOTHING and place.parent.name:
        return suggested_name(str(place.parent))
    return re.sub(r"[^\w.\-]+", "-", said).strip("-.")[:64]


def _imported(name: str, store: Store) -> Mapping[str, Any] | None:
    """Of a listed dataset, if whoever asks may see it."""
    record = store.get_record(_IMPORTED, name) if name in store.keys(_IMPORTED) else None
    return record if record is not None and visitors.may_see(record) else None


def open_dataset(reference: str | Path, store: Store | None = None, progress: Progress = silent) -> Dataset:
    """Open a dataset by built-in name, imported name or path. Raises DatasetError."""
    from edgeslim.datasets import open_dataset as open_

    store = store or Store()
    return open_(resolve_dataset(reference, store), store, progress)


def describe_dataset(
    reference: str | Path, store: Store | None = None, progress: Progress = silent
) -> DatasetInfo:
    """Open it and look. Raises DatasetError."""
    dataset = open_dataset(reference, store, progress)
    return DatasetInfo(
        name=dataset.name,
        task=dataset.task,
        labels=tuple(dataset.labels),
        sizes={name: len(dataset.split(name)) for name in dataset.splits},
        has_labels=dataset.has_labels,
        warnings=tuple(dataset.warnings),
    )


def import_dataset(
    source: str | Path | bytes,
    *,
    name: str,
    file_name: str = "",
    shared: bool = False,
    store: Store | None = None,
    progress: Progress = silent,
) -> DatasetInfo:
    """List a dataset under `name`: a path (which must stay where it is) or the bytes of an uploaded zip, which errors
    call by its `file_name`. A visitor's is seen by others if `shared`.

    Returns what `describe_dataset` does. Raises DatasetError, AccessError; then nothing is listed.
    """
    visitors.refuse_in_demo("import")
    from edgeslim.datasets import check_reference

    store = store or Store()
    if not isinstance(source, bytes):
        visitors.require_machine()
        check_reference(Path(source).expanduser().absolute(), ())
    check_dataset_name(name)
    if isinstance(source, bytes):
        require_space(len(source), store)
        digest = hashlib.sha256(source).hexdigest()
        path = store.root / "uploads" / digest[:32] / f"{name}.zip"
        write_atomically(path, source)
    else:
        path = Path(source).expanduser().absolute()
    known = store.get_record(_IMPORTED, name)
    if known is not None and not (known["path"] == str(path) and visitors.may_see(known)):
        raise DatasetError("dataset_name_taken", name=name)
    try:
        found = describe_dataset(path, store, progress)
    except DatasetError as error:
        if isinstance(source, bytes):
            raise error.renamed(str(path), file_name or path.name) from error
        raise
    found = replace(found, name=name, path=str(path), origin="imported")
    record = {key: getattr(found, key) for key in ("name", "path", "task", "sizes")}
    if known is None or visitors.may_change(known):
        whose = visitors.ownership(shared)
        store.put_record(
            _IMPORTED, name, {**record, "labels": list(found.labels), "reading": _READING, **whose}
        )
    return found


def check_dataset_name(name: str) -> None:
    """Raise DatasetError where a dataset of somebody's own cannot have the name."""
    from edgeslim.datasets import DATASETS

    if name in DATASETS or not re.fullmatch(r"\w[\w.\-]{0,63}", name):
        raise DatasetError("dataset_name", name=name)


def typed_path(path: str) -> str:
    """A path of this machine that somebody typed into a page. Raises AccessError where they are not at the machine."""
    visitors.require_machine()
    return path


def gallery_images(
    reference: str | Path,
    split: SplitName | None = None,
    *,
    start: int = 0,
    count: int = 24,
    store: Store | None = None,
    progress: Progress = silent,
) -> list[tuple[str, Image, Annotations | int | None]]:
    """(image id, image, truth) of some images to look at, from 'gallery' if there is one, else 'validation'.

    Raises DatasetError.
    """
    dataset = open_dataset(reference, store, progress)
    images = dataset.split(split or ("gallery" if "gallery" in dataset.splits else "validation"))
    indices = range(start, min(start + count, len(images)))
    return [(images.image_id(i), images.image(i), images.target(i)) for i in indices]


FRAMES = 32
"""Frames of a clip that are looked at."""


MOST_PIXELS = 120_000_000
"""Of all pictures that are looked at together: they are decoded in the memory that all visitors share."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Uploaded pictures that could be read, with titles, and why the others could not."""

    images: tuple[tuple[str, Image], ...]
    """Each (height, width, 3) RGB uint8."""
    left_out: tuple[ErrorRecord, ...] = ()


def read_pictures(files: Sequence[tuple[bytes, str]]) -> Pictures:
    """Pictures (content and name), and the frames of short clips (animated GIF or WebP).

    One that cannot be read leaves the others; from `MOST_PIXELS` on all are left out (too_many_pictures).
    """
    from edgeslim.datasets.images import read_frames

    found: list[tuple[str, Image]] = []
    left_out: list[ErrorRecord] = []
    pixels = 0
    for content, name in files:
        try:
            frames = read_frames(content, name, FRAMES)
            pixels += sum(frame.shape[0] * frame.shape[1] for frame in frames)
            if pixels > MOST_PIXELS:
                raise DatasetError("too_many_pictures", image=name, limit=MOST_PIXELS // 1_000_000)
        except DatasetError as error:
            left_out.append(error.record())
            if pixels > MOST_PIXELS:
                break
            continue
        titles = [f"{name} · {place} / {len(frames)}" for place in range(1, len(frames) + 1)]
        found += zip(titles if len(frames) > 1 else [name], frames, strict=True)
    return Pictures(tuple(found), tuple(left_out))
