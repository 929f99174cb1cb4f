"""Stopping a study, going on with it, adding to it and forgetting it: for whoever started it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.artifacts.upkeep import STUDY_OWNERS
from edgeslim.jobs import supervisor
from edgeslim.studies import storage
from edgeslim.workbench.access import check_teachers, require_own_study, require_turn
from edgeslim.workbench.planning import planned

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe


def cancel_study(name: str, store: Store | None = None) -> None:
    """Stop a running study; what is finished stays, and it can be resumed. Raises StudyError, AccessError."""
    store = store or Store()
    require_own_study(name, store)
    storage.read(store, name)
    supervisor.cancel(store, name)


def pause_study(name: str, store: Store | None = None) -> None:
    """Let a running study finish what it works on and end; it can be resumed. Raises StudyError, AccessError."""
    store = store or Store()
    require_own_study(name, store)
    storage.read_plan(store, name)
    supervisor.pause(store, name)


def resume_study(name: str, store: Store | None = None, *, cluster: str | None = None) -> None:
    """Go on with the unfinished trials; what is finished is not repeated. Raises StudyError.

    With `cluster` on that one from now on, or on this machine ('none').
    """
    store = store or Store()
    require_own_study(name, store)
    require_turn(store)
    supervisor.start(store, name, cluster)


def retry_study(
    name: str,
    store: Store | None = None,
    *,
    trial_minutes: float | None = None,
    trial_memory: int | None = None,
) -> list[int]:
    """Try the failed trials again, under new numbers, and go on; with other limits, if given. Raises StudyError."""
    store = store or Store()
    require_own_study(name, store)
    require_turn(store)
    numbers = supervisor.retry(store, name, trial_minutes=trial_minutes, trial_memory=trial_memory)
    supervisor.start(store, name)
    return numbers


def extend_study(name: str, recipes: Sequence[Recipe], store: Store | None = None) -> list[int]:
    """Add recipes to a study that is not running, and go on; returns their numbers. Raises EdgeSlimError."""
    store = store or Store()
    require_own_study(name, store)
    check_teachers(recipes, store)
    return run_more(name, recipes, store)


def run_more(name: str, recipes: Sequence[Recipe], store: Store) -> list[int]:
    """As `extend_study` does, for whoever has let the caller. Raises EdgeSlimError."""
    require_turn(store)
    numbers = supervisor.add(store, name, list(planned(recipes))[1:])
    supervisor.start(store, name)
    return numbers


def delete_study(name: str, store: Store | None = None, *, force: bool = False) -> None:
    """Forget a study that is not running; the files it made stay in the store. Raises StudyError.

    One in a database that cannot be used is deleted with `force` only, and may stay there. Raises StoreError.
    """
    visitors.refuse_in_demo("delete")
    store = store or Store()
    require_own_study(name, store)
    supervisor.delete(store, name, force=force)
    store.remove_record(STUDY_OWNERS, name)
