"""The end of a study: what its results are worth. Nothing of this is known while anything is still chosen."""

from __future__ import annotations

from typing import Any

from edgeslim.artifacts.store import Store
from edgeslim.jobs.setting import Setting
from edgeslim.progress import Progress, silent
from edgeslim.search.claims import held_out_claims
from edgeslim.search.statistics import study_groups
from edgeslim.search.study import StudyResult


def conclude(
    study: StudyResult, setting: Setting, store: Store, threads: int = 1, progress: Progress = silent
) -> dict[str, Any]:
    """Which files cannot be told apart, and what those a choice could fall on score on the held-out images.

    groups (search.statistics), held_out (search.claims) if there are such images, and concluded: how many
    trials were complete. Raises EdgeSlimError.
    """
    progress("comparing", 0, 0)
    groups = study_groups(study, store)
    found: dict[str, Any] = {"groups": groups.to_json() if groups else None, "concluded": study.complete}
    if setting.held_out is not None:
        found["held_out"] = held_out_claims(
            study,
            setting.held_out,
            setting.model.spec,
            setting.labels,
            store,
            threads=threads,
            progress=progress,
        )
    return found


def to_come(setting: Setting) -> dict[str, Any] | None:
    """The held-out part before anything was scored on it, as a study's JSON has it; None if there is none."""
    if setting.held_out is None:
        return None
    return {"metric": None, "images": len(setting.held_out), "looks": 0, "optimism": None, "trials": []}
