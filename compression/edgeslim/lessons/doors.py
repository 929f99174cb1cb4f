"""Doors into the lab: a new study of an experiment's network, with the recipes that make its files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgeslim.lessons.lab import dataset_of
from edgeslim.lessons.predictions import Door
from edgeslim.params import parameters

if TYPE_CHECKING:
    from edgeslim.steps import Step


def in_lab(model: str, *recipes: Sequence[Step]) -> Door:
    """The form of a new study: a sample model, its data, and these recipes; without any, the network alone."""
    given: dict[str, str | int | float] = {"model": model, "data": dataset_of(model)}
    if written := [{"steps": [_written(step) for step in steps]} for steps in recipes if steps]:
        given |= {"preset": "own", "recipes": json.dumps(written, separators=(",", ":"))}
    return Door(page="new", parameters=given)


def _written(step: Step) -> dict[str, Any]:
    """As a recipe's file has it, without what stands at its default: a link should be short."""
    defaults = {each.name: each.default for each in parameters(type(step))}
    return {
        name: value for name, value in step.to_json().items() if name == "step" or value != defaults[name]
    }
