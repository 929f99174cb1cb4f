"""How a compressed file breaks: every box that changed, or every mistake, as something that can be counted and shown.

Against the original no labels are needed: boxes are lost, gained, moved or relabelled (metrics.fidelity). Against the
truth a file makes the mistakes of TIDE (metrics.tide). Both look at boxes from one threshold of the score on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal

from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.fidelity import SAME_IOU, Fidelity, box_iou, diff
from edgeslim.metrics.tide import KINDS, SIZES, MistakeKind, Size, mistakes_of, right_ones, size_of

ChangeKind = Literal["lost", "gained", "relabelled", "moved", "kept"]
CHANGES: tuple[ChangeKind, ...] = ("lost", "relabelled", "gained", "moved", "kept")
"""The gravest first."""
UNHARMED = frozenset({"kept", "right"})
"""Kinds that are no damage: boxes as they were, and right detections. They are shown only if they are asked for."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Finding:
    """One change, or one mistake, at one place of one image; or a box that is as it was, or right."""

    image: int
    kind: ChangeKind | MistakeKind | Literal["right"]
    box: Box
    """xyxy in pixels: where to look."""
    size: Size
    """Of the reference's box, else of what was seen, by COCO's areas."""
    label: int | None
    """The class that it is, by the original or by the truth; None if nothing is there."""
    seen: int | None
    """The class that the file sees; None if it sees nothing."""
    before: float | None
    """The original's score; None against the truth, and where the original has no such box."""
    after: float | None
    """The file's score. Of what was lost or gained, these are the best scores of the same class at the same place, below
    the threshold; None where there is no such box."""
    reference: int | None
    """Index among the original's boxes, or among the annotations."""
    detection: int | None
    """Index among the file's boxes."""

    @property
    def harm(self) -> bool:
        return self.kind not in UNHARMED

    @property
    def about(self) -> int | None:
        """The class that it is about: of the reference, else the one that is seen where nothing is."""
        return self.label if self.label is not None else self.seen


@dataclass(frozen=True, slots=True)
class Filter:
    """Which findings are wanted; None is any, as a kind any damage.

    A class is that of the reference; where nothing is there, the one seen.
    """

    kind: str | None = None
    label: int | None = None
    seen: int | None = None
    size: str | None = None

    def __call__(self, finding: Finding) -> bool:
        wanted = ((self.label, finding.about), (self.seen, finding.seen), (self.size, finding.size))
        kind = finding.harm if self.kind is None else finding.kind == self.kind
        return kind and all(want is None or want == has for want, has in wanted)


def fates(
    before: Sequence[Detections], after: Sequence[Detections], confidence: float
) -> tuple[Finding, ...]:
    """What became of the original's boxes, the most changed image first, in it the gravest change."""
    found: list[tuple[int, int, list[Finding]]] = []
    for image, (original, compressed) in enumerate(zip(before, after, strict=True)):
        became = diff(original, compressed, confidence=confidence)
        mine = [
            _change(image, kind, i, j, original, compressed, confidence)
            for kind in CHANGES
            for i, j in _pairs(became, kind)
        ]
        if mine:
            found.append((became.severity, image, mine))
    found.sort(key=lambda one: (-one[0], one[1]))
    return tuple(finding for _, _, mine in found for finding in mine)


def verdicts(
    truths: Sequence[Annotations], predictions: Sequence[Detections], confidence: float
) -> tuple[Finding, ...]:
    """The mistakes of one file from a score on, the image with the most of them first, then what it has right."""
    kept = [found.from_score(confidence) for found in predictions]
    rows = [found.rows_from(confidence).tolist() for found in predictions]
    judged = mistakes_of(truths, kept)
    many = Counter(mistake.image for mistake in judged)
    order = sorted(
        judged, key=lambda one: (-many[one.image], one.image, KINDS.index(one.kind), -(one.score or 1.0))
    )
    right = [
        _judged(
            image,
            "right",
            size_of(float(truths[image].area[k])),
            k,
            row,
            truths[image],
            kept[image],
            rows[image],
        )
        for image, row, k in right_ones(truths, kept)
    ]
    wrong = [
        _judged(
            one.image,
            one.kind,
            one.size,
            one.truth,
            one.detection,
            truths[one.image],
            kept[one.image],
            rows[one.image],
        )
        for one in order
    ]
    return (*wrong, *right)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings there are by kind, class and size, each under the other filters."""

    kinds: Mapping[str, int]
    labels: Mapping[int, int]
    sizes: Mapping[str, int]
    images: int


def tally(findings: Sequence[Finding], wanted: Filter) -> Tally:
    """What each choice would show if it were made next to the other ones."""

    def left(**free: None) -> list[Finding]:
        chosen = replace(wanted, **free)
        return [finding for finding in findings if chosen(finding)]

    shown = left()
    return Tally(
        Counter(finding.kind for finding in findings if replace(wanted, kind=finding.kind)(finding)),
        Counter(finding.about for finding in left(label=None) if finding.about is not None),
        {size: sum(one.size == size for one in left(size=None)) for size in SIZES},
        len({finding.image for finding in shown}),
    )


def _pairs(fates: Fidelity, kind: ChangeKind) -> list[tuple[int | None, int | None]]:
    if kind == "lost":
        return [(int(i), None) for i in fates.lost]
    if kind == "gained":
        return [(None, int(j)) for j in fates.gained]
    return [(int(i), int(j)) for i, j in getattr(fates, kind)]


def _change(
    image: int,
    kind: ChangeKind,
    i: int | None,
    j: int | None,
    original: Detections,
    compressed: Detections,
    confidence: float,
) -> Finding:
    boxes = [_box(found, k) for found, k in ((original, i), (compressed, j)) if k is not None]
    return Finding(
        image,
        kind,
        _around(boxes),
        size_of(_area(boxes[0])),
        None if i is None else int(original.classes[i]),
        None if j is None else int(compressed.classes[j]),
        _quiet(compressed, j, original, confidence) if i is None else float(original.scores[i]),
        _quiet(original, i, compressed, confidence) if j is None else float(compressed.scores[j]),
        i,
        j,
    )


def _quiet(one: Detections, index: int | None, other: Detections, confidence: float) -> float | None:
    """The best score below the threshold that `other` has for a box of `one`; None if it has none there."""
    assert index is not None, "a change is a box of either"
    there = box_iou(one.boxes[index : index + 1], other.boxes)[0] >= SAME_IOU
    there &= (other.classes == one.classes[index]) & (other.scores < confidence)
    return float(other.scores[there].max()) if there.any() else None


def _judged(
    image: int,
    kind: MistakeKind | Literal["right"],
    size: Size,
    target: int | None,
    detection: int | None,
    truth: Annotations,
    found: Detections,
    rows: Sequence[int],
) -> Finding:
    """A mistake, or a right detection; `rows` tell which of the file's boxes `found` are."""
    boxes: list[Box] = []
    if target is not None:
        boxes.append(_corners(truth.boxes[target]))
    if detection is not None:
        boxes.append(_box(found, detection))
    return Finding(
        image,
        kind,
        _around(boxes),
        size,
        None if target is None else int(truth.classes[target]),
        None if detection is None else int(found.classes[detection]),
        None,
        None if detection is None else float(found.scores[detection]),
        target,
        None if detection is None else rows[detection],
    )


def _box(found: Detections, index: int) -> Box:
    return _corners(found.boxes[index])


def _corners(row: Sequence[float]) -> Box:
    x0, y0, x1, y1 = (float(side) for side in row)
    return x0, y0, x1, y1


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of them."""
    return reduce(lambda a, b: (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])), boxes)
