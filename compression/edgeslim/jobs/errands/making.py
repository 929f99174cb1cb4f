"""A trial's file made again from its recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.jobs.errand import ERRANDS
from edgeslim.progress import Progress
from edgeslim.records import RecipeRecord
from edgeslim.studies.study import StudyPlan


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class MakeFile:
    name: ClassVar[str] = "make_file"
    who: str
    plan: StudyPlan
    recipe: RecipeRecord
    sha256: str
    """What the recipe's file is to be."""

    @property
    def key(self) -> str:
        return self.sha256

    def run(self, store: Store, progress: Progress) -> None:
        """Raises StudyError (other_bytes) where it gives another file here."""
        from edgeslim.jobs.workload import workload_of
        from edgeslim.measurement.machine import busy
        from edgeslim.measurement.measure import make_file
        from edgeslim.recipe import Recipe

        with store.in_use(), busy(self.who, progress) as report:
            workload = workload_of(self.plan, store, report)
            made = make_file(Recipe.from_json(self.recipe.to_json()), workload, store, 1, report).sha256
        if made != self.sha256:
            raise StudyError("other_bytes", made=made[:12], measured=self.sha256[:12])
