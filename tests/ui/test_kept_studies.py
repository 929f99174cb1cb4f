"""What was read of a study is kept until its journal changes, and what was computed of it as long as itself."""

import os
from pathlib import Path

import pytest
import streamlit as st

from edgeslim import workbench
from edgeslim.artifacts.store import HOME_VARIABLE, STORAGE_VARIABLE, Store
from edgeslim.errors import StudyError
from edgeslim.jobs import supervisor
from edgeslim.jobs.status import JobStatus, identity, write_status
from edgeslim.records import ProgressRecord, RecipeRecord
from edgeslim.studies.storage import PlannedTrial, StudyJournal, create, forget
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.ui import data

RESULT = {"sha256": "ab" * 32, "sizes": {"file": 1200, "download": 1000}, "primary_metric": "mAP"}


@pytest.fixture(params=["journal", "database"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """With a study of three trials, as the screens find it; `sample` is not there."""
    st.cache_resource.clear()
    url = f"sqlite:///{tmp_path}/all.db" if request.param == "database" else ""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.setenv(STORAGE_VARIABLE, url)
    monkeypatch.setattr(workbench, "sample_version", lambda: None)
    plan = StudyPlan(name="one", model="m", model_name="m", dataset="d", dataset_name="d")
    store = Store(tmp_path, url or None)
    steps = ((), ({"step": "x"},), ({"step": "y"},))
    create(store, plan, [PlannedTrial(RecipeRecord(each), "", f"fp-{each}") for each in steps])
    return store


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every study that is read, again and again."""
    found: list[str] = []
    read = workbench.study_result

    def counted(name: str) -> StudyResult:
        found.append(name)
        return read(name)

    monkeypatch.setattr(workbench, "study_result", counted)
    return found


def tell(store: Store, state: str, **more: object) -> None:
    """The study's process, which is this one, says what it does."""
    import psutil

    pid, started = identity(psutil.Process(os.getpid()))
    write_status(store, "one", JobStatus(state=state, pid=pid, started=started, **more))  # type: ignore[arg-type]


def test_a_study_is_read_once_for_the_list_and_for_its_page(store: Store, reads: list[str]) -> None:
    tell(store, "complete")
    for _ in range(3):
        assert [(entry.name, entry.total) for entry in data.study_list()] == [("one", 3)]
        assert data.load_study("one") is data.load_study("one")
    assert reads == ["one"]


def test_what_is_written_is_seen_at_once(store: Store, reads: list[str]) -> None:
    before = data.load_study("one")
    journal = StudyJournal(store, "one")
    journal.start(0)
    journal.record(0, RESULT)
    tell(store, "paused")
    after = data.load_study("one")
    assert (before.state, after.state) == ("waiting", "paused")
    assert before.trials[0].sizes is None
    assert after.trials[0].sizes is not None
    assert after.trials[0].sizes.download == 1000
    assert reads == ["one", "one"]


@pytest.mark.parametrize("store", ["journal"], indirect=True)
def test_a_running_study_is_not_read_again_because_its_process_tells_how_far_it_is(
    store: Store, reads: list[str]
) -> None:
    for done in range(5):
        tell(store, "running", progress={1: ProgressRecord("training", done, 5)})
        data.load_study("one")
    assert reads == ["one"]
    StudyJournal(store, "one").start(1)
    assert data.load_study("one").trials[1].state == "running"


@pytest.mark.parametrize("store", ["database"], indirect=True)
def test_of_a_running_study_in_a_database_the_clock_decides(
    store: Store, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(store, "running")
    now = 1000.0
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now)
    data.load_study("one")
    StudyJournal(store, "one").start(1)
    now += supervisor.DATABASE_SECONDS
    assert data.load_study("one").trials[1].state == "running"
    data.load_study("one")
    assert reads == ["one", "one"]


def test_a_study_whose_process_died_is_interrupted(store: Store) -> None:
    tell(store, "running")
    assert data.load_study("one").state == "running"
    write_status(store, "one", JobStatus(state="running", pid=1, started="long ago"))
    assert data.load_study("one").state == "interrupted"
    assert data.study_list()[0].state == "interrupted"


def test_a_deleted_study_is_gone(store: Store) -> None:
    data.load_study("one")
    forget(store, "one")
    assert data.study_list() == []
    with pytest.raises(StudyError, match="no study named"):
        data.load_study("one")


def test_what_follows_from_a_study_is_computed_once_for_each_reading(store: Store) -> None:
    calls: list[tuple[int, int]] = []

    def total(study: StudyResult, more: int) -> int:
        calls.append((len(study.trials), more))
        return len(study.trials) + more

    study = data.load_study("one")
    assert [data.once(total, study, 1), data.once(total, study, 1), data.once(total, study, 2)] == [4, 4, 5]
    StudyJournal(store, "one").add([PlannedTrial(RecipeRecord(({"step": "z"},)), "", "fp-z")])
    tell(store, "paused")
    assert data.once(total, data.load_study("one"), 1) == 5
    assert calls == [(3, 1), (3, 2), (4, 1)]


def test_a_study_that_cannot_be_read_is_a_line_that_says_so(store: Store, tmp_path: Path) -> None:
    for name in ("journal.log", "database.json"):
        path = tmp_path / "studies" / "one" / name
        if path.exists():
            path.write_bytes(b"{}\n{")
    (entry,) = data.study_list()
    assert entry.error is not None
    assert (entry.state, entry.error.code) == ("failed", "study_damaged")


def test_pictures_are_kept_once_for_everybody_and_nobody_writes_to_them() -> None:
    for look in (
        lambda: data.pictures("digits", None, 0, 2),
        lambda: data.readable_pictures("digits", None, 0, 2),
    ):
        found, again = look(), look()
        assert found is not None and again is not None
        for (_, image, _), (_, other, _) in zip(found, again, strict=True):
            assert image is other
            with pytest.raises(ValueError, match="read-only"):
                image[0] = 0
