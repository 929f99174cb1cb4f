"""Recipes that differ in one number, and the recipe halfway between them, by which a search closes in on a limit."""

from __future__ import annotations

import dataclasses
import json
import math
from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from edgeslim.params import Param
from edgeslim.recipe import Recipe
from edgeslim.search.space import rounded, searched

Found = TypeVar("Found")


class Neighbours(Generic[Found]):
    """Measured recipes on lines: the recipes of a line differ in one searched number only."""

    def __init__(self) -> None:
        self._lines: dict[str, list[tuple[float, str, Found]]] = {}

    def add(self, recipe: Recipe, found: Found) -> Iterator[tuple[Recipe, Found]]:
        """Add a measured recipe. Returns, for its nearest neighbour on each side of every line, the recipe halfway to
        it and its figures.
        """
        name = recipe.fingerprint()
        for place, step in enumerate(recipe.steps):
            for p in searched(type(step)):
                if p.type not in (int, float):
                    continue
                value = getattr(step, p.name)
                line = self._lines.setdefault(_line(recipe, place, p), [])
                index = bisect_left(line, (value, name), key=lambda each: each[:2])
                for neighbour, _, its in line[max(0, index - 1) : index + 1]:
                    middle = _halfway(value, neighbour, p)
                    if middle not in (value, neighbour):
                        yield _with(recipe, place, p, middle), its
                insort(line, (value, name, found), key=lambda each: each[:2])


def _line(recipe: Recipe, place: int, p: Param) -> str:
    """The key of a line: the recipe without that number."""
    steps: list[dict[str, Any]] = [step.to_json() for step in recipe.steps]
    steps[place][p.name] = None
    return json.dumps([recipe.seed, steps])


def _halfway(one: float, other: float, p: Param) -> Any:
    middle = math.sqrt(one * other) if p.log else (one + other) / 2
    return rounded(round(middle) if p.type is int else middle)


def _with(recipe: Recipe, place: int, p: Param, value: Any) -> Recipe:
    step = dataclasses.replace(recipe.steps[place], **{p.name: value})  # type: ignore[type-var]
    return Recipe((*recipe.steps[:place], step, *recipe.steps[place + 1 :]), recipe.seed)
