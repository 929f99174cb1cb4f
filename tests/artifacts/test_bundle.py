"""A bundle carries what a job made in one store into another, and never a damaged file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edgeslim.artifacts.bundle import Bundle, TracingStore, packed
from edgeslim.artifacts.store import Store
from edgeslim.errors import DownloadError


def blob(content: bytes) -> str:
    """The place of a blob of that content."""
    sha256 = hashlib.sha256(content).hexdigest()
    return f"blobs/{sha256[:2]}/{sha256}.onnx"


def test_what_a_job_made_or_found_arrives_elsewhere(tmp_path: Path) -> None:
    there = Store(tmp_path / "there")
    cached = there.put(b"made long ago")
    there.put_record("stages", "old", {"sha256": cached})
    untouched = there.put(b"of another study")
    traced = TracingStore(tmp_path / "there")
    found = traced.get_record("stages", "old")
    assert found is not None
    assert traced.path(found["sha256"]).exists()
    assert traced.get_record("stages", "never made") is None
    made = traced.put(b"made now", ".npz")
    traced.put_record("artifacts", "new", {"sha256": made})

    here = Store(tmp_path / "here")
    packed(traced, traced.places).unpack(here)

    assert here.path(cached).read_bytes() == b"made long ago"
    assert here.path(made, ".npz").read_bytes() == b"made now"
    assert here.get_record("stages", "old") == {"sha256": cached}
    assert here.get_record("artifacts", "new") == {"sha256": made}
    assert not here.path(untouched).exists()


def test_what_the_receiver_has_is_not_sent(tmp_path: Path) -> None:
    traced = TracingStore(tmp_path)
    first, second = traced.put(b"first"), traced.put(b"second")
    had = [place for place in traced.places if first in place]
    assert list(packed(traced, traced.places, without=had).files) == [f"blobs/{second[:2]}/{second}.onnx"]


def test_a_damaged_file_is_refused_and_nothing_of_its_parcel_is_kept(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"whole").hexdigest()
    sound = Bundle.of({blob(b"whole"): b"whole", "predictions/key.npz": b"figures"})
    torn = Bundle({**sound.files, blob(b"whole"): b"torn"}, sound.hashes)
    # Of a blob even the sender's word is not enough: its name says what it is.
    renamed = Bundle.of({**sound.files, blob(b"whole"): b"torn"})
    for bundle in (torn, renamed):
        with pytest.raises(DownloadError) as caught:
            bundle.unpack(Store(tmp_path))
        assert (caught.value.code, caught.value.values["sha256"]) == ("parcel_damaged", sha256)
    with pytest.raises(DownloadError, match="predictions"):
        Bundle({**sound.files, "predictions/key.npz": b"other"}, sound.hashes).unpack(Store(tmp_path))
    assert not list(tmp_path.iterdir())


def test_records_that_are_there_stay_where_the_store_is_the_authority(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put_record("stages", "old", {"sha256": "mine"})
    bundle = Bundle.of(
        {"stages/old.json": b'{"sha256": "theirs"}', "stages/new.json": b'{"sha256": "theirs"}'}
    )
    bundle.unpack(store, kinds={"stages"}, keep=True)
    assert store.get_record("stages", "old") == {"sha256": "mine"}
    assert store.get_record("stages", "new") == {"sha256": "theirs"}
    bundle.unpack(store)
    assert store.get_record("stages", "old") == {"sha256": "theirs"}


@pytest.mark.parametrize(
    "place", ["models/mine.json", "studies/s/made/key.json", "stages.json", "./models/mine.json"]
)
def test_kinds_that_were_not_asked_for_are_refused(place: str, tmp_path: Path) -> None:
    bundle = Bundle.of({blob(b"content"): b"content", place: b"{}"})
    with pytest.raises(DownloadError) as caught:
        bundle.unpack(Store(tmp_path), kinds={"blobs", "stages"}, keep=True)
    assert (caught.value.code, caught.value.values) == ("parcel_place", {"place": place})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["../outside.json", "/outside.json", "blobs/../../outside.json"])
def test_a_file_for_a_place_outside_the_store_is_refused(place: str, tmp_path: Path) -> None:
    bundle = Bundle.of({blob(b"content"): b"content", place: b"{}"})
    with pytest.raises(DownloadError) as caught:
        bundle.unpack(Store(tmp_path / "store"))
    assert (caught.value.code, caught.value.values) == ("parcel_place", {"place": place})
    assert not list(tmp_path.iterdir())


def test_files_arrive_before_the_records_that_speak_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = Bundle.of({"stages/key.json": b"{}", blob(b"content"): b"content", "models/m.json": b"{}"})
    written: list[str] = []
    monkeypatch.setattr(
        "edgeslim.artifacts.bundle.write_atomically", lambda path, _: written.append(path.name)
    )
    bundle.unpack(Store(tmp_path))
    assert written[0] == Path(blob(b"content")).name
    assert sorted(written[1:]) == ["key.json", "m.json"]
