"""What the tests of the screens share: studies and requests as they are found there."""

from dataclasses import dataclass, field
from typing import Any

from streamlit.testing.v1 import AppTest

from edgeslim.models.library import ModelEntry
from edgeslim.recipe import Recipe
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan

MODEL = ModelEntry(
    name="digits-cnn",
    origin="sample",
    task="classification",
    family="classifier",
    input_width=8,
    input_height=8,
    classes=10,
    params=19162,
    bytes=77000,
    sha256="0" * 64,
    ready=True,
)


@dataclass
class Own:
    """A study as it is kept, what its process says, and what was asked of the workbench."""

    study: dict[str, Any]
    status: dict[str, Any] = field(default_factory=lambda: {"state": "complete", "done": 15, "total": 18})
    calls: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass
class Started:
    """What `start_study` was called with."""

    plan: StudyPlan
    recipes: tuple[Recipe, ...]
    search: SearchRun | None = None


def advice(app: AppTest) -> str:
    """What the page of a study says of the file to take."""
    return next(str(each.value) for each in app.markdown if each.value.startswith("**"))
