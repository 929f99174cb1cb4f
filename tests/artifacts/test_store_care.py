"""The store looks after itself: what it throws away, what it never does, and what it finds wrong."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.artifacts.upkeep import Usage
from edgeslim.cli.main import main
from edgeslim.errors import StoreError
from edgeslim.records import RecipeRecord
from edgeslim.studies import storage
from edgeslim.studies.storage import PlannedTrial, StudyJournal
from edgeslim.studies.study import StudyPlan

DAY = 86_400.0


class Case:
    """A store to fill; ages are in days."""

    def __init__(self, root: Path) -> None:
        self.store = Store(root)

    def blob(self, content: bytes, age: float = 30.0) -> str:
        sha256 = self.store.put(content)
        self.age(self.store.path(sha256), age)
        return sha256

    def stage(self, key: str, content: bytes, age: float) -> str:
        """A cached stage: its file, and the record that leads to it."""
        sha256 = self.blob(content)
        self.store.put_record("stages", key, {"sha256": sha256})
        self.age(self.path("stages", key), age)
        return sha256

    def study(self, name: str, *hashes: str) -> None:
        """A complete study of these files."""
        plan = StudyPlan(name=name, model="m", model_name="m", dataset="d", dataset_name="d", created="")
        storage.create(self.store, plan, [PlannedTrial(RecipeRecord(), sha, sha) for sha in hashes])
        journal = StudyJournal(self.store, name)
        stage = {"step": "s", "parameters": {}, "sha256": "5" * 64, "seconds": 1.0, "info": {}}
        for number, sha256 in enumerate(hashes):
            journal.start(number)
            journal.record(number, {"sha256": sha256, "stages": [stage]})

    def path(self, kind: str, key: str) -> Path:
        return self.store.root / kind / f"{key}.json"

    def age(self, path: Path, days: float) -> None:
        then = time.time() - days * DAY
        os.utime(path, (then, then))

    def has(self, sha256: str) -> bool:
        return self.store.path(sha256).exists()

    def bytes(self) -> int:
        return workbench.store_info(self.store).bytes

    def command(self, *words: str) -> int:
        return main(["store", *words, "--store", str(self.store.root)])


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path / "store")


def test_what_nothing_leads_to_is_removed_unless_somebody_may_be_about_to_name_it(case):
    old, young = case.blob(b"old"), case.blob(b"young", age=0.0)
    partial = case.store.root / "blobs" / "ab" / ".partial-x"
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_bytes(b"half")
    case.age(partial, 1.0)
    case.store.put_record("stages", "dangling", {"sha256": "1" * 64})
    named = case.stage("named", b"named", age=300.0)
    swept = workbench.collect_garbage(case.store)
    assert swept.removed["blobs"] == Usage(files=2, bytes=7)
    assert swept.removed["stages"].files == 1
    assert (case.has(old), case.has(young), case.has(named)) == (False, True, True)
    assert not partial.exists()
    assert swept.after == case.bytes() == swept.before - sum(each.bytes for each in swept.removed.values())


def test_a_size_cap_removes_what_was_used_least_recently_and_no_more(case):
    hashes = {age: case.stage(f"age{age}", bytes([age]) * 1000, age) for age in (5, 1, 9, 3)}
    assert case.store.get_record("stages", "age9") is not None, "asked for: now it is the one used last"
    limit = case.bytes() - 1500
    swept = workbench.collect_garbage(case.store, limit)
    assert [age for age in hashes if not case.has(hashes[age])] == [5, 3]
    assert not case.path("stages", "age5").exists()
    assert swept.fits
    assert limit - 1200 < case.bytes() <= limit


def test_files_of_studies_and_named_models_stay_whatever_the_cap(case):
    trial, model, way = case.stage("t", b"trial", 99), case.blob(b"model"), case.stage("w", b"way", 1)
    case.study("s", trial)
    case.store.put_record("models", "mine", {"sha256": model, "name": "mine"})
    figures = case.store.root / "resamples" / f"{'f' * 32}.npy"
    figures.parent.mkdir()
    figures.write_bytes(b"figures")
    data = case.store.root / "datasets" / "street-signs" / "scenes.npz"
    data.parent.mkdir(parents=True)
    data.write_bytes(bytes(5000))
    swept = workbench.collect_garbage(case.store, 1)
    assert not swept.fits
    assert (case.has(trial), case.has(model), case.has(way)) == (True, True, False)
    assert data.exists()
    assert not figures.exists(), "no trial names them"
    assert case.store.get_record("stages", "t") == {"sha256": trial}, "what leads to a kept file is kept"
    assert workbench.check_study("s", case.store) == []


def test_figures_that_trials_are_compared_by_stay_as_long_as_their_study(case):
    keys = {name: name * 32 for name in "abc"}
    for key in keys.values():
        path = case.store.root / "resamples" / f"{key}.npy"
        path.parent.mkdir(exist_ok=True, parents=True)
        np.save(path, np.arange(9.0))
        case.age(path, 99)
    sha256 = case.stage("t", b"trial", 99)
    case.study("s", sha256, sha256, sha256)
    journal = StudyJournal(case.store, "s")
    journal.record(1, {"sha256": sha256, "resamples": keys["a"]})
    journal.record(2, {"sha256": sha256, "resamples": keys["b"], "found_after": 2.0})

    def left() -> set[str]:
        workbench.collect_garbage(case.store, 1)
        return {path.stem[0] for path in (case.store.root / "resamples").iterdir()}

    assert left() == {"a", "b"}
    workbench.delete_study("s", case.store)
    assert left() == set()


def test_a_file_that_two_records_lead_to_goes_by_the_later_use(case):
    shared = case.stage("old", b"shared", 90)
    assert case.stage("new", b"shared", 1) == shared
    other = case.stage("middle", b"other!", 50)
    workbench.collect_garbage(case.store, case.bytes() - 1)
    assert (case.has(shared), case.has(other)) == (True, False)


def test_nothing_is_removed_while_files_are_made_or_read(case, monkeypatch):
    old, slept, now = case.blob(b"old"), list[float](), time.monotonic()
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("time.monotonic", lambda: now + sum(slept))
    with case.store.in_use():
        with pytest.raises(StoreError) as caught:
            workbench.collect_garbage(case.store, 0)
        assert caught.value.code == "store_in_use"
        assert slept == []
        with pytest.raises(StoreError):
            workbench.collect_garbage(case.store, 0, wait=40.0)
        assert sum(slept) == pytest.approx(40.0, abs=0.1)
    assert case.has(old)
    workbench.collect_garbage(case.store, 0)
    assert not case.has(old)


def test_a_study_that_cannot_be_read_stops_garbage_collection(case):
    sha256 = case.stage("t", b"trial", 99)
    case.study("s", sha256)
    journal = case.store.root / "studies" / "s" / "journal.log"
    journal.write_bytes(b"\x00\n" + journal.read_bytes())
    with pytest.raises(ValueError, match="damaged"):
        workbench.collect_garbage(case.store, 0)
    assert case.has(sha256)
    assert [(f.problem, f.kind) for f in workbench.check_store(case.store)] == [("corrupt", "studies")]


def fill(case: Case) -> dict[str, str]:
    """One of everything, all sound."""
    hashes = {name: case.stage(name, name.encode(), 1) for name in ("stage", "trial")}
    case.study("s", hashes["trial"])
    hashes["model"] = case.blob(b"model")
    case.store.put_record("models", "mine", {"sha256": hashes["model"]})
    content = io.BytesIO()
    np.savez_compressed(content, boxes=np.arange(1000))
    predictions = case.store.root / "predictions"
    predictions.mkdir()
    (predictions / "p.npz").write_bytes(content.getvalue())
    digest = hashlib.sha256(b"upload").hexdigest()[:32]
    upload = case.store.root / "uploads" / digest / "data.zip"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(b"upload")
    case.store.put_record("dataset-names", "data", {"path": str(upload)})
    return hashes


def found(case: Case, **options: Any) -> set[tuple[str, str, str]]:
    return {
        (each.problem, each.kind, each.needed_by) for each in workbench.check_store(case.store, **options)
    }


def test_a_sound_store_is_called_so(case, capsys):
    fill(case)
    assert found(case) == set()
    assert case.command("check") == 0
    assert "every file is what it should be" in capsys.readouterr().out


def test_every_changed_file_is_found(case):
    hashes = fill(case)
    root = case.store.root
    for sha256 in hashes.values():
        path = case.store.path(sha256)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    (root / "predictions" / "p.npz").write_bytes((root / "predictions" / "p.npz").read_bytes()[:-30])
    next(root.glob("uploads/*/*")).write_bytes(b"another")
    case.path("stages", "stage").write_text('{"sha256": ')
    assert found(case) == {
        ("corrupt", "blobs", "study s, trial 0"),
        ("corrupt", "blobs", "models mine"),
        ("corrupt", "blobs", ""),
        ("corrupt", "stages", ""),
        ("corrupt", "predictions", ""),
        ("corrupt", "uploads", ""),
    }


def test_every_missing_file_is_found_with_who_needs_it(case, capsys):
    hashes = fill(case)
    for sha256 in hashes.values():
        case.store.path(sha256).unlink()
    next(case.store.root.glob("uploads/*/*")).unlink()
    assert found(case) == {
        ("missing", "blobs", "stages stage"),
        ("missing", "blobs", "study s, trial 0"),
        ("missing", "blobs", "models mine"),
        ("missing", "dataset-names", "dataset data"),
    }
    assert case.command("check") == 1
    assert f"{hashes['trial']}.onnx is missing (needed by study s, trial 0)" in capsys.readouterr().out


def test_repairing_removes_what_can_be_made_again_and_nothing_else(case, capsys):
    hashes = fill(case)
    case.store.path(hashes["stage"]).write_bytes(b"changed")
    next(case.store.root.glob("uploads/*/*")).write_bytes(b"another")
    with case.store.in_use():
        assert case.command("check", "--repair") == 2
        assert "in use" in capsys.readouterr().err
    assert case.command("check", "--repair") == 1, "the upload cannot be made again"
    assert not case.has(hashes["stage"])
    assert next(case.store.root.glob("uploads/*/*")).read_bytes() == b"another"
    assert ("missing", "blobs", "stages stage") in found(case)


def test_the_commands_tell_what_there_is_and_what_they_did(case, capsys):
    fill(case)
    assert case.command("info", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bytes"] == sum(path.stat().st_size for path in case.store.root.rglob("*") if path.is_file())
    assert told["studies"] == 1
    assert told["kinds"]["blobs"] == {"files": 3, "bytes": len(b"stagetrialmodel")}
    assert case.command("gc", "--max-bytes", "1GB") == 0
    assert "removed" not in capsys.readouterr().out
    assert case.command("gc", "--max-bytes", "1B", "--json") == 1
    swept = json.loads(capsys.readouterr().out)
    assert (swept["fits"], swept["removed"]["predictions"]["files"]) == (False, 1)
    assert found(case) == set(), "and the store is sound"


def test_an_empty_folder_is_a_store_too(tmp_path, capsys):
    case = Case(tmp_path / "none" / "yet")
    assert workbench.store_info(case.store).bytes == 0
    assert [case.command("info"), case.command("check"), case.command("gc", "--max-bytes", "1GB")] == [
        0,
        0,
        0,
    ]
