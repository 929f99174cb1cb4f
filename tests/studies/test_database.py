"""Studies in a database file: whole or not there, one of a name, and troubles told without secrets."""

from __future__ import annotations

import gc
import os
import sqlite3
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy

from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.errors import EdgeSlimError, StoreError, StudyError
from edgeslim.records import RecipeRecord
from edgeslim.studies import addresses, database, storage
from edgeslim.studies.storage import PlannedTrial, StudyJournal
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.planning import free_name
from optuna_tables import tables

TRIALS = [
    PlannedTrial(RecipeRecord(), "float32", "0"),
    PlannedTrial(RecipeRecord(({"step": "x"},)), "x", "1"),
]


def make(store: Store, name: str = "one", trials: Any = TRIALS) -> StudyJournal:
    plan = StudyPlan(
        name=name, model="m", model_name="m", dataset="d", dataset_name="d", created="2026-01-01"
    )
    storage.create(store, plan, trials)
    return StudyJournal(store, name)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/studies.db"


@pytest.fixture
def store(tmp_path: Path, url: str) -> Store:
    return Store(tmp_path / "home", url)


def in_database(url: str) -> list[str]:
    with tables(url) as opened:
        return sorted(optuna.get_all_study_names(opened))


def code_of(act: Any) -> str:
    with pytest.raises(EdgeSlimError) as caught:
        act()
    return str(caught.value.code)


def test_a_study_is_found_without_the_setting_and_beside_studies_in_journals(store, monkeypatch, tmp_path):
    make(store)
    assert os.listdir(store.root / "studies" / "one") == ["database.json"]
    plain = Store(store.root)
    make(plain, "two")
    assert storage.names(plain) == storage.names(store) == ["one", "two"]
    assert len(storage.read(plain, "one").trials) == len(storage.read(store, "two").trials) == 2
    other = Store(store.root, f"sqlite:///{tmp_path}/other.db")
    assert len(storage.read(other, "one").trials) == 2, "it stays where it was made"
    monkeypatch.setenv("EDGESLIM_STORAGE", str(store.database))
    assert Store(store.root).database == store.database


def test_a_relative_path_means_the_same_file_in_every_folder(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path / "home", "sqlite:///studies.db")
    make(store)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert len(storage.read(Store(tmp_path / "home"), "one").trials) == 2
    assert list(tmp_path.glob("**/*.db")) == [tmp_path / "studies.db"]


def test_a_name_is_taken_for_all_who_share_the_database(store, url, tmp_path):
    make(store)
    assert code_of(lambda: make(store)) == "study_exists"
    other = Store(tmp_path / "another home", url)
    assert code_of(lambda: make(other)) == "study_exists"
    assert list((other.root / "studies").iterdir()) == []
    assert free_name(other, "One") == "one-2"
    assert in_database(url) == ["one"]
    assert len(storage.read(store, "one").trials) == 2


def test_a_study_in_anothers_place_is_not_taken_for_it(store, url):
    """A database file numbers studies anew when the last one is deleted."""
    make(store)
    with tables(url) as opened:
        optuna.delete_study(study_name="one", storage=opened)
        optuna.create_study(study_name="somebody's", storage=opened)
    with pytest.raises(StudyError) as caught:
        storage.read(store, "one")
    assert caught.value.code == "study_not_in_database"
    storage.forget(store, "one")
    assert (storage.names(store), in_database(url)) == ([], ["somebody's"])


def test_a_database_that_another_keeps_locked_is_told(store, url, monkeypatch):
    monkeypatch.setattr(addresses, "LOCKED", 0.2)
    database.close()
    journal = make(store)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError) as caught:
            journal.start(0)
        assert caught.value.code == "database_locked"
        assert "locked for 0.2 seconds" in str(caught.value)
        other.rollback()
    other.close()
    journal.start(0)
    assert storage.read(store, "one", "running").trials[0].state == "running"


def test_a_pointer_that_cannot_be_read_is_told_and_the_study_can_be_deleted(store):
    make(store)
    path = store.root / "studies" / "one" / "database.json"
    path.write_text(path.read_text()[:20])
    assert code_of(lambda: storage.read(store, "one")) == "study_damaged"
    storage.forget(store, "one")
    assert storage.names(store) == []


SECRET = "hidden-word"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"postgresql+psycopg://me:{SECRET}@127.0.0.1:1/db", "database_unreachable"),
        (f"postgresql+psycopg://127.0.0.1:1/db?user=me&password={SECRET}", "database_unreachable"),
        (f"mysql://me:{SECRET}@127.0.0.1/db", "database_driver"),
        (f"nosql://me:{SECRET}@127.0.0.1/db", "database_url"),
        (f"postgres me {SECRET}", "database_url"),
        ("sqlite://", "database_url"),
        ("sqlite:////nowhere/at/all.db", "database_unreachable"),
    ],
)
def test_what_cannot_be_used_is_told_with_a_remedy_and_without_the_password(tmp_path, capsys, address, code):
    store = Store(tmp_path, address)
    with pytest.raises(StoreError) as caught:
        make(store)
    error = caught.value
    assert (error.code, list((tmp_path / "studies").iterdir())) == (code, [])
    assert SECRET not in f"{error} {error.record()}"
    model = ["--model", "digits-mlp", "--data", "digits", "--preset", "quick"]
    assert main(["study", "run", *model, "--store", str(tmp_path), "--storage", address]) == 2
    told = capsys.readouterr().err
    assert str(error) in told and SECRET not in told


def test_the_driver_to_install_for_postgresql_is_named(tmp_path):
    with pytest.raises(StoreError) as caught:
        make(Store(tmp_path, "postgresql+psycopg2://127.0.0.1/db"))
    assert str(caught.value).endswith(
        'Run: pip install "psycopg[binary]"; the address then begins with postgresql+psycopg://.'
    )


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tables_of_another_version_are_told(store, url):
    make(store)
    database.close()
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = 'v0.9.0.a'"))
    engine.dispose()
    assert code_of(lambda: storage.read(store, "one")) == "database_version"
    gc.collect()  # Optuna does not close the connections with which it finds that out
