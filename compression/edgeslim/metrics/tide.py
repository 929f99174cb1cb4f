"""What kind of mistakes a detector makes, and what each kind costs: TIDE.

Source: Bolya, Foley, Hays, Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors", ECCV 2020,
arXiv 2008.08115. Matching is COCO's at IoU 0.50 (at most 100 detections of a class in an image, best scores choose
first). Each detection that is not correct is one of

* localization: right class, IoU with the object between 0.10 and 0.50;
* classification: wrong class, IoU at least 0.50;
* duplicate: right class, IoU at least 0.50, but a better-scored detection has the object;
* background: IoU below 0.10 with every object;
* both: what is left, wrong class and badly placed.

An object that no detection has, and to which no localization or classification mistake belongs, is missed. The dAP of a
kind is AP50 with these mistakes corrected minus AP50. They do not add up: precision and recall gain by each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from edgeslim.detections import Annotations, BoolArray, Detections, Doubles, IntArray
from edgeslim.metrics.bootstrap import Resampled, resample_weights
from edgeslim.metrics.corrected_ap import Judged, resampled_gains
from edgeslim.metrics.matching import AREA_RANGES, AREAS, MAX_DETECTIONS

MistakeKind = Literal["classification", "localization", "both", "duplicate", "background", "missed"]
KINDS: tuple[MistakeKind, ...] = get_args(MistakeKind)
Size = Literal["small", "medium", "large"]
SIZES: tuple[Size, ...] = get_args(Size)
FOREGROUND, BACKGROUND = 0.5, 0.1
"""IoU from which a detection has an object, and below which it has nothing to do with it."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in one image. Indices point into the image's detections and annotations as they were given."""

    image: int
    kind: MistakeKind
    detection: int | None
    """None for a missed object."""
    truth: int | None
    """The object it belongs to; None for background."""
    size: Size
    """Of the object, else of the detection's box, by COCO's areas."""
    score: float | None
    corrects: bool = False
    """Corrected, the detection would be right; else it would only be gone (or the object, if it is missed)."""


@dataclass(frozen=True, slots=True)
class Tide:
    """All mistakes of one model on some images, and what they cost (shares of 1)."""

    ap50: float | None
    """None if no image holds an object."""
    mistakes: tuple[Mistake, ...]
    delta: Mapping[MistakeKind, Resampled]
    """dAP of each kind, with its resamples over images."""
    by_size: Mapping[Size, Mapping[MistakeKind, float]]
    """dAP of each kind, correcting only the mistakes at that size."""
    false_positives: Resampled
    """dAP if every detection that is not correct were gone."""
    false_negatives: Resampled
    """dAP if every object that was not found were not there."""

    @property
    def counts(self) -> Mapping[MistakeKind, int]:
        found = Counter(mistake.kind for mistake in self.mistakes)
        return {kind: found[kind] for kind in KINDS}


def mistakes_of(truths: Sequence[Annotations], predictions: Sequence[Detections]) -> tuple[Mistake, ...]:
    """The mistakes alone, image by image, without what they cost."""
    return tuple(one for image in _by_image(truths, predictions) for one in image[-1])


def right_ones(
    truths: Sequence[Annotations], predictions: Sequence[Detections]
) -> tuple[tuple[int, int, int], ...]:
    """(image, detection, object) of every correct detection, image by image; none that has a crowd."""
    return tuple(
        (image, row, holder[row])
        for image, (truth, order, holder, _) in enumerate(_by_image(truths, predictions))
        for row in order
        if row in holder and not truth.crowd[holder[row]]
    )


def tide(truths: Sequence[Annotations], predictions: Sequence[Detections], classes: int) -> Tide:
    """The mistakes of `predictions`, image by image. Classes run from 0 to `classes` - 1 on both."""
    mistakes: list[Mistake] = []
    rows: list[tuple[int, int]] = []
    correct: list[bool] = []
    ignored: list[bool] = []
    objects, unfound = np.zeros((2, classes, len(truths)), np.int64)
    for image, (truth, order, holder, made) in enumerate(_by_image(truths, predictions)):
        mistakes += made
        rows += [(image, row) for row in order]
        correct += [holder.get(row, -1) >= 0 and not truth.crowd[holder[row]] for row in order]
        ignored += [row in holder and bool(truth.crowd[holder[row]]) for row in order]
        held = set(holder.values())
        np.add.at(objects[:, image], truth.classes[~truth.crowd], 1)
        for k in range(len(truth)):
            unfound[truth.classes[k], image] += not truth.crowd[k] and k not in held
    index = {place: n for n, place in enumerate(rows)}
    images = np.array([image for image, _ in rows], np.int64)
    score = np.array([predictions[image].scores[row] for image, row in rows], np.float64)
    label = np.array([predictions[image].classes[row] for image, row in rows], np.int64)
    right, counted = np.array(correct, np.bool_), ~np.array(ignored, np.bool_)
    base = Judged(images, score, label, right, counted, objects)
    known = np.flatnonzero(objects.any(axis=1))
    ap50 = base.ap50(known)

    def corrected(chosen: Callable[[Mistake], bool]) -> Judged | None:
        mine = [mistake for mistake in mistakes if chosen(mistake)]
        return _corrected(base, mine, index, truths) if mine else None

    def gain(judged: Judged | None) -> float:
        return 0.0 if judged is None else (judged.ap50(known) or 0.0) - (ap50 or 0.0)

    by_kind = [corrected(lambda one, kind=kind: one.kind == kind) for kind in KINDS]  # type: ignore[misc]
    totals = (replace(base, counted=counted & right), replace(base, objects=objects - unfound))
    every = [*by_kind, *totals]
    drawn = resampled_gains(base, every, resample_weights(len(truths)))
    costs = [
        Resampled(gain(judged), resamples, len(truths))
        for judged, resamples in zip(every, drawn, strict=True)
    ]
    return Tide(
        ap50,
        tuple(mistakes),
        dict(zip(KINDS, costs, strict=False)),
        {
            size: {
                kind: gain(corrected(lambda one, kind=kind, size=size: (one.kind, one.size) == (kind, size)))  # type: ignore[misc]
                for kind in KINDS
            }
            for size in SIZES
        },
        *costs[len(KINDS) :],
    )


def _by_image(
    truths: Sequence[Annotations], predictions: Sequence[Detections]
) -> Iterator[tuple[Annotations, list[int], dict[int, int], list[Mistake]]]:
    """Of each image its truth, the detections that count, the object that each of them has, and the mistakes."""
    for image, (truth, found) in enumerate(zip(truths, predictions, strict=True)):
        order, overlap = _ranked(found), _iou(found, truth)
        holder = _matched(order, overlap, found, truth)
        yield truth, order, holder, _mistakes(image, order, overlap, holder, found, truth)


def _corrected(
    base: Judged,
    mistakes: Sequence[Mistake],
    index: Mapping[tuple[int, int], int],
    truths: Sequence[Annotations],
) -> Judged:
    """As if these mistakes had not been made."""
    label, objects = base.label.copy(), base.objects.copy()
    correct, counted = base.correct.copy(), base.counted.copy()
    for mistake in mistakes:
        if mistake.detection is None:
            assert mistake.truth is not None, "what is missed is an object"
            objects[truths[mistake.image].classes[mistake.truth], mistake.image] -= 1
            continue
        row = index[mistake.image, mistake.detection]
        if mistake.corrects:
            assert mistake.truth is not None, "it is an object that makes it right"
            correct[row], label[row] = True, truths[mistake.image].classes[mistake.truth]
        else:
            counted[row] = False
    return Judged(base.image, base.score, label, correct, counted, objects)


def _ranked(found: Detections) -> list[int]:
    """Detections by falling score, of each class the best 100."""
    rank: Counter[int] = Counter()
    order = []
    for row in np.argsort(-found.scores, kind="stable").tolist():
        rank[int(found.classes[row])] += 1
        if rank[int(found.classes[row])] <= MAX_DETECTIONS:
            order.append(row)
    return order


def _iou(found: Detections, truth: Annotations) -> Doubles:
    """(N, M) IoU; with a crowd the share of the detection that lies in it, as COCO has it."""
    a, b = found.boxes.astype(np.float64)[:, None], truth.boxes.astype(np.float64)[None]
    sides = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None)
    shared = sides.prod(axis=-1)
    own = (a[..., 2:] - a[..., :2]).prod(axis=-1)
    union = np.where(truth.crowd[None], own, own + (b[..., 2:] - b[..., :2]).prod(axis=-1) - shared)
    iou: Doubles = np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0)
    return iou


def _matched(order: Sequence[int], overlap: Doubles, found: Detections, truth: Annotations) -> dict[int, int]:
    """The object that each detection has, crowds last; of equal IoUs COCO takes the last object."""
    holder: dict[int, int] = {}
    taken: set[int] = set()
    for row in order:
        fits = np.flatnonzero((truth.classes == found.classes[row]) & (overlap[row] >= FOREGROUND))
        free = [k for k in fits.tolist() if truth.crowd[k] or k not in taken]
        if free:
            best = max(free, key=lambda k: (not truth.crowd[k], overlap[row, k], k))
            holder[row] = best
            taken.add(best)
    return holder


def _mistakes(
    image: int,
    order: Sequence[int],
    overlap: Doubles,
    holder: Mapping[int, int],
    found: Detections,
    truth: Annotations,
) -> list[Mistake]:
    real = np.flatnonzero(~truth.crowd)
    held = set(holder.values())
    mistakes: list[Mistake] = []
    claimed: set[int] = set()
    for row in order:
        if row in holder:
            continue
        kind, target = _kind(overlap[row, real], truth.classes[real] == found.classes[row], real, held)
        corrects = False
        if kind in ("localization", "classification") and target not in held:
            corrects = target not in claimed  # the best-scored of those that could have had it
            claimed.add(target)
        box = found.boxes[row]
        area = float(truth.area[target]) if target >= 0 else float(np.prod(box[2:] - box[:2]))
        mistakes.append(
            Mistake(
                image,
                kind,
                row,
                target if target >= 0 else None,
                size_of(area),
                float(found.scores[row]),
                corrects,
            )
        )
    missed = [k for k in real.tolist() if k not in held and k not in claimed]
    return mistakes + [Mistake(image, "missed", None, k, size_of(float(truth.area[k])), None) for k in missed]


def _kind(iou: Doubles, same: BoolArray, real: IntArray, held: set[int]) -> tuple[MistakeKind, int]:
    """The kind of a detection that has no object, and the object that it belongs to, or -1."""
    if len(real) == 0:
        return "background", -1

    def nearest(allowed: BoolArray) -> tuple[float, int]:
        value = np.where(allowed, iou, 0.0)
        best = int(value.argmax())
        return float(value[best]), int(real[best])

    right, place = nearest(same)
    if BACKGROUND <= right < FOREGROUND:
        return "localization", place
    wrong, other = nearest(~same)
    if wrong >= FOREGROUND:
        return "classification", other
    taken, had = nearest(same & np.isin(real, list(held)))
    if taken >= FOREGROUND:
        return "duplicate", had
    nearby, any_object = nearest(np.ones(len(real), np.bool_))
    if nearby < BACKGROUND:
        return "background", -1
    return "both", any_object


def size_of(area: float) -> Size:
    """COCO's size of an area in px²."""
    for size, (low, high) in zip(AREAS[1:-1], AREA_RANGES[1:-1], strict=True):
        if low <= area <= high:
            return "small" if size == "small" else "medium"
    return "large"
