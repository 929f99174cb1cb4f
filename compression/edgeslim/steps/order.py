"""Which orders of steps are valid. All rules follow from what steps declare: `makes`, `destroys`, `recovers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import get_args

from edgeslim.errors import RecipeError
from edgeslim.steps.base import STORED, Step, Trait


@dataclass(frozen=True, slots=True)
class Clash:
    """`step` cannot stand where it is: it would destroy the `trait` made by `after`, or has nothing to recover."""

    step: Step
    after: Step | None = None
    trait: Trait | None = None


def clash(steps: Sequence[Step]) -> Clash | None:
    """The first violation of the rules, or None."""
    for place, step in enumerate(steps):
        for earlier in steps[:place]:
            lost = step.destroys & earlier.makes
            if lost:
                return Clash(step, earlier, min(lost, key=get_args(Trait).index))
        if _only_recovers(step) and all(map(_only_recovers, steps[:place])):
            return Clash(step)
    return None


def repaired(steps: Sequence[Step]) -> tuple[Step, ...] | None:
    """The same steps in the valid order nearest to the given one; None if there is none.

    A step moves in front of a step whose result it would destroy, and a recovering step moves behind the first step that
    changes something. Of several steps that store weights only one is kept (the one with more effects; of equals the
    last), plus one whose levels it preserves. A step that has nothing to recover is dropped.
    """
    order: list[Step] = []
    for step in _stored_once(steps):
        place = next((i for i, other in enumerate(order) if step.destroys & other.makes), len(order))
        order.insert(place, step)
    idle = list(takewhile(_only_recovers, order))
    rest = order[len(idle) :]
    candidates = ((*rest[:1], *idle, *rest[1:]), tuple(rest))
    return next((found for found in candidates if (rest or not steps) and clash(found) is None), None)


def check(steps: Sequence[Step]) -> None:
    """Raise RecipeError with the reason and, as value `repaired`, the names of the steps in a valid order.

    Codes: 'step_order', 'quantized_twice', 'order_zeros', 'order_pattern', 'recovers_too_early', 'nothing_to_recover'.
    """
    found = clash(steps)
    if found is not None:
        raise _refusal(found, repaired(steps))


def _only_recovers(step: Step) -> bool:
    """False for a recovering step that uses labels: alone, it serves as the uncompressed control of a study."""
    return step.recovers and "loss" not in step.needs


def _stored_once(steps: Sequence[Step]) -> list[Step]:
    storing = [place for place, step in enumerate(steps) if STORED & step.makes]
    if not storing:
        return list(steps)
    chosen = max(storing, key=lambda place: (len(steps[place].changes), place))
    below = [
        place for place in storing if place != chosen and not steps[place].makes & steps[chosen].destroys
    ]
    left = {chosen, *below[-1:]}
    return [step for place, step in enumerate(steps) if place in left or place not in storing]


def _refusal(found: Clash, order: tuple[Step, ...] | None) -> RecipeError:
    step = found.step.name
    if found.after is None and order is None:
        return RecipeError("nothing_to_recover", step=step)
    assert order is not None, f"'{step}' has no place at all"
    after = "" if found.after is None else found.after.name
    values = {"step": step, "after": after, "repaired": ", ".join(each.name for each in order)}
    if found.after is None:
        return RecipeError("recovers_too_early", **values)
    if found.trait == "zeros":
        return RecipeError("order_zeros", **values)
    if found.trait == "pattern":
        return RecipeError("order_pattern", **values)
    if STORED & found.step.makes:
        return RecipeError("quantized_twice", **values)
    return RecipeError("step_order", **values)
