"""The conclusion of a study: groups of indistinguishable files and held-out scores. Not computed before choosing is
over.
"""

from __future__ import annotations

from typing import Any

from edgeslim.artifacts.store import Store
from edgeslim.measurement.workload import Workload
from edgeslim.progress import Progress, silent
from edgeslim.records import encoded
from edgeslim.studies.groups import HeldOut
from edgeslim.studies.held_out import held_out_scores
from edgeslim.studies.statistics import study_groups
from edgeslim.studies.study import StudyResult


def conclude(
    study: StudyResult, workload: Workload, store: Store, threads: int = 1, progress: Progress = silent
) -> dict[str, Any]:
    """Find the files that cannot be told apart, and score every file that could be chosen on the held-out images.

    groups (studies.statistics), held_out (studies.held_out) if there are such images, and concluded: how many
    trials were complete. Raises EdgeSlimError.
    """
    progress("comparing", 0, 0)
    groups = study_groups(study, store)
    found: dict[str, Any] = {"groups": encoded(groups) if groups else None, "concluded": study.complete}
    if workload.held_out is not None:
        found["held_out"] = encoded(
            held_out_scores(
                study,
                workload.held_out,
                workload.model.spec,
                workload.labels,
                store,
                threads=threads,
                progress=progress,
            )
        )
    return found


def to_come(workload: Workload) -> dict[str, Any] | None:
    """The held-out part before anything was scored on it, as a study's JSON has it; None if there is none."""
    if workload.held_out is None:
        return None
    return dict(encoded(HeldOut(images=len(workload.held_out))))
