"""Continuing a search."""

from __future__ import annotations

from dataclasses import replace

from edgeslim.artifacts.store import Store
from edgeslim.jobs import supervisor
from edgeslim.studies.search_run import SamplerName, SearchRun
from edgeslim.studies.storage import study_search
from edgeslim.workbench.access import in_demo, require_own_study, require_turn


def improve_study(
    name: str,
    *,
    minutes: float | None = None,
    trials: int | None = None,
    patience: int | None = None,
    sampler: SamplerName | None = None,
    store: Store | None = None,
) -> None:
    """Search in a study that does not run, starting from its results; it need not have been a search.

    It stops as a new search does (studies.search_run); the sampler and all else are those of the study's last
    search, the usual ones if it had none. Raises StudyError, AccessError.
    """
    store = store or Store()
    require_own_study(name, store)
    require_turn(store)
    asked = SearchRun(minutes=in_demo(minutes), trials=trials, patience=patience)
    last = study_search(store, name) or asked
    again = replace(
        asked,
        sampler=sampler or last.sampler,
        multi_fidelity=last.multi_fidelity,
        preset=last.preset,
        seed=last.seed,
    )
    supervisor.search_on(store, name, again)
    supervisor.start(store, name)
