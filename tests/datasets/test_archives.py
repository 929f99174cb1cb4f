"""Zip files: unpacked once, member by member; hostile ones leave nothing behind."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset, opening
from edgeslim.datasets.opening import extract_zip
from edgeslim.errors import DatasetError, StoreError

Write = Callable[..., Path]


def pack(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def zipped_coco(tmp_path: Path, write_coco: Write, prefix: str = "") -> Path:
    source = write_coco(tmp_path / "source" / "instances.json", [(0, 7, (1, 1, 5, 5))]).parent
    members = {f"{prefix}{path.name}": path.read_bytes() for path in sorted(source.iterdir())}
    return pack(tmp_path / "my signs.zip", members)


def nothing_left(store: Store) -> bool:
    return not [path for path in store.root.rglob("*") if path.is_file() and path.suffix != ".lock"]


@pytest.mark.parametrize("prefix", ["", "top/", "top/inner/"])
def test_zipped_dataset_opens_like_its_folder(
    tmp_path: Path, store: Store, write_coco: Write, prefix: str
) -> None:
    dataset = open_dataset(zipped_coco(tmp_path, write_coco, prefix), store)
    assert dataset.name == (prefix.split("/")[-2] if prefix else "my signs")
    assert len(dataset.split("validation")) == 2
    assert dataset.split("validation").image(0).shape == (30, 40, 3)


def test_archive_is_unpacked_once_and_progress_is_told(
    tmp_path: Path, store: Store, write_coco: Write
) -> None:
    path = zipped_coco(tmp_path, write_coco)
    told: list[tuple[str, int, int]] = []
    first = extract_zip(path, store, lambda *step: told.append(step))
    assert told[0] == ("unpacking", 0, 3)
    assert told[-1] == ("unpacking", 3, 3)
    told.clear()
    assert extract_zip(path, store, lambda *step: told.append(step)) == first
    assert told == []


def test_only_images_and_annotations_are_unpacked(tmp_path: Path, store: Store) -> None:
    names = ("a.jpg", "b.txt", "run.py", "c.exe", "__MACOSX/a.jpg", ".hidden/d.jpg", "sub/e.JSON")
    folder = extract_zip(pack(tmp_path / "x.zip", dict.fromkeys(names, b"-")), store)
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert found == ["a.jpg", "b.txt", "sub/e.JSON"]


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "a/../../evil.jpg", "/etc/evil.jpg", "..\\evil.jpg", "C:\\evil.jpg"]
)
def test_paths_that_lead_out_are_refused(tmp_path: Path, store: Store, name: str) -> None:
    path = pack(tmp_path / "x.zip", {"fine.jpg": b"-", name: b"-"})
    with pytest.raises(DatasetError, match=r"evil\.jpg” has a path that leads out") as caught:
        extract_zip(path, store)
    assert caught.value.code == "archive_path"
    assert nothing_left(store)
    assert not list(tmp_path.rglob("evil.jpg"))


def test_bomb_is_refused_before_anything_is_written(tmp_path: Path, store: Store) -> None:
    path = pack(tmp_path / "bomb.zip", {f"{i}.jpg": bytes(5_000_000) for i in range(4)})
    with pytest.raises(DatasetError, match=r"bomb\.zip” would unpack to too much") as caught:
        extract_zip(path, store)
    assert caught.value.code == "archive_limit"
    assert nothing_left(store)


@pytest.mark.parametrize(
    ("limit", "value", "what"),
    [
        ("MAX_MEMBERS", 3, "4 files"),
        ("MAX_BYTES", 50, "107 bytes unpacked"),
        ("MAX_TEXT", 16, "17 bytes in one file of annotations"),
    ],
)
def test_limits_on_count_and_total(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, what: str
) -> None:
    monkeypatch.setattr(opening, limit, value)
    images = {f"{i}.jpg": b"0123456789" * 3 for i in range(3)}
    path = pack(tmp_path / "x.zip", {**images, "x.JSON": b'{"images":     []}'[:17]})
    with pytest.raises(DatasetError, match=what):
        extract_zip(path, store)
    assert nothing_left(store)


def test_member_larger_than_it_declares_is_refused(tmp_path: Path, store: Store) -> None:
    path = pack(tmp_path / "liar.zip", {"a.jpg": b"x" * 4000}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    for position in (22, content.index(b"PK\x01\x02") + 24):  # uncompressed size, in both headers
        content[position : position + 4] = struct.pack("<I", 10)
    path.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        extract_zip(path, store)
    assert caught.value.code == "broken_archive"
    assert nothing_left(store)


def test_symbolic_links_are_refused(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("images/a.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DatasetError, match="symbolic link") as caught:
        extract_zip(path, store)
    assert caught.value.code == "archive_link"


def test_encrypted_members_are_refused(tmp_path: Path, store: Store) -> None:
    path = pack(tmp_path / "x.zip", {"a.jpg": b"-"})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="is encrypted") as caught:
        extract_zip(path, store)
    assert caught.value.code == "archive_encrypted"


def test_damaged_member_leaves_nothing_behind(tmp_path: Path, store: Store) -> None:
    path = pack(tmp_path / "x.zip", {"a.jpg": b"fine", "b.jpg": b"0123456789" * 50}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"01234567890123", b"0123456x890123", 1))
    with pytest.raises(DatasetError) as caught:
        extract_zip(path, store)
    assert caught.value.code == "broken_archive"
    assert nothing_left(store)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut"])
def test_what_is_no_zip_is_named(tmp_path: Path, store: Store, content: bytes) -> None:
    path = tmp_path / "data.zip"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"data\.zip” is not a readable zip file"):
        open_dataset(path, store)


def test_file_that_is_also_a_folder_is_refused(tmp_path: Path, store: Store) -> None:
    with pytest.raises(DatasetError) as caught:
        extract_zip(pack(tmp_path / "x.zip", {"a.jpg": b"-", "a.jpg/b.jpg": b"-"}), store)
    assert caught.value.code == "broken_archive"


def test_full_disk_is_told_and_leaves_nothing_behind(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: io.BufferedIOBase, target: io.BufferedIOBase, length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(opening.shutil, "copyfileobj", full)
    with pytest.raises(StoreError) as caught:
        extract_zip(pack(tmp_path / "x.zip", {"a.jpg": b"-"}), store)
    assert caught.value.code == "disk_full"
    assert nothing_left(store)


def test_an_error_in_a_zip_names_the_zip_and_not_where_it_was_unpacked(tmp_path: Path, store: Store) -> None:
    path = pack(tmp_path / "x.zip", {"a.jpg": b"-", "labels/instances.json": b'{"images": 5}'})
    with pytest.raises(DatasetError) as caught:
        open_dataset(path, store)
    assert str(path) in str(caught.value)
    assert str(store.root) not in f"{caught.value} {caught.value.values}"


def test_zip_without_a_dataset_is_named(tmp_path: Path, store: Store) -> None:
    with pytest.raises(DatasetError, match=r"x\.zip” is not a dataset") as caught:
        open_dataset(pack(tmp_path / "x.zip", {"readme.md": b"-"}), store)
    assert caught.value.code == "unknown_format"
