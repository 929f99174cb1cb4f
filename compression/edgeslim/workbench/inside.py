"""A study's model seen inside, for screens: X-ray, sensitivity of every layer, and whether predictions were right.

The shell's `xray` and `sensitivity` give the same figures: both take what the store keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands.looking import INSIDES, LookInside
from edgeslim.records import decoded
from edgeslim.studies.study import StudyPlan, StudyResult

if TYPE_CHECKING:
    from edgeslim.analysis.results import Inside


def look_asked(study: StudyResult, plan: StudyPlan) -> LookInside:
    """What is to be asked of the study's model; equal for all who ask. `plan` is the study's."""
    original = "" if study.original is None else study.original.sha256 or ""
    return LookInside(who=study.name, plan=plan, sha256=original)


def begin_looking(asked: LookInside, store: Store | None = None) -> None:
    """Begin, in a process of its own; see `looking_status`. Raises StoreError."""
    errand.begin(store or Store(), asked)


def looking_status(asked: LookInside, store: Store | None = None) -> ErrandStatus | None:
    """How far it is; None if it was never begun."""
    return errand.status(store or Store(), asked.key)


def inside(asked: LookInside, store: Store | None = None) -> Inside | None:
    """What was found, once it was."""
    from edgeslim.analysis.results import Inside

    record = (store or Store()).get_record(INSIDES, asked.key)
    return None if record is None else decoded(Inside, record)
