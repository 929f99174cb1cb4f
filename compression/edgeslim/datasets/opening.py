"""Opening a dataset by name or by path: a format, a plain folder of images, or a zip, unpacked within strict limits."""

from __future__ import annotations

import dataclasses
import errno
import lzma
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from edgeslim.artifacts.store import Store, as_store_error, sha256_of
from edgeslim.datasets.base import Dataset
from edgeslim.datasets.images import IMAGE_SUFFIXES, check_image, check_whole, list_images
from edgeslim.datasets.splits import DATASETS, FORMATS, FileDataset, ImageFile, ImageFiles, dataset_of_files
from edgeslim.errors import DatasetError, Notice
from edgeslim.progress import Progress, silent
from edgeslim.units import format_names

MAX_MEMBERS = 200_000
MAX_BYTES = 20 * 2**30
MAX_TEXT = 2**28
"""Bytes of one file of annotations: in memory it takes some ten times as much."""
MAX_RATIO = 100
"""Largest ratio of unpacked to packed bytes: images hardly shrink, annotations about tenfold."""

_TEXTS = {".json", ".xml", ".txt", ".yaml", ".yml"}
_KEPT = IMAGE_SUFFIXES | _TEXTS
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    ValueError,
    RuntimeError,
)
_CLASHES = (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)
_ENCRYPTED = 0x1


def extract_zip(path: Path, store: Store, progress: Progress = silent) -> Path:
    """Unpack images and annotations of a zip into the store; return the folder, named like the archive.

    Other files are left out. The same archive is unpacked once. Raises DatasetError (broken_archive,
    archive_encrypted, archive_path, archive_link, archive_limit) or StoreError, and removes what it has written.
    """
    target = unpacked_folder(path, store)
    folder = target / (path.stem.strip(". ") or "archive")
    with store.lock(f"archive-{target.name}", progress=progress):
        if folder.is_dir():
            return folder
        partial = None
        try:
            with zipfile.ZipFile(path) as archive:
                members = _checked(path, archive.infolist(), os.path.getsize(path))
                target.mkdir(parents=True, exist_ok=True)
                partial = Path(tempfile.mkdtemp(dir=target, prefix=".partial-"))
                _extract(archive, members, partial, progress)
            os.replace(partial, folder)
        except DatasetError:
            raise
        except OSError as error:
            if error.errno in _CLASHES:
                raise DatasetError("broken_archive", file=path) from error
            raise as_store_error(target, error) from error
        except _BROKEN as error:
            raise DatasetError("broken_archive", file=path) from error
        finally:
            if partial is not None:
                shutil.rmtree(partial, ignore_errors=True)
    return folder


def unpacked_folder(path: Path, store: Store) -> Path:
    """Where the store has (or would have) what is in the zip."""
    return store.root / "datasets" / "archives" / sha256_of(path)[:32]


def _checked(path: Path, members: Sequence[zipfile.ZipInfo], packed: int) -> list[zipfile.ZipInfo]:
    """The members to unpack, once all have passed the checks."""
    unpacked = sum(member.file_size for member in members)
    texts = (
        member.file_size for member in members if PurePosixPath(member.filename).suffix.lower() in _TEXTS
    )
    limits = (
        ("files", len(members), MAX_MEMBERS),
        ("bytes unpacked", unpacked, MAX_BYTES),
        ("bytes in one file of annotations", max(texts, default=0), MAX_TEXT),
        ("bytes unpacked for each byte packed", unpacked // max(packed, 1), MAX_RATIO),
    )
    for what, value, limit in limits:
        if value > limit:
            raise DatasetError("archive_limit", file=path, what=what, value=f"{value:,}", limit=f"{limit:,}")
    return [member for member in members if _harmless(path, member) and _is_kept(member)]


def _harmless(path: Path, member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or (name.parts and name.parts[0].endswith(":")):
        raise DatasetError("archive_path", file=path, member=member.filename)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise DatasetError("archive_link", file=path, member=member.filename)
    if member.flag_bits & _ENCRYPTED:
        raise DatasetError("archive_encrypted", file=path, member=member.filename)
    return True


def _is_kept(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    return not member.is_dir() and not hidden and name.suffix.lower() in _KEPT


def _extract(
    archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], folder: Path, progress: Progress
) -> None:
    """Write the members. zipfile returns at most a member's declared size, which was checked."""
    for done, member in enumerate(members):
        progress("unpacking", done, len(members))
        target = folder / PurePosixPath(member.filename.replace("\\", "/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, target.open("xb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
    progress("unpacking", len(members), len(members))


def has_images(path: Path) -> bool:
    """True for a folder with images in it, or in a folder 'images' of it."""
    return path.is_dir() and bool(_images(path))


def read_folder(path: Path) -> FileDataset:
    """All images are 'validation': nothing is known about them, so that nothing is learnt or scored.

    Files that are no images, or were cut short, are left out, for no annotation speaks of them. Raises DatasetError
    about the first one where none is left.
    """
    files, left_out = list[ImageFile](), list[DatasetError]()
    for image in _images(path):
        try:
            check_image(image, str(image))
            check_whole(image, str(image))
            files.append(ImageFile(image, image.name))
        except DatasetError as error:
            left_out.append(error)
    if left_out and not files:
        raise left_out[0]
    images = ImageFiles(files, None, ())
    return dataset_of_files(path.resolve().name, (), None, images, _unreadable(left_out), declared=True)


def _unreadable(problems: Sequence[DatasetError]) -> list[Notice]:
    if not problems:
        return []
    names = [Path(str(problem.values["image"])).name for problem in problems]
    shown = format_names(names)
    return [Notice("unreadable_images", count=len(names), names=shown)]


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
    check_reference(reference, DATASETS.names())
    if not (path.is_file() and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path))):
        return _read(path, path)
    folder = extract_zip(path, store, progress)
    try:
        return _read(_content(folder), path)
    except DatasetError as error:
        raise error.renamed(str(folder), str(path)) from error


def check_reference(reference: str | Path, names: Sequence[str]) -> None:
    """Raise DatasetError if it is none of the names, and no path of a file or folder."""
    path = Path(reference).expanduser()
    if str(reference) in names or path.exists():
        return
    if len(path.parts) > 1:
        raise DatasetError("path_missing", path=reference)
    choices = ", ".join(names)
    raise DatasetError("no_dataset", reference=reference, choices=choices)


def _read(path: Path, given: Path) -> FileDataset:
    """`given`: the user's path, which is `path` itself or the zip that it was unpacked from."""
    matching = [reader for reader in FORMATS if reader.recognises(path)]
    if not matching and has_images(path):
        return read_folder(path)
    if not matching:
        raise DatasetError("unknown_format", path=given)
    dataset = matching[0].read(path)
    if len(matching) == 1:
        return dataset
    used, others = matching[0].name, ", ".join(reader.name for reader in matching[1:])
    notice = Notice("several_formats", path=given, used=used, others=others)
    return dataclasses.replace(dataset, warnings=(notice, *dataset.warnings))


def _content(folder: Path) -> Path:
    """The folder itself, or the only folder in it, as many archives have."""
    while not (any(reader.recognises(folder) for reader in FORMATS) or has_images(folder)):
        inner = [path for path in folder.iterdir() if path.is_dir()]
        if len(inner) != 1:
            break
        folder = inner[0]
    return folder
