"""A stage of the recipe takes away more than the network can spare, and nothing in its file looks broken."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

from edgeslim.analysis.doctor.case import Case, change
from edgeslim.analysis.doctor.cause import CAUSES, Cause, cleared, not_checked
from edgeslim.analysis.doctor.mends import MILDER, STATIC, left_out, milder, robust_int8, trains
from edgeslim.analysis.doctor.records import ENOUGH, Evidence, Finding, Mend
from edgeslim.recipe import Recipe
from edgeslim.steps import Step

NAME = "too_strong"


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
        reason="training" if trains(step) else "",
        evidence=evidence,
        back=dataclasses.replace(
            worst, delta=-worst.delta, ci95=None if worst.ci95 is None else (-worst.ci95[1], -worst.ci95[0])
        ),
        share=share,
        mend=_mend(case, case.recipe, place),
    )


def _mend(case: Case, recipe: Recipe, place: int) -> Mend | None:
    step = recipe.steps[place]
    if step.name == STATIC:
        return robust_int8(case)
    return left_out(recipe, place) if trains(step) else milder(recipe, place)


def _strength(step: Step) -> dict[str, float | int | str]:
    if step.name not in MILDER:
        return {}
    parameter, _ = MILDER[step.name]
    return {"parameter": parameter, "value": getattr(step, parameter)}


CAUSES.add(Cause(NAME, look))
