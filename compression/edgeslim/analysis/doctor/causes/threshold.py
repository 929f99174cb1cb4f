"""Scores have moved, boxes have not: read at the old threshold the file misses what it still finds."""

from __future__ import annotations

from edgeslim.analysis.doctor.case import Case, change
from edgeslim.analysis.doctor.cause import CAUSES, Cause, not_checked
from edgeslim.analysis.doctor.records import ENOUGH, Finding, Mend
from edgeslim.analysis.errors import boxes_of
from edgeslim.metrics.confidence import box_shift, curves, detected

NAME = "threshold"


def look(case: Case) -> Finding:
    """The threshold is chosen on every other image, and judged on those between."""
    if case.labels is None:
        return not_checked(NAME, "no_labels")
    truths = [case.evaluation.target(place) for place in range(len(case.evaluation))]
    boxes = boxes_of(truths, case.before, case.after)
    if boxes is None:
        return not_checked(NAME, "no_boxes")
    known, before, after = boxes
    classes, given = len(case.labels), case.threshold
    best = curves(detected(known[::2], after[::2], classes)).best
    first, second = (curves(detected(known[1::2], made[1::2], classes)) for made in (before, after))
    lost = change(first.f1_at(given), second.f1_at(given))
    back = change(second.f1_at(given), second.f1_at(best))
    moved = box_shift(before, after, given)
    share = back.delta / -lost.delta if lost.delta < 0 else 0.0
    drop = lost.ci95 is not None and lost.ci95[1] < 0
    sure = back.ci95 is not None and back.ci95[0] > 0
    shown = [sum(len(each.rows_from(given)) for each in made) for made in (before, after)]
    found = drop and sure and share >= ENOUGH
    best = round(best, 2)
    return Finding(
        cause=NAME,
        verdict="found" if found else "cleared",
        reason="" if found else "no_better" if drop else "no_loss",
        evidence={
            "threshold": given,
            "best": best,
            "shift": 0.0 if moved is None else moved.median,
            "before": first.f1_at(given).value,
            "after": second.f1_at(given).value,
            "there": second.f1_at(best).value,
            "boxes_before": shown[0],
            "boxes_after": shown[1],
            "judged": first.images,
        },
        back=back,
        share=share,
        mend=Mend(kind="threshold", threshold=best, values={"threshold": best}) if found else None,
    )


CAUSES.add(Cause(NAME, look))
