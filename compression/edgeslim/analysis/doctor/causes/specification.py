"""The original itself hardly finds anything: images reach it otherwise than in its training."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from edgeslim.analysis.doctor.case import Case, change
from edgeslim.analysis.doctor.cause import CAUSES, Cause, cleared, not_checked
from edgeslim.analysis.doctor.records import Finding, Mend
from edgeslim.models.base import ModelSpec

NAME = "specification"
POOR = 0.1
"""An original that scores no more is suspected."""
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def look(case: Case) -> Finding:
    if case.labels is None:
        return not_checked(NAME, "no_labels")
    score = case.original_score
    if score.value > POOR:
        return cleared(NAME, "original_sees", score=score.value)
    best, told = score, {}
    for changed in _variants(case.spec):
        other = dataclasses.replace(case, spec=dataclasses.replace(case.spec, **changed))  # type: ignore[arg-type]
        found = other.original_score
        if found.value > best.value:
            best, told = found, changed
    gained = change(score, best)
    sure = bool(told) and gained.ci95 is not None and gained.ci95[0] > 0
    values = {name: str(value) for name, value in told.items()}
    return Finding(
        cause=NAME,
        verdict="found" if sure else "cleared",
        reason="" if sure else "no_variant",
        evidence={"score": score.value, "better": best.value, **values},
        back=gained,
        mend=Mend(kind="spec", values=values) if sure else None,
    )


def _variants(spec: ModelSpec) -> Iterator[dict[str, object]]:
    """Colours in the other order, values in the other range, normalised as for ImageNet or not at all."""
    if spec.color in ("RGB", "BGR"):
        yield {"color": "BGR" if spec.color == "RGB" else "RGB"}
    other = 1.0 if spec.scale != 1.0 else 1 / 255
    yield {"scale": other}
    if spec.color in ("RGB", "BGR"):
        yield {"scale": other, "color": "BGR" if spec.color == "RGB" else "RGB"}
    mean, std = IMAGENET
    if len(spec.mean) == len(mean) and tuple(spec.mean) != mean:
        yield {"scale": 1 / 255, "mean": mean, "std": std}


CAUSES.add(Cause(NAME, look))
