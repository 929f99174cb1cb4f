"""What is said of recipes before anything is computed: what some lack and how to give it, what others are scored on."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from edgeslim import workbench
from edgeslim.cli.common import Arguments
from edgeslim.errors import EdgeSlimError
from edgeslim.studies.study import StudyPlan

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe

HOW = {
    "calibration": "calibration images: --calibration FOLDER, a few hundred typical pictures without labels",
    "train": "train: --data with a labelled 'train' split (COCO, YOLO or Pascal VOC)",
    "loss": "loss: this family cannot be fine-tuned here; recipes that distil from the original need none",
    "layers": "layers: the model has none that these recipes work on",
}


def how_to_give(needs: Collection[str]) -> list[str]:
    """A line for each need."""
    return [text for need, text in HOW.items() if need in needs]


def tell_lacking(given: Arguments, plan: StudyPlan, recipes: Sequence[Recipe]) -> None:
    """On the error stream: recipes that a preset leaves out here, or that would fail when their turn comes."""
    if plan.preset is not None:
        listed = workbench.list_presets(
            plan.model, plan.dataset, plan.calibration, spec=plan.spec, store=given.store
        )
        found = next((each.left_out for each in listed if each.name == plan.preset), ())
        what = "is left out"
    else:
        found, what = workbench.recipes_lacking(plan, recipes, given.store), "will fail"
    for recipe in found:
        print(f"'{recipe.title}' {what}: missing {', '.join(recipe.needs)}", file=sys.stderr)
    for line in how_to_give({need for recipe in found for need in recipe.needs}):
        print(line, file=sys.stderr)


def tell_former(
    given: Arguments, plan: StudyPlan, recipes: Sequence[Recipe], *, searching: bool = False
) -> None:
    """On the error stream: that recipes are scored on the data the model had learnt from, too."""
    try:
        found = workbench.former_check(plan, recipes, given.store, searching=searching)
    except EdgeSlimError:  # starting says why
        return
    if found is not None:
        print(
            f"what learns from the labels is scored on {found.images} images of '{found.dataset}' too, which the model "
            "had learnt from; what it lost there is told",
            file=sys.stderr,
        )
