"""What two files see on the images that they are compared on, as a report tells it: plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.analysis.compared import Compared
from edgeslim.detections import READING_SCORE, Detections, Image, Target
from edgeslim.report.class_damage import class_findings
from edgeslim.report.damage import CHANGES, fates
from edgeslim.tasks.base import Prediction

SCENES = 3
CLASS_SCENES = 6
"""Images of a classifier, which are small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An image, what is true of it, and what each of the two files sees there."""

    image: Image
    truth: Target
    before: Prediction
    after: Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`changes` counts boxes (of a classifier images) by what became of them, on `touched` of `images` images."""

    labels: tuple[str, ...]
    images: int
    labelled: bool
    confidence: float
    changes: Mapping[str, int]
    touched: int
    scenes: tuple[Scene, ...]
    """The ones that changed most, in the order of the gallery of damage."""
    compared: Compared


def seen_by(
    labels: tuple[str, ...],
    truths: Sequence[Target] | None,
    before: Sequence[Prediction],
    after: Sequence[Prediction],
    image: Callable[[Sequence[int]], Sequence[Image]],
    compared: Compared,
) -> Seen:
    """`image` gives the images at some places."""
    places, changes, touched = _changes(truths, before, after)
    scenes = [
        Scene(
            image=shot,
            truth=None if truths is None else truths[place],
            before=before[place],
            after=after[place],
        )
        for place, shot in zip(places, image(places), strict=True)
    ]
    return Seen(
        labels=labels,
        images=len(before),
        labelled=truths is not None,
        confidence=READING_SCORE,
        changes=changes,
        touched=touched,
        scenes=tuple(scenes),
        compared=compared,
    )


def _changes(
    truths: Sequence[Target] | None, before: Sequence[Prediction], after: Sequence[Prediction]
) -> tuple[list[int], dict[str, int], int]:
    """Places of the most changed images, how often what became of boxes or images, and how many images changed."""
    first = [each for each in before if isinstance(each, Detections)]
    second = [each for each in after if isinstance(each, Detections)]
    if first and second:
        found = fates(first, second, READING_SCORE)
        counts = Counter(finding.kind for finding in found)
        changed = list(dict.fromkeys(finding.image for finding in found if finding.harm))
        return changed[:SCENES], {kind: counts[kind] for kind in CHANGES}, len(changed)
    chances = [np.array([each for each in side if isinstance(each, np.ndarray)]) for side in (before, after)]
    if not all(len(each) for each in chances):
        return [], {}, 0
    judged = class_findings(truths, chances[0], chances[1])
    moved = [finding.image for finding in judged if finding.changed]
    return moved[:CLASS_SCENES], dict(sorted(Counter(one.kind for one in judged).items())), len(moved)
