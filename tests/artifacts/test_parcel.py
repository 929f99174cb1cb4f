"""A parcel carries what a job made in one store into another, and never a damaged file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from compression.artifacts.parcel import Parcel, TracingStore
from compression.artifacts.store import Store
from compression.errors import StoreError


def test_what_a_job_made_or_found_arrives_elsewhere(tmp_path: Path) -> None:
    there = Store(tmp_path / "there")
    cached = there.put(b"made long ago")
    there.put_record("stages", "old", {"sha256": cached})
    untouched = there.put(b"of another study")
    traced = TracingStore(tmp_path / "there")
    found = traced.get_record("stages", "old")
    assert found is not None
    assert traced.path(found["sha256"]).exists()
    made = traced.put(b"made now", ".npz")
    traced.put_record("artifacts", "new", {"sha256": made})

    here = Store(tmp_path / "here")
    traced.parcel(without={}).unpack(here)

    assert here.path(cached).read_bytes() == b"made long ago"
    assert here.path(made, ".npz").read_bytes() == b"made now"
    assert here.get_record("stages", "old") == {"sha256": cached}
    assert here.get_record("artifacts", "new") == {"sha256": made}
    assert not here.path(untouched).exists()


def test_what_the_receiver_has_is_not_sent(tmp_path: Path) -> None:
    traced = TracingStore(tmp_path)
    first, second = traced.put(b"first"), traced.put(b"second")
    assert set(traced.parcel(without={(first, ".onnx"): None}).blobs) == {(second, ".onnx")}


def test_a_damaged_file_is_refused_and_no_record_speaks_of_it(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"whole").hexdigest()
    parcel = Parcel({("artifacts", "key"): {"sha256": sha256}}, {(sha256, ".onnx"): b"torn"})
    with pytest.raises(StoreError) as caught:
        parcel.unpack(Store(tmp_path))
    assert caught.value.code == "parcel_damaged"
    assert Store(tmp_path).get_record("artifacts", "key") is None
