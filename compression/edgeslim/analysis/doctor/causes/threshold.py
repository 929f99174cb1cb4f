"""Scores have moved, boxes have not: read at the old threshold the file misses what it still finds."""

from __future__ import annotations

import numpy as np

from edgeslim.analysis.doctor.case import Case, change
from edgeslim.analysis.doctor.cause import CAUSES, Cause, not_checked
from edgeslim.analysis.doctor.records import ENOUGH, Finding, Mend
from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.confidence import box_shift, curves, detected

NAME = "threshold"


def look(case: Case) -> Finding:
    """The threshold is chosen on every other image, and judged on those between."""
    if case.labels is None:
        return not_checked(NAME, "no_labels")
    choosing, judging = case.halves()
    truths = [case.evaluation.target(place) for place in range(len(case.evaluation))]
    boxes = all(isinstance(each, Detections) for each in (*case.before, *case.after))
    if not boxes or not all(isinstance(each, Annotations) for each in truths) or not judging:
        return not_checked(NAME, "no_boxes")
    count = len(case.labels)

    def lines(made: list, places: list[int]):  # type: ignore[no-untyped-def, type-arg]
        return curves(detected([truths[each] for each in places], [made[each] for each in places], count))

    best = lines(case.after, choosing).best
    before, after = lines(case.before, judging), lines(case.after, judging)
    given = case.threshold
    lost, back = (
        change(before.f1_at(given), after.f1_at(given)),
        change(after.f1_at(given), after.f1_at(best)),
    )
    moved = box_shift(case.before, case.after, given)
    share = back.delta / -lost.delta if lost.delta < 0 else 0.0
    drop = lost.ci95 is not None and lost.ci95[1] < 0
    sure = back.ci95 is not None and back.ci95[0] > 0
    shown = [
        sum(int(np.sum(each.scores >= given)) for each in made)  # type: ignore[union-attr]
        for made in (case.before, case.after)
    ]
    evidence = {
        "threshold": given,
        "best": round(best, 2),
        "shift": 0.0 if moved is None else moved.median,
        "before": before.f1_at(given).value,
        "after": after.f1_at(given).value,
        "there": after.f1_at(best).value,
        "boxes_before": shown[0],
        "boxes_after": shown[1],
        "judged": len(judging),
    }
    found = drop and sure and share >= ENOUGH
    return Finding(
        cause=NAME,
        verdict="found" if found else "cleared",
        reason="" if found else "no_loss" if not drop else "no_better",
        evidence=evidence,
        back=back,
        share=share,
        mend=Mend(kind="threshold", threshold=round(best, 2), values={"threshold": round(best, 2)})
        if found
        else None,
    )


CAUSES.add(Cause(NAME, look))
