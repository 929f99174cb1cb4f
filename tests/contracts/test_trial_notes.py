"""Stars and notes lie with a study wherever its trials are: in a journal, a database file, a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import postgres_server
from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError, StudyError
from edgeslim.jobs import supervisor
from edgeslim.records import RecipeRecord
from edgeslim.studies import database, storage
from edgeslim.studies.storage import PlannedTrial
from edgeslim.studies.study import StudyPlan

PLAN = StudyPlan(name="one", model="m", model_name="m", dataset="d", dataset_name="d", created="2026")
BASELINE = PlannedTrial(RecipeRecord(), "float32", "fp-float32")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server.serving() as postgres:
        yield postgres.url
        database.close()


@pytest.fixture(params=["journal", "database file", "PostgreSQL"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = {
        "journal": lambda: None,
        "database file": lambda: f"sqlite:///{tmp_path}/all.db",
        "PostgreSQL": lambda: request.getfixturevalue("server"),
    }[request.param]()
    made = Store(tmp_path / "home", url)
    storage.create(made, PLAN, [BASELINE])
    yield made
    with suppress(EdgeSlimError):
        storage.forget(made, "one")


def test_stars_and_notes_change_no_result_and_go_with_the_study(store: Store) -> None:
    before, version = storage.read(store, "one"), supervisor.version(store, "one")
    workbench.star_trial("one", 0, store=store)
    workbench.note_trial("one", 0, "for the\n demo", store=store)
    found = workbench.trial_notes("one", store)
    assert {number: (each.star, each.text) for number, each in found.items()} == {0: (True, "for the demo")}
    assert storage.read(store, "one") == before
    assert supervisor.version(store, "one") == version, "a star makes nobody read the whole study again"
    storage.forget(store, "one")
    with pytest.raises(StudyError, match="There is no study named “one”"):
        workbench.trial_notes("one", store)
    storage.create(store, PLAN, [BASELINE])
    assert workbench.trial_notes("one", store) == {}, "a new study of that name begins without them"
