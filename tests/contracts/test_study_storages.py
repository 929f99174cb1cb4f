"""What every study storage keeps, and what is read of it: journals, a database file, a PostgreSQL server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import optuna
import pytest

import postgres_server
from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError, ErrorRecord, StudyError
from edgeslim.recipe import Recipe
from edgeslim.records import Latency, ProgressRecord, RecipeRecord, encoded
from edgeslim.search.space import space_of
from edgeslim.studies import database, storage
from edgeslim.studies.budget import Budget
from edgeslim.studies.journal import open_journal
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.storage import PlannedTrial, StudyJournal, study_folder
from edgeslim.studies.study import StudyPlan, StudyResult
from optuna_tables import tables

RESULT = {
    "sha256": "ab" * 32,
    "sizes": {"file": 1200, "download": 1000, "entropy_bound": 900},
    "accuracy": {"mAP": 0.5},
    "primary_metric": "mAP",
    "seconds": 1.5,
    "environment": {"cpu": "x"},
}
ERROR = ErrorRecord("c", {})
LATENCY = Latency(2.0, 3.0, 1.0, (0.9, 1.1), 30)
SPACE = space_of(["magnitude_pruning", "float16"])
RECIPE = Recipe.from_json({"steps": [{"step": "magnitude_pruning", "sparsity": 0.5}]})
CHEAP = {"share": 0.1, "images": 96, "sha256": "c" * 64, "sizes": {"download": 7}, "accuracy": {"mAP": 0.4}}
BASELINE = PlannedTrial(RecipeRecord(), "float32", "fp-float32")


def planned(title: str, **more: Any) -> PlannedTrial:
    return PlannedTrial(RecipeRecord(({"step": "x"},), name=title), title, f"fp-{title}", **more)


def proposed(**more: Any) -> PlannedTrial:
    point = SPACE.exact_point(RECIPE)
    return PlannedTrial(
        RECIPE.record(), "pruned", RECIPE.fingerprint(), proposed=True, point=point,
        distributions=SPACE.distributions(point), **more,
    )  # fmt: skip


def make(
    store: Store,
    *titles: str,
    search: SearchRun | None = None,
    trials: Iterable[PlannedTrial] = (),
    **plan: Any,
) -> StudyJournal:
    """Study 'one': the baseline, a trial for each title, and `trials`."""
    known = {
        "name": "one",
        "model": "m",
        "model_name": "m",
        "dataset": "d",
        "dataset_name": "d",
        "created": "2026",
    }

    def all_trials() -> Iterator[PlannedTrial]:
        yield from (BASELINE, *(planned(title) for title in titles))
        yield from trials

    storage.create(store, StudyPlan(**{**known, **plan}), all_trials(), search)
    return StudyJournal(store, "one")


@contextmanager
def as_optuna_opens(store: Store) -> Iterator[optuna.Study]:
    """The study for Optuna and its dashboard."""
    if store.database is None:
        journal = open_journal(study_folder(store, "one") / "journal.log")
        yield optuna.load_study(study_name="one", storage=journal)
    else:
        with tables(store.database) as opened:
            yield optuna.load_study(study_name="one", storage=opened)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server.serving() as postgres:
        yield postgres.url
        database.close()


class TestStudyStorage:
    @pytest.fixture(params=["journal", "database file", "PostgreSQL"])
    def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
        url = {
            "journal": lambda: None,
            "database file": lambda: f"sqlite:///{tmp_path}/all.db",
            "PostgreSQL": lambda: request.getfixturevalue("server"),
        }[request.param]()
        made = Store(tmp_path / "home", url)
        yield made
        with suppress(EdgeSlimError):
            storage.forget(made, "one")

    def test_a_new_study_waits_and_its_baseline_is_trial_0(self, store: Store) -> None:
        make(store, "a", "b")
        study = storage.read(store, "one")
        assert [(t.number, t.title, t.state) for t in study.trials] == [
            (0, "float32", "waiting"),
            (1, "a", "waiting"),
            (2, "b", "waiting"),
        ]
        assert study.baseline == 0
        assert study.front == []
        assert storage.names(store) == ["one"]

    def test_a_measured_trial_shows_before_its_latency_and_completes_with_it(self, store: Store) -> None:
        journal = make(store)
        journal.start(0)
        journal.record(0, RESULT)
        running = storage.read(store, "one", "running").trials[0]
        assert (running.state, running.sizes.download, running.latency) == ("running", 1000, None)
        assert running.file == str(store.path(RESULT["sha256"]))
        journal.complete(0, LATENCY, (0.5, 1000.0))
        study = storage.read(store, "one", "complete")
        assert (study.trials[0].state, study.trials[0].latency) == ("complete", LATENCY)
        assert study.front == [0]

    def test_failed_and_infeasible_are_stored_as_themselves(self, store: Store) -> None:
        journal = make(store, "a", "b")
        journal.fail(1, "failed", ERROR)
        journal.fail(2, "infeasible", ERROR)
        trials = storage.read(store, "one").trials
        assert [t.state for t in trials] == ["waiting", "failed", "infeasible"]
        assert trials[1].error == ERROR

    def test_a_trial_that_replaces_a_failed_one_is_counted_once(self, store: Store) -> None:
        journal = make(store, "a")
        journal.fail(1, "failed", ERROR)
        assert journal.add([planned("a", replaces=1)]) == [2]
        shown = [(t.number, t.state) for t in storage.read(store, "one").trials]
        assert shown == [(0, "waiting"), (2, "waiting")]

    def test_unfinished_trials_of_a_cancelled_study_are_cancelled(self, store: Store) -> None:
        make(store, "a").start(0)
        states = {
            state: [trial.state for trial in storage.read(store, "one", state).trials]
            for state in ("cancelled", "interrupted", "running")
        }
        assert states == {
            "cancelled": ["cancelled", "cancelled"],
            "interrupted": ["waiting", "waiting"],
            "running": ["running", "waiting"],
        }

    def test_progress_belongs_to_running_studies(self, store: Store) -> None:
        make(store).start(0)
        now = {0: ProgressRecord("fine_tuning", 3, 9)}
        assert storage.read(store, "one", "running", now).trials[0].progress == now[0]
        assert storage.read(store, "one", "interrupted", now).trials[0].progress is None

    def test_a_study_goes_through_json_unchanged(self, store: Store) -> None:
        journal = make(store, "a")
        journal.start(0)
        journal.record(0, RESULT)
        journal.note(images=300)
        study = storage.read(store, "one", "running")
        data = json.loads(json.dumps(study.to_json()))
        assert data["front"] == [0]
        assert data["images"] == 300
        assert json.loads(json.dumps(StudyResult.from_json(data).to_json())) == data

    def test_a_missing_study_and_a_second_of_the_same_name_are_told(self, store: Store) -> None:
        with pytest.raises(StudyError) as caught:
            storage.read(store, "nothing")
        assert caught.value.code == "no_study"
        make(store, "a")
        with pytest.raises(StudyError) as caught:
            make(store)
        assert caught.value.code == "study_exists"
        assert len(storage.read(store, "one").trials) == 2

    def test_a_deleted_study_is_gone_and_its_name_is_free(self, store: Store) -> None:
        make(store, "a")
        storage.forget(store, "one")
        assert storage.names(store) == []
        with pytest.raises(StudyError) as caught:
            storage.forget(store, "one")
        assert caught.value.code == "no_study"
        make(store)
        assert len(storage.read(store, "one").trials) == 1

    def test_a_study_whose_making_fails_in_the_middle_leaves_nothing(self, store: Store) -> None:
        def breaks() -> Iterator[PlannedTrial]:
            yield planned("a")
            raise RuntimeError("in the middle")

        with pytest.raises(RuntimeError, match="in the middle"):
            make(store, trials=breaks())
        assert (storage.names(store), list((store.root / "studies").iterdir())) == ([], [])
        make(store)

    def test_who_is_killed_while_making_a_study_leaves_none_and_the_name_free(self, store: Store) -> None:
        command = [sys.executable, __file__, str(store.root), store.database or ""]
        assert subprocess.run(command, env=in_children(), check=False).returncode == -signal.SIGKILL
        assert storage.names(store) == []
        make(store, "a")
        assert len(storage.read(store, "one").trials) == 2

    def test_a_proposal_keeps_its_place_in_the_space_where_optuna_shows_it(self, store: Store) -> None:
        assert make(store).add([proposed()]) == [1]
        with as_optuna_opens(store) as study:
            trial = study.trials[1]
        assert trial.params["pruning"] == "magnitude_pruning"
        assert trial.params["magnitude_pruning.sparsity"] == 0.5
        assert storage.read(store, "one").trials[1].proposed

    def test_dropped_trials_keep_what_was_measured_cheaply_and_count_for_nothing(self, store: Store) -> None:
        journal = make(store)
        number = journal.add([proposed()])[0]
        journal.start(number)
        journal.rung(number, 0, CHEAP)
        waiting = storage.read(store, "one", "running").trials[1]
        assert waiting.state == "waiting", "for whether it deserves more"
        journal.prune(number)
        trial = storage.read(store, "one").trials[1]
        assert (trial.state, trial.rungs, trial.sizes, trial.objective) == ("pruned", (CHEAP,), None, None)
        with as_optuna_opens(store) as study:
            assert study.trials[1].state == optuna.trial.TrialState.PRUNED

    def test_a_dropped_trial_taken_up_again_is_shown_once(self, store: Store) -> None:
        journal = make(store)
        number = journal.add([proposed()])[0]
        journal.prune(number)
        assert journal.add([proposed(replaces=number, rungs=[CHEAP])]) == [2]
        trials = storage.read(store, "one").trials
        assert [trial.number for trial in trials] == [0, 2]
        assert trials[1].rungs == (CHEAP,)

    def test_who_misses_the_budget_is_complete_and_says_so_to_us_and_to_optuna(self, store: Store) -> None:
        journal = make(store, budget=Budget({"download": 500}))
        for number, size in ((0, 1000), (journal.add([proposed()])[0], 400)):
            journal.start(number)
            journal.record(number, {**RESULT, "sizes": {"file": size, "download": size}})
            journal.complete(number, LATENCY, (0.5, float(size)), {"download": size / 500 - 1})
        trials = storage.read(store, "one").trials
        missed = [(trial.state, list(trial.missed)) for trial in trials]
        assert missed == [("complete", ["over_download"]), ("complete", [])]
        with as_optuna_opens(store) as study:
            constraints = [trial.constraints for trial in study.trials]
            assert [trial.number for trial in study.best_trials] == [1]
        assert constraints == [{"download": 1.0}, {"download": pytest.approx(-0.2)}]

    def test_directions_follow_the_objectives(self, store: Store) -> None:
        objectives = ("agreement", "latency_ratio", "memory")
        make(store, objectives=objectives)
        with as_optuna_opens(store) as study:
            assert [each.name for each in study.directions] == ["MAXIMIZE", "MINIMIZE", "MINIMIZE"]
            assert study.metric_names == list(objectives)
            assert [trial.user_attrs["title"] for trial in study.trials] == ["float32"]
        assert storage.read_plan(store, "one").objectives == objectives

    def test_the_search_is_open_until_it_says_that_it_has_ended(self, store: Store) -> None:
        journal = make(store, search=SearchRun(trials=3))
        assert storage.read(store, "one").searching
        journal.note(search=encoded(SearchRun(trials=3, ended="trials")))
        assert not storage.read(store, "one").searching


def in_children() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def killed() -> Iterator[PlannedTrial]:
    """The process dies after the first trial."""
    yield planned("a")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    make(Store(Path(sys.argv[1]), sys.argv[2] or None), trials=killed())
