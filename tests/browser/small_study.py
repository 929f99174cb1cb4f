"""A small study, run to its end before anybody looks."""

import time

from browser_server import PATIENCE

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.recipe import Recipe
from edgeslim.studies.study import StudyPlan


def made(store: Store, *steps: dict[str, object]) -> None:
    """Study 'mine' of digits-cnn and one recipe."""
    plan = StudyPlan(model="digits-cnn", dataset="digits", name="mine", workers=1, limit=100)
    workbench.start_study(plan, [Recipe.from_json({"steps": list(steps)})], store=store)
    end = time.monotonic() + 5 * PATIENCE / 1000
    while workbench.study_status("mine", store).state != "complete":
        assert time.monotonic() < end, "the study takes too long"
        time.sleep(0.5)
