"""Studies on disk: one folder each with an Optuna journal. The trial list is the plan."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from compression.artifacts.store import Store, as_store_error
from compression.errors import StudyError
from compression.search.study import StudyPlan, StudyResult, StudyState, TrialResult, TrialState

if TYPE_CHECKING:
    from optuna.storages import JournalStorage
    from optuna.trial import FrozenTrial

_JOURNAL = "journal.log"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


def study_folder(store: Store, name: str) -> Path:
    """The study's folder, existing or not. Raises StudyError if `name` is not a plain lower-case slug."""
    if not NAME.fullmatch(name):
        raise StudyError(
            "study_name",
            f"'{name}' cannot be the name of a study.",
            "Use up to 80 lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit.",
            name=name,
        )
    return store.root / "studies" / name


def names(store: Store) -> list[str]:
    """Names of all studies, sorted."""
    return sorted(path.parent.name for path in (store.root / "studies").glob(f"[!.]*/{_JOURNAL}"))


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """A recipe of a study. `replaces` is the number of the failed trial that this one tries again."""

    recipe: dict[str, Any]
    title: str
    fingerprint: str
    replaces: int | None = None

    def attributes(self) -> dict[str, Any]:
        values = {"recipe": self.recipe, "title": self.title, "fingerprint": self.fingerprint}
        return values if self.replaces is None else {**values, "replaces": self.replaces}


def create(store: Store, plan: StudyPlan, trials: Iterable[PlannedTrial]) -> None:
    """Write a new study whose trials all wait: the whole of it, or nothing. Raises StudyError (study_exists)."""
    import optuna

    from compression.search.journal import open_journal

    folder = study_folder(store, plan.name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    except OSError as error:
        raise as_store_error(folder, error) from error
    try:
        storage = open_journal(unfinished / _JOURNAL)
        study = optuna.create_study(
            storage=storage, study_name=plan.name, directions=["maximize", "minimize"]
        )
        study.set_user_attr("plan", plan.to_json())
        for trial in trials:
            study.add_trial(_template(trial))
        unfinished.rename(folder)
    except OSError as error:
        if folder.exists():
            raise _exists(plan.name) from error
        raise as_store_error(folder, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


class StudyJournal:
    """A study opened for writing, by one process at a time: its worker, or who holds the study's lock."""

    def __init__(self, store: Store, name: str) -> None:
        from compression.search.journal import drop_torn_tail

        path = study_folder(store, name) / _JOURNAL
        if path.exists():
            drop_torn_tail(path)
        self._storage, self._study = _open_existing(store, name)
        self.plan = StudyPlan.from_json(self._storage.get_study_user_attrs(self._study)["plan"])

    def add(self, trials: Iterable[PlannedTrial]) -> list[int]:
        """Append waiting trials; return their numbers."""
        return [self._storage.create_new_trial(self._study, _template(trial)) for trial in trials]

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

    def fail(self, number: int, outcome: TrialState, error: Mapping[str, Any]) -> None:
        """End a trial without a result: `outcome` is 'failed' or 'infeasible'."""
        from optuna.trial import TrialState as State

        self.start(number)
        self._storage.set_trial_user_attr(self._id(number), "outcome", outcome)
        self._storage.set_trial_user_attr(self._id(number), "error", dict(error))
        self._storage.set_trial_state_values(self._id(number), State.FAIL)

    def complete(self, number: int, latency: Mapping[str, Any], values: tuple[float, float]) -> None:
        """End a measured trial: its latency and the two objectives (primary metric, download bytes)."""
        from optuna.trial import TrialState as State

        self._storage.set_trial_user_attr(self._id(number), "latency", dict(latency))
        self._storage.set_trial_state_values(self._id(number), State.COMPLETE, values)

    def _id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study, number)


def read_plan(store: Store, name: str) -> StudyPlan:
    """What the study was asked to do. Raises StudyError if there is none or its journal is damaged."""
    storage, study = _open_existing(store, name)
    return StudyPlan.from_json(storage.get_study_user_attrs(study)["plan"])


def read(
    store: Store,
    name: str,
    state: StudyState = "waiting",
    progress: Mapping[int, Mapping[str, Any]] | None = None,
) -> StudyResult:
    """All that is stored of a study. `state` and `progress` are the worker's, which the caller knows.

    A failed trial that was tried again is left out. Raises StudyError if there is no such study or its
    journal is damaged.
    """
    storage, study = _open_existing(store, name)
    facts = storage.get_study_user_attrs(study)
    plan = StudyPlan.from_json(facts["plan"])
    frozen = storage.get_all_trials(study, deepcopy=False)
    replaced = {trial.user_attrs.get("replaces") for trial in frozen}
    trials = tuple(
        _trial(store, plan, facts, trial, state, (progress or {}).get(trial.number))
        for trial in frozen
        if trial.number not in replaced
    )
    return StudyResult(
        name=name,
        state=state,
        model=plan.model_name,
        dataset=facts.get("dataset", plan.dataset_name),
        preset=plan.preset,
        created=plan.created,
        baseline=next((trial.number for trial in trials if not trial.recipe["steps"]), None),
        trials=trials,
        images=facts.get("images"),
        environment=facts.get("environment", {}),
        warnings=facts.get("warnings", ()),
    )


def _template(trial: PlannedTrial) -> FrozenTrial:
    from optuna.trial import TrialState as State
    from optuna.trial import create_trial

    return create_trial(state=State.WAITING, user_attrs=trial.attributes(), system_attrs={"fixed_params": {}})


def _trial(
    store: Store,
    plan: StudyPlan,
    facts: Mapping[str, Any],
    trial: FrozenTrial,
    study: StudyState,
    progress: Mapping[str, Any] | None,
) -> TrialResult:
    known = trial.user_attrs
    measured: dict[str, Any] = dict(known.get("result", {}))
    if "sha256" in measured:
        measured["file"] = str(store.path(measured["sha256"]))
    return TrialResult(
        **{
            "model": plan.model_name,
            "primary_metric": facts.get("primary_metric"),
            **measured,
            "number": trial.number,
            "state": _state(trial, study),
            "recipe": known["recipe"],
            "title": known["title"],
            "recipe_fingerprint": known["fingerprint"],
            "latency": known.get("latency"),
            "error": known.get("error"),
            "progress": progress if study == "running" else None,
        }
    )


def _state(trial: FrozenTrial, study: StudyState) -> TrialState:
    from optuna.trial import TrialState as State

    if trial.state == State.COMPLETE:
        return "complete"
    if trial.state == State.FAIL:
        return cast(TrialState, trial.user_attrs.get("outcome", "failed"))
    if study == "running":
        return "running" if trial.state == State.RUNNING else "waiting"
    return "cancelled" if study == "cancelled" else "waiting"


def _exists(name: str) -> StudyError:
    return StudyError(
        "study_exists",
        f"There is already a study named '{name}'.",
        "Choose another name, or resume or delete that study.",
        name=name,
    )


def _open_existing(store: Store, name: str) -> tuple[JournalStorage, int]:
    path = study_folder(store, name) / _JOURNAL
    if not path.exists():
        raise StudyError(
            "no_study",
            f"There is no study named '{name}'.",
            "`python -m compression study list` names those there are.",
            name=name,
        )
    from compression.search.journal import open_journal

    try:
        storage = open_journal(path)
        return storage, storage.get_study_id_from_name(name)
    except (ValueError, KeyError) as error:
        raise StudyError(
            "study_damaged",
            f"The journal of study '{name}' is damaged: '{path}' cannot be read.",
            "Delete the study and run it again; finished stages are kept and cost nothing.",
            name=name,
            path=path,
        ) from error
