"""Studies on disk: one folder each, with an Optuna journal or the way to a database. The trial list is the plan."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import ValidationError

from edgeslim.artifacts.store import Store, as_store_error
from edgeslim.errors import ErrorRecord, StoreError, StudyError
from edgeslim.records import Latency, ProgressRecord, decoded, encoded
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.folders import JOURNAL, POINTER
from edgeslim.studies.folders import names as names
from edgeslim.studies.folders import study_folder as study_folder
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan, StudyResult, StudyState
from edgeslim.studies.trial import TrialState
from edgeslim.studies.trials import PlannedTrial as PlannedTrial
from edgeslim.studies.trials import rung_key, study_result, template

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import StudyDirection


def taken(store: Store) -> set[str]:
    """Names that a new study cannot have: also those that others use in the same database. Raises StoreError."""
    own = set(names(store))
    if store.database is None:
        return own
    from edgeslim.studies.database import names_taken

    return own | names_taken(store.database)


def create(
    store: Store, plan: StudyPlan, trials: Iterable[PlannedTrial], search: SearchRun | None = None
) -> None:
    """Write a new study whose trials all wait: the whole of it, or nothing. Raises StudyError (study_exists)."""
    from optuna.study import StudyDirection

    folder = study_folder(store, plan.name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    except OSError as error:
        raise as_store_error(folder, error) from error
    try:
        directions = [StudyDirection[FIGURES.get(name).better.upper()] for name in plan.objectives]
        with _new(store.database, unfinished, folder, directions) as (storage, study):
            # As Study.set_metric_names does: what Optuna and its dashboard call the values of a trial.
            storage.set_study_system_attr(study, "study:metric_names", list(plan.objectives))
            storage.set_study_user_attr(study, "plan", plan.to_json())
            if search is not None:
                storage.set_study_user_attr(study, "search", encoded(search))
            for trial in trials:
                storage.create_new_trial(study, template(trial))
    except OSError as error:
        if folder.exists():
            raise StudyError("study_exists", name=plan.name) from error
        raise as_store_error(folder, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _new(
    database: str | None, unfinished: Path, folder: Path, directions: Sequence[StudyDirection]
) -> Iterator[tuple[BaseStorage, int]]:
    """A study to be filled, whose folder is `unfinished` until that is done. Raises OSError, StoreError, StudyError."""
    if database is not None:
        from edgeslim.studies.database import new_study

        with new_study(database, unfinished, folder, directions) as made:
            yield made
        return
    from edgeslim.studies.journal import open_journal

    storage = open_journal(unfinished / JOURNAL)
    yield storage, storage.create_new_study(directions, folder.name)
    unfinished.rename(folder)


def forget(store: Store, name: str, *, force: bool = False) -> None:
    """Delete the study; for other processes it vanishes at once. Raises StudyError if there is none, StoreError.

    With `force` also one whose database cannot be used (study_out_of_reach): its rows stay there.
    """
    folder = study_folder(store, name)
    if not folder.exists():
        raise StudyError("no_study", name=name)
    if (folder / POINTER).exists():
        # Of a study that its database has lost only the folder is left.
        try:
            with suppress(StudyError):
                storage, study = _open_existing(store, name)
                storage.delete_study(study)
        except StoreError as error:
            if not force:
                raise StoreError("study_out_of_reach", name=name, reason=error) from error
    hidden = folder.with_name(f".deleted-{name}-{os.getpid()}")
    folder.rename(hidden)
    shutil.rmtree(hidden)


class StudyJournal:
    """A study opened for writing, by one process at a time: its worker, or who holds the study's lock."""

    def __init__(self, store: Store, name: str) -> None:
        from edgeslim.studies.journal import drop_torn_tail

        path = study_folder(store, name) / JOURNAL
        if path.exists():
            drop_torn_tail(path)
        self._storage, self._study = _open_existing(store, name)
        self.plan = StudyPlan.from_json(self._storage.get_study_user_attrs(self._study)["plan"])

    @property
    def count(self) -> int:
        """How many trials there are, those that others replace among them."""
        return int(self._storage.get_n_trials(self._study))

    def add(self, trials: Iterable[PlannedTrial]) -> list[int]:
        """Append waiting trials; return their numbers."""
        made = [self._storage.create_new_trial(self._study, template(trial)) for trial in trials]
        return [self._storage.get_trial_number_from_id(trial) for trial in made]

    def note(self, **values: Any) -> None:
        """Keep facts about the whole study (images, environment, warnings)."""
        for key, value in values.items():
            self._storage.set_study_user_attr(self._study, key, value)

    def start(self, number: int) -> None:
        """Mark a waiting trial as running. One that a dead worker left running is simply continued."""
        from optuna.trial import TrialState as State

        self._storage.set_trial_state_values(self._id(number), State.RUNNING)

    def record(self, number: int, result: Mapping[str, Any]) -> None:
        """Keep what was measured (all but latency) on the running trial."""
        self._storage.set_trial_user_attr(self._id(number), "result", dict(result))

    def fail(self, number: int, outcome: TrialState, error: ErrorRecord) -> None:
        """End a trial without a result: `outcome` is 'failed', 'infeasible' or 'out_of_time'."""
        from optuna.trial import TrialState as State

        self.start(number)
        self._storage.set_trial_user_attr(self._id(number), "outcome", outcome)
        self._storage.set_trial_user_attr(self._id(number), "error", encoded(error))
        self._storage.set_trial_state_values(self._id(number), State.FAIL)

    def rung(self, number: int, index: int, record: Mapping[str, Any]) -> None:
        """Keep what a search measured cheaply on a running trial."""
        self._storage.set_trial_user_attr(self._id(number), rung_key(index), dict(record))

    def prune(self, number: int) -> None:
        """End a proposed trial that the search does not measure fully."""
        from optuna.trial import TrialState as State

        self.start(number)
        self._storage.set_trial_state_values(self._id(number), State.PRUNED)

    def complete(
        self,
        number: int,
        latency: Latency,
        values: Sequence[float],
        excess: Mapping[str, float] | None = None,
        elsewhere: Mapping[str, Latency] | None = None,
    ) -> None:
        """End a measured trial: its latency, its objectives, and by how much it misses the budget's limits.

        `elsewhere` are latencies by other runtimes' names.
        """
        from optuna.trial import TrialState as State

        trial = self._id(number)
        self._storage.set_trial_user_attr(trial, "latency", encoded(latency))
        if elsewhere:
            self._storage.set_trial_user_attr(trial, "latencies", encoded(elsewhere))
        for name, amount in (excess or {}).items():
            # Where Optuna and its dashboard look for constraints (Trial.set_constraint).
            self._storage.set_trial_system_attr(trial, f"constraints:{name}", amount)
        self._storage.set_trial_state_values(trial, State.COMPLETE, values)

    def _id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study, number)


def study_search(store: Store, name: str) -> SearchRun | None:
    """The last run of the study's search. Raises StudyError as `read_plan` does."""
    storage, study = _open_existing(store, name)
    kept = storage.get_study_user_attrs(study).get("search")
    with _damage_named(store, name):
        return None if kept is None else decoded(SearchRun, kept)


def read_plan(store: Store, name: str) -> StudyPlan:
    """What the study was asked to do. Raises StudyError if there is none or its journal is damaged."""
    storage, study = _open_existing(store, name)
    with _damage_named(store, name):
        return StudyPlan.from_json(storage.get_study_user_attrs(study)["plan"])


def read(
    store: Store,
    name: str,
    state: StudyState = "waiting",
    progress: Mapping[int, ProgressRecord] | None = None,
) -> StudyResult:
    """All that is stored of a study. `state` and `progress` are the worker's, which the caller knows.

    A failed trial that was tried again is left out. Raises StudyError if there is no such study or its
    journal is damaged.
    """
    storage, study = _open_existing(store, name)
    facts, frozen = storage.get_study_user_attrs(study), storage.get_all_trials(study, deepcopy=False)
    with _damage_named(store, name):
        return study_result(store, name, facts, frozen, state, progress or {})


@contextmanager
def _damage_named(store: Store, name: str) -> Iterator[None]:
    """What is kept of the study may lack something, or hold something else than it should."""
    try:
        yield
    except (ValidationError, KeyError) as error:
        raise StudyError("study_damaged", name=name, path=study_folder(store, name)) from error


def _open_existing(store: Store, name: str) -> tuple[BaseStorage, int]:
    folder = study_folder(store, name)
    if (folder / POINTER).exists():
        from edgeslim.studies.database import open_study

        return open_study(folder, store.database)
    path = folder / JOURNAL
    if not path.exists():
        raise StudyError("no_study", name=name)
    from edgeslim.studies.journal import open_journal

    try:
        storage = open_journal(path)
        return storage, storage.get_study_id_from_name(name)
    except (ValueError, KeyError) as error:
        raise StudyError("study_damaged", name=name, path=path) from error
