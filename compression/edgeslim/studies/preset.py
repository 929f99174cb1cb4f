"""What a preset is: a named list of recipes, cut to what a model and its data can take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import onnx

from edgeslim.errors import RecipeError
from edgeslim.recipe import Recipe
from edgeslim.registry import Registry
from edgeslim.steps.base import Need, Step

StepJson = dict[str, Any]
RecipeJson = dict[str, Any]
Variants = tuple[RecipeJson, ...]
Lack = Need | Literal["layers"]
"""What can be missing: a need of a step, or layers that it could work on."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A named list of recipes, each in one or more variants: the first that needs nothing missing is taken.

    What it promises to take no longer than, in `minutes`, it keeps: the recipes worth most come first, and those that
    time runs out for are not made.
    """

    name: str
    variants: tuple[Variants, ...]
    minutes: float | None = None

    @property
    def recipes(self) -> tuple[RecipeJson, ...]:
        """All variants of all recipes."""
        return tuple(recipe for variants in self.variants for recipe in variants)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A recipe that a model or its data cannot take, and what is missing for it."""

    title: str
    needs: tuple[Lack, ...]


PRESETS: Registry[Preset] = Registry("preset")


def fitting(
    preset: Preset, there: frozenset[Need], graph: onnx.GraphProto | None = None
) -> tuple[list[Recipe], list[LeftOut]]:
    """The recipes that need nothing but what is `there` and find something to do in the `graph`, and the others."""
    fit: list[Recipe] = []
    left_out: list[LeftOut] = []
    for variants in preset.variants:
        recipes = [Recipe.from_json(recipe) for recipe in variants]
        missing = [_missing(recipe, there, graph) for recipe in recipes]
        if [] in missing:
            fit.append(recipes[missing.index([])])
        else:
            nearest = min(range(len(recipes)), key=lambda index: len(missing[index]))
            left_out.append(LeftOut(recipes[nearest].title, tuple(missing[nearest])))
    return fit, left_out


def lacking(recipes: Iterable[Recipe], there: frozenset[Need], graph: onnx.GraphProto) -> tuple[LeftOut, ...]:
    """The recipes that need what is not there or find nothing to do: each would fail when its turn comes."""
    missing = ((recipe, _missing(recipe, there, graph)) for recipe in recipes)
    return tuple(LeftOut(recipe.title, tuple(needs)) for recipe, needs in missing if needs)


def _missing(recipe: Recipe, there: frozenset[Need], graph: onnx.GraphProto | None) -> list[Lack]:
    """Of the graph only the first step is asked: what it leaves to the others is not known."""
    missing: list[Lack] = sorted({need for step in recipe.steps for need in step.needs} - there)
    if graph is not None and recipe.steps and idle(recipe.steps[0], graph):
        missing.append("layers")
    return missing


def idle(step: Step, graph: onnx.GraphProto) -> bool:
    """Whether the step finds nothing to do in the graph."""
    try:
        step.check_graph(graph)
    except RecipeError:
        return True
    return False
