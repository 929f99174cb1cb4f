"""How a compressed classifier breaks: the images whose class changed, and which of its answers went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from edgeslim.detections import Doubles, Target

ClassKind = Literal["broken", "relabelled", "mended", "wrong", "right", "kept"]
CLASS_KINDS: tuple[ClassKind, ...] = get_args(ClassKind)
"""Of labelled images: right before alone, wrong in two ways, right now alone, wrong in one way, right in both. Of others:
'relabelled' and 'kept'."""


@dataclass(frozen=True, slots=True)
class ClassFinding:
    """One image, with the likeliest classes of both files."""

    image: int
    kind: ClassKind
    label: int
    """The class that it is; of an unlabelled image the one that the original sees."""
    before: int
    after: int

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class ClassFilter:
    """Which images are wanted; None is any. `seen` is what the original sees if `by_original`, else the file."""

    kind: str | None = None
    label: int | None = None
    seen: int | None = None
    by_original: bool = False

    def __call__(self, finding: ClassFinding) -> bool:
        seen = finding.before if self.by_original else finding.after
        wanted = ((self.kind, finding.kind), (self.label, finding.label), (self.seen, seen))
        return all(want is None or want == has for want, has in wanted)


def class_findings(
    truths: Sequence[Target] | None, before: Doubles, after: Doubles
) -> tuple[ClassFinding, ...]:
    """Of probabilities (N, C): images whose class changed first, those whose probabilities moved most in front."""
    moved = np.abs(before - after).sum(axis=1)
    first, second = before.argmax(axis=1), after.argmax(axis=1)
    order = np.lexsort((-moved, first == second)).tolist()
    return tuple(
        _finding(image, None if truths is None else truths[image], int(first[image]), int(second[image]))
        for image in order
    )


def _finding(image: int, truth: Target, before: int, after: int) -> ClassFinding:
    if not isinstance(truth, int):
        return ClassFinding(image, "kept" if before == after else "relabelled", before, before, after)
    right = before == truth, after == truth
    kinds: dict[tuple[bool, bool], ClassKind] = {
        (True, False): "broken",
        (False, True): "mended",
        (True, True): "right",
        (False, False): "wrong" if before == after else "relabelled",
    }
    return ClassFinding(image, kinds[right], truth, before, after)


def class_tally(
    findings: Sequence[ClassFinding], wanted: ClassFilter
) -> tuple[Mapping[str, int], Mapping[int, int]]:
    """How many images there are by kind and by class, each under the other filters."""
    kinds, labels = replace(wanted, kind=None), replace(wanted, label=None)
    return (
        Counter(finding.kind for finding in findings if kinds(finding)),
        Counter(finding.label for finding in findings if labels(finding)),
    )
