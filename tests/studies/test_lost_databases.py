"""Studies whose database does not answer, or is gone for good; and which database an address means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from test_database import code_of, make

from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.errors import StoreError
from edgeslim.studies import addresses, database, storage
from edgeslim.workbench.studies import list_studies


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home", f"sqlite:///{tmp_path}/studies.db")


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe{", b"[1]", b"null", b"{}", *(
        json.dumps({"url": "sqlite:////x.db", "study": 1, "key": "k", **wrong}).encode()
        for wrong in ({"url": 5}, {"study": "one"}, {"study": None}, {"key": []})
    )],
)  # fmt: skip
def test_a_pointer_with_anything_else_in_it_is_damaged(store, content):
    make(store)
    (store.root / "studies" / "one" / "database.json").write_bytes(content)
    assert code_of(lambda: storage.read(store, "one")) == "study_damaged"


def test_a_study_whose_database_is_gone_is_deleted_only_by_force(store, capsys):
    make(store)
    make(Store(store.root), "two")
    pointer = store.root / "studies" / "one" / "database.json"
    pointer.write_text(json.dumps({**json.loads(pointer.read_text()), "url": "sqlite:////nowhere/at/all.db"}))
    command = ["--store", str(store.root), "--storage", str(store.database)]
    assert main(["store", "check", *command]) == 1
    assert "studies/one is out of reach (needed by study one)" in capsys.readouterr().out
    for refused in (["store", "gc"], ["study", "delete", "one"]):
        assert main([*refused, *command]) == 2
        told = capsys.readouterr().err
        assert "Study “one” lies in a database that cannot be used" in told
        assert "study delete one --force" in told
    assert storage.names(store) == ["one", "two"]
    assert main(["study", "delete", "one", "--force", *command]) == 0
    assert storage.names(store) == ["two"]
    assert main(["store", "gc", *command]) == main(["store", "check", *command]) == 0


def test_a_database_that_fails_slowly_is_asked_once_for_a_whole_list(store, monkeypatch):
    for name in ("one", "two", "three"):
        make(store, name)
    database.close()
    asked = []

    def opened(url: str) -> Any:
        asked.append(url)
        raise StoreError("database_unreachable", storage="x", reason="no answer", variable="V")

    monkeypatch.setattr(database, "_opened", opened)
    monkeypatch.setattr(database, "SLOW", 0.0)
    errors = [each.error and each.error.code for each in list_studies(store)]
    assert (errors, len(asked)) == (["database_unreachable"] * 3, 1)
    monkeypatch.setattr(database, "REMEMBERED", 0.0)
    database.close()
    list_studies(store)
    assert len(asked) == 4, "not remembered any more"
    monkeypatch.undo()
    assert len(storage.read(store, "one").trials) == 2, "it is back"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("postgresql+psycopg://host/db", "postgresql://me:secret@host:5432/db", True),
        ("mysql://host/db", "mysql+pymysql://host:3306/db", True),
        ("postgresql://host/db", "postgresql://host:5433/db", False),
        ("postgresql://host/db", "postgresql://host/other", False),
    ],
)
def test_an_address_is_the_same_with_and_without_the_usual_port(one, other, same):
    place = addresses.place
    assert (place(sqlalchemy.make_url(one)) == place(sqlalchemy.make_url(other))) == same


def test_drivers_are_told_how_long_to_wait():
    patience = {
        driver: addresses.patience(sqlalchemy.make_url(f"{driver}://host/db"))
        for driver in ("postgresql+psycopg", "mysql+mysqldb", "mysql+pymysql", "mysql+mysqlconnector")
    }
    mysql = {"connect_timeout": 10, "init_command": "SET SESSION innodb_lock_wait_timeout = 10"}
    assert patience == {
        "postgresql+psycopg": {"connect_timeout": 10, "options": "-c lock_timeout=10s"},
        "mysql+mysqldb": mysql,
        "mysql+pymysql": mysql,
        "mysql+mysqlconnector": {},
    }
