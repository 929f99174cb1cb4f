"""A stage of the recipe takes away more than the network can spare, and nothing in its file looks broken."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from edgeslim.analysis.doctor.case import Case, change
from edgeslim.analysis.doctor.cause import CAUSES, Cause, cleared, not_checked
from edgeslim.analysis.doctor.mends import STATIC, changed_step, robust_int8, with_step
from edgeslim.analysis.doctor.records import ENOUGH, Evidence, Finding, Mend
from edgeslim.errors import EdgeSlimError
from edgeslim.steps import Step

NAME = "too_strong"
MILDER: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "channel_pruning": ("ratio", lambda ratio: round(ratio / 2, 3)),
    "magnitude_pruning": ("sparsity", lambda share: round(share - min(0.3, share / 2), 3)),
    "low_rank": ("keep", lambda keep: round((1 + keep) / 2, 3)),
    "low_bit_weights": ("bits", lambda bits: min(8, bits + 2)),
    "weight_clustering": ("values", lambda values: min(256, values * 4)),
}
"""Step → its strength, and a milder one: about half of what it took away."""


def look(case: Case) -> Finding:
    if case.recipe is None or not case.recipe.steps:
        return not_checked(NAME, "no_recipe")
    names = [step.name for step in case.recipe.steps]
    if not case.lost:
        return cleared(NAME, "no_loss")
    if len(names) == 1:
        scores = [case.original_score, case.file_score]
    elif len(case.stages) != len(names):
        return not_checked(NAME, "no_stages", steps=len(names))
    else:
        scores = [case.original_score]
        for done, (_, network) in enumerate(case.stages):
            case.progress("stage_scored", done, len(names))
            scores.append(case.score(case.predictions(network)))
    changes = [change(first, second) for first, second in pairwise(scores)]
    place = min(range(len(changes)), key=lambda each: changes[each].delta)
    worst = changes[place]
    share = case.share(dataclasses.replace(worst, delta=-worst.delta))
    sure = worst.ci95 is not None and worst.ci95[1] < 0
    step = case.recipe.steps[place]
    evidence: Evidence = {
        "step": step.name,
        "place": place + 1,
        "steps": len(names),
        "before": scores[place].value,
        "after": scores[place + 1].value,
        **_strength(step),
    }
    return Finding(
        cause=NAME,
        verdict="found" if sure and share >= ENOUGH else "cleared",
        reason="training" if step.recovers or "train" in step.needs else "",
        evidence=evidence,
        back=dataclasses.replace(
            worst, delta=-worst.delta, ci95=None if worst.ci95 is None else (-worst.ci95[1], -worst.ci95[0])
        ),
        share=share,
        mend=robust_int8(case) if step.name == STATIC else _milder(case, place, step),
    )


def _strength(step: Step) -> dict[str, float | int | str]:
    if step.name not in MILDER:
        return {}
    parameter, _ = MILDER[step.name]
    return {"parameter": parameter, "value": getattr(step, parameter)}


def _milder(case: Case, place: int, step: Step) -> Mend | None:
    """None where no strength is known, or where the recipe would not be valid."""
    if case.recipe is None or step.name not in MILDER:
        return None
    parameter, milder = MILDER[step.name]
    value = milder(getattr(step, parameter))
    try:
        return with_step(case.recipe, place, changed_step(step, **{parameter: value}), {parameter: value})
    except EdgeSlimError:
        return None


CAUSES.add(Cause(NAME, look))
