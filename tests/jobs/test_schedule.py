"""The order of tasks: shared prefixes once, dependents after them, lost ones with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim.jobs.schedule import Schedule
from edgeslim.recipe import Recipe
from edgeslim.steps import TorchStep


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut(TorchStep):
    name: ClassVar[str] = "cut"
    amount: int = 0

    def to_json(self):
        return {"step": self.name, "amount": self.amount}


@dataclass(frozen=True, kw_only=True, slots=True)
class Train(Cut):
    name: ClassVar[str] = "train"
    needs: ClassVar[frozenset[str]] = frozenset({"train"})


def recipes(*steps: tuple[TorchStep, ...]) -> list[tuple[int, Recipe]]:
    return [(number, Recipe(each)) for number, each in enumerate(steps)]


def drain(schedule: Schedule) -> list[tuple[int, int, bool]]:
    """(trial, steps, evaluate) in the order of one worker."""
    order = []
    while len(schedule):
        task = schedule.next()
        order.append((task.number, len(task.recipe.steps), task.evaluate))
        schedule.finish(task)
    return order


CUT, OTHER, TUNE, MORE = Cut(amount=1), Cut(amount=2), Train(amount=1), Cut(amount=3)


def test_unrelated_recipes_are_one_task_each_baseline_first():
    assert drain(Schedule(recipes((OTHER,), (), (CUT, TUNE)))) == [(1, 0, True), (2, 2, True), (0, 1, True)]


def test_a_shared_prefix_is_made_once_and_before_what_builds_on_it():
    schedule = Schedule(recipes((), (CUT,), (CUT, TUNE), (CUT, TUNE, MORE), (CUT, TUNE, OTHER)))
    assert drain(schedule) == [
        (0, 0, True),
        (1, 1, False),
        (2, 2, False),
        (1, 1, True),
        (2, 2, True),
        (3, 3, True),
        (4, 3, True),
    ]


def test_steps_shared_by_all_of_a_group_are_one_task():
    schedule = Schedule(recipes((CUT, TUNE), (CUT, TUNE, MORE)))
    assert drain(schedule) == [(0, 2, False), (0, 2, True), (1, 3, True)]


def test_what_others_wait_for_comes_before_long_work_and_long_before_short():
    schedule = Schedule(recipes((OTHER,), (TUNE,), (CUT,), (CUT, MORE)))
    assert [number for number, _, _ in drain(schedule)] == [2, 1, 0, 2, 3]


def test_under_a_time_limit_what_does_not_train_comes_first_and_then_the_first_named():
    named = recipes((), (TUNE,), (CUT, TUNE), (CUT,), (OTHER,), (MORE, TUNE))
    assert [number for number, _, _ in drain(Schedule(named, in_order=True))] == [0, 2, 3, 4, 1, 2, 5]


def test_dependents_are_not_ready_before_their_prefix_but_others_are():
    schedule = Schedule(recipes((CUT, MORE), (CUT, OTHER), (OTHER,)))
    prefix = schedule.next()
    assert (prefix.recipe.steps, prefix.evaluate) == ((CUT,), False)
    assert schedule.next().number == 2
    assert len(schedule) == 0
    schedule.finish(prefix)
    assert len(schedule) == 2


def test_when_a_prefix_fails_all_that_build_on_it_are_lost_and_nothing_else():
    schedule = Schedule(recipes((), (CUT, TUNE), (CUT, TUNE, MORE), (CUT, OTHER), (OTHER,)))
    schedule.finish(schedule.next())
    prefix = schedule.next()
    assert prefix.recipe.steps == (CUT,)
    assert schedule.fail(prefix) == [1, 2, 3]
    assert drain(schedule) == [(4, 1, True)]


def test_the_same_steps_with_another_seed_are_not_shared():
    schedule = Schedule([(0, Recipe((CUT, MORE), seed=0)), (1, Recipe((CUT, OTHER), seed=1))])
    assert drain(schedule) == [(0, 2, True), (1, 2, True)]
