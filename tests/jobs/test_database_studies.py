"""Studies that keep their trials in a PostgreSQL, which runs, is killed, and comes back."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import optuna
import psycopg
import pytest

import postgres_server
from edgeslim import workbench
from edgeslim.artifacts.store import STORAGE_VARIABLE
from edgeslim.cli.main import main
from edgeslim.errors import EdgeSlimError, StoreError
from edgeslim.studies import addresses, database
from edgeslim.studies.storage import StudyJournal
from optuna_tables import tables
from postgres_server import PASSWORD, Postgres

LONG = {"what": "sleep", "seconds": 60.0}


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with postgres_server.serving() as server:
        yield server
        database.close()


@pytest.fixture
def shared(case: Any, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The case, with its studies in the database."""
    monkeypatch.setenv(STORAGE_VARIABLE, postgres.url)
    case.store.database = postgres.url
    yield case
    for name in case.store.root.glob("studies/[!.]*"):
        with suppress(EdgeSlimError):
            workbench.cancel_study(name.name, case.store)
        workbench.delete_study(name.name, case.store)
    assert database.names_taken(postgres.url) == set()


def command(case: Any, *words: str) -> int:
    return main(["study", *words, "--store", str(case.store.root)])


def recipes(case: Any, *steps: dict[str, Any]) -> str:
    file = case.pictures.parent / "recipes.json"
    file.write_text(json.dumps([{"steps": [{"step": "act", **step}]} for step in steps]))
    return str(file)


def test_a_study_with_two_workers_is_the_same_for_us_and_for_optuna(shared, postgres, capsys):
    model = ["--model", str(shared.model), "--data", str(shared.pictures)]
    listed = recipes(shared, {"change": 1.0}, {"change": 2.0, "what": "raise", "once": True})
    assert command(shared, "run", *model, "--recipes", listed, "--workers", "2", "--name", "s") == 1
    assert workbench.retry_study("s", shared.store) == [3]
    shared.finish()
    assert command(shared, "improve", "s", "--search", "random", "--trials", "1") == 0
    capsys.readouterr()
    assert command(shared, "show", "s", "--json") == 0
    study = json.loads(capsys.readouterr().out)
    assert (study["state"], study["search"]["ended"]) == ("complete", "trials")
    assert [(t["number"], t["state"]) for t in study["trials"]] == [(n, "complete") for n in (0, 1, 3, 4)]
    assert sorted(shared.ran()) == [1.0, 2.0, 2.0]
    with tables(postgres.url) as opened:
        known = optuna.load_study(study_name="s", storage=opened)
        assert known.metric_names == study["objectives"] == ["accuracy", "download"]
        assert known.trials[2].state == optuna.trial.TrialState.FAIL
        for trial in study["trials"]:
            assert known.trials[trial["number"]].values[1] == trial["sizes"]["download"]
    assert command(shared, "list") == 0
    assert "s     complete  linear" in capsys.readouterr().out
    assert workbench.collect_garbage(shared.store, 1).removed
    assert workbench.check_study("s", shared.store) == [], "what the study names stays"
    for path in shared.store.root.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes()
    assert command(shared, "delete", "s") == 0
    assert database.names_taken(postgres.url) == set()


def test_a_killed_study_and_a_database_that_dies_are_told_and_nothing_is_lost_or_counted_twice(
    shared, postgres, capsys
):
    slow = {"what": "sleep", "seconds": 3.0}
    shared.start({"change": 1.0}, {"change": 2.0, **LONG, "once": True}, {"change": 3.0, **slow}, workers=2)
    shared.wait(lambda: {2.0, 3.0} <= {*shared.ran()}, "the long steps")
    os.kill(shared.pid(), signal.SIGKILL)
    shared.wait(lambda: workbench.study_status("s", shared.store).state == "interrupted", "the interruption")
    assert "s: interrupted" in shared.shown(capsys)
    before = shared.ran().count(3.0)
    workbench.resume_study("s", shared.store)
    shared.wait(lambda: shared.ran().count(3.0) > before, "the long step again")
    postgres.stop()
    try:
        shared.wait(lambda: workbench.study_status("s", shared.store).state != "running", "the end")
        status = workbench.study_status("s", shared.store)
        assert (status.state, status.error.code) == ("failed", "database_unreachable")
        capsys.readouterr()
        assert command(shared, "show", "s") == 2
        told = capsys.readouterr().err
        assert f"The database “{postgres.shown}” cannot be used" in told and "then go on" in told
        assert [each.state for each in workbench.list_studies(shared.store)] == ["failed"]
        with pytest.raises(StoreError):
            workbench.collect_garbage(shared.store, 1)
    finally:
        postgres.start()
    assert "cannot be used" in shared.shown(capsys), "how it ended is still told"
    workbench.resume_study("s", shared.store)
    shared.finish_without_repeats([1.0, 2.0, 3.0], repeated=3)
    for path in shared.store.root.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes()


def test_trials_that_somebody_keeps_locked_are_told(shared, postgres, monkeypatch):
    monkeypatch.setattr("edgeslim.jobs.supervisor.start", lambda *_: None)
    monkeypatch.setattr(addresses, "LOCKED", 1)
    database.close()
    shared.start({"change": 1.0})
    journal = StudyJournal(shared.store, "s")
    with psycopg.connect(postgres.url.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE trials IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreError) as caught:
            journal.start(0)
        assert (caught.value.code, caught.value.values["storage"]) == ("database_locked", postgres.shown)
    journal.start(0)
    database.close()


def test_a_wrong_password_is_told_and_not_repeated(shared, postgres, capsys):
    wrong = postgres.url.replace(PASSWORD, "guessed-word")
    model = ["--model", str(shared.model), "--data", str(shared.pictures)]
    assert command(shared, "run", *model, "--recipes", recipes(shared), "--storage", wrong) == 2
    told = capsys.readouterr().err
    assert 'password authentication failed for user "edgeslim"' in told and "--storage" in told
    assert "guessed-word" not in told
