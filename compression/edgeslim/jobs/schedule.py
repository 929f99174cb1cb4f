"""The order of tasks: a recipe prefix that trials share is computed once, without delaying other trials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from edgeslim.recipe import Recipe
from edgeslim.studies.task import TrialTask


@dataclass(slots=True)
class _Node:
    task: TrialTask
    parent: _Node | None
    children: list[_Node] = field(default_factory=list)

    def waiting(self) -> int:
        """Number of trials that depend on this task."""
        return self.task.evaluate + sum(child.waiting() for child in self.children)

    def trains(self, itself: bool = False) -> bool:
        """Whether a step between this task's parent and the leaves below it trains, or one of this task `itself`."""
        done = len(self.parent.task.recipe.steps) if self.parent else 0
        own = any("train" in step.needs for step in self.task.recipe.steps[done:])
        return own or (not itself and any(child.trains() for child in self.children))


class Schedule:
    """A study's tasks as a forest of shared prefixes: `next` gives a ready one, `finish` readies others.

    `in_order`: for a study that may not have time for all: what does not train first, and then as the trials are
    numbered.
    """

    def __init__(self, trials: Sequence[tuple[int, Recipe]], in_order: bool = False) -> None:
        self._in_order = in_order
        self._ready: list[_Node] = []
        self._given: dict[TrialTask, _Node] = {}
        self._grow(list(trials), 0, None)

    def __len__(self) -> int:
        """Number of tasks that are ready."""
        return len(self._ready)

    def next(self) -> TrialTask:
        """The most urgent ready task: the baseline, what most trials wait for, long work, in this order."""

        def urgency(node: _Node) -> tuple[bool, int, bool, int]:
            if self._in_order:
                waiting, later = 0, node.trains(itself=True)
            else:
                waiting, later = -node.waiting(), not node.trains()
            return bool(node.task.recipe.steps), waiting, later, node.task.number

        node = min(self._ready, key=urgency)
        self._ready.remove(node)
        self._given[node.task] = node
        return node.task

    def finish(self, task: TrialTask) -> None:
        """Mark the task done; its children are ready."""
        self._ready.extend(self._given.pop(task).children)

    def fail(self, task: TrialTask) -> list[int]:
        """Mark the task failed and drop all that build on it. Returns the lost trials' numbers, sorted."""
        lost, numbers = [self._given.pop(task)], []
        while lost:
            node = lost.pop()
            lost.extend(node.children)
            if node.task.evaluate:
                numbers.append(node.task.number)
        return sorted(numbers)

    def _grow(self, trials: list[tuple[int, Recipe]], length: int, parent: _Node | None) -> None:
        """Add `trials`, whose first `length` steps are the same and made by `parent`."""
        groups: dict[str, list[tuple[int, Recipe]]] = defaultdict(list)
        for number, recipe in trials:
            if len(recipe.steps) == length:
                self._add(_Node(TrialTask(number, recipe, evaluate=True), parent))
            else:
                groups[recipe.prefix(length + 1).fingerprint()].append((number, recipe))
        for group in groups.values():
            number, recipe = group[0]
            if len(group) == 1:
                self._add(_Node(TrialTask(number, recipe, evaluate=True), parent))
                continue
            shared = _common_length([recipe for _, recipe in group])
            node = _Node(TrialTask(number, recipe.prefix(shared), evaluate=False), parent)
            self._add(node)
            self._grow(group, shared, node)

    def _add(self, node: _Node) -> None:
        if node.parent is None:
            self._ready.append(node)
        else:
            node.parent.children.append(node)


def _common_length(recipes: Sequence[Recipe]) -> int:
    """How many steps the recipes have in common at their beginning."""
    length = 0
    while all(len(recipe.steps) > length for recipe in recipes):
        if len({recipe.prefix(length + 1).fingerprint() for recipe in recipes}) > 1:
            break
        length += 1
    return length
