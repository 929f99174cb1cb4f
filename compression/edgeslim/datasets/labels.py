"""Mapping a dataset's classes to a model's: by name, never by index."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

from edgeslim.datasets.base import Part, Split
from edgeslim.detections import Annotations, IntArray, Target
from edgeslim.errors import DatasetError, Notice
from edgeslim.records import ClassMap, ClassMatching
from edgeslim.units import format_names

UNKNOWN = -1


def map_classes(dataset_labels: Sequence[str], model_labels: Sequence[str], given: ClassMap = ()) -> IntArray:
    """The model's index of each class of the dataset, or UNKNOWN. Shape (len(dataset_labels),).

    As `match_classes` says. Raises DatasetError (no_common_labels) if there is none in common.
    """
    return indices_of(required(match_classes(dataset_labels, model_labels, given), dataset_labels))


def match_classes(
    dataset_labels: Sequence[str], model_labels: Sequence[str], given: ClassMap = ()
) -> ClassMatching:
    """Which classes are the same: those `given`; of the others those with the same name, exactly or, failing that,
    without regard to case, spaces, underscores and hyphens.

    Raises DatasetError (class_not_in_dataset, class_not_in_model) where `given` names another one.
    """
    for names, side in ((dict(given), dataset_labels), (dict(given).values(), model_labels)):
        for name in names:
            if name is not None and name not in side:
                raise _class_not_there(name, "dataset" if side is dataset_labels else "model", side)
    exact = {name: name for name in model_labels}
    loose = {_plain(name): name for name in reversed(model_labels)}
    said = dict(given)
    pairs = tuple(
        (name, said[name] if name in said else exact.get(name, loose.get(_plain(name))))
        for name in dataset_labels
    )
    return ClassMatching(pairs, tuple(model_labels), bool(given))


def indices_of(matching: ClassMatching) -> IntArray:
    """The model's index of each class of the dataset, or UNKNOWN."""
    places = {name: index for index, name in reversed(list(enumerate(matching.model)))}
    return np.array([UNKNOWN if name is None else places[name] for _, name in matching.pairs], np.int64)


def required(matching: ClassMatching, dataset_labels: Sequence[str]) -> ClassMatching:
    """The matching. Raises DatasetError (no_common_labels) if it is empty."""
    if matching.matched:
        return matching
    raise DatasetError(
        "no_common_labels", dataset_labels=_some(dataset_labels), model_labels=_some(matching.model)
    )


def check_classes(matching: ClassMatching | None) -> None:
    """Raise DatasetError (few_classes) if a score would be of so few classes that it has to be asked for."""
    if matching is None or matching.given or not matching.few:
        return
    raise DatasetError(
        "few_classes",
        matched=matching.matched,
        total=len(matching.pairs),
        dataset_only=_some(matching.dataset_only),
        model_only=_some(matching.model_only),
        lines=json.dumps(dict(matching.pairs), ensure_ascii=False),
    )


def unmatched_classes(matching: ClassMatching) -> list[Notice]:
    """Notices of the dataset's classes that the model lacks; none if it has all."""
    missing = matching.dataset_only
    if not missing:
        return []
    return [
        Notice(
            "classes_not_scored",
            matched=matching.matched,
            total=len(matching.pairs),
            count=len(missing),
            labels=_some(missing),
        )
    ]


def _class_not_there(name: str, side: str, labels: Sequence[str]) -> DatasetError:
    choices = ", ".join(get_close_matches(name, labels, n=3) or labels[:5])
    return DatasetError(f"class_not_in_{side}", name=name, choices=choices)


class Relabelled(Part):
    """A split whose targets are mapped to a model's classes.

    A box of an unknown class is dropped, a classification target of an unknown class becomes None. To be `taught`, such
    a box stays, as a crowd: what the model does not know is no background, since it may well be what it knows by
    another name.
    """

    def __init__(self, split: Split, mapping: IntArray, *, taught: bool = False) -> None:
        super().__init__(split, range(len(split)), "relabelled")
        self._mapping, self._taught = mapping, taught

    @property
    def annotated(self) -> frozenset[int]:
        """The model's classes that the dataset has."""
        return frozenset(self._mapping.tolist()) - {UNKNOWN}

    @property
    def fingerprint(self) -> str:
        """Of the split and the mapping."""
        numbers = ",".join(map(str, self._mapping))
        if self._taught and UNKNOWN in self._mapping:
            numbers += ", the others as crowds"
        return hashlib.sha256(f"{self._split.fingerprint} as {numbers}".encode()).hexdigest()

    def target(self, index: int) -> Target:
        return relabelled(self._split.target(index), self._mapping, taught=self._taught)


def relabelled(known: Target, mapping: IntArray, *, taught: bool = False) -> Target:
    """A target in the model's classes: without boxes of unknown classes, or with them as crowds if it is to be `taught`;
    None for an image of an unknown class.
    """
    if known is None:
        return None
    if isinstance(known, Annotations):
        classes = mapping[known.classes]
        keep = classes != UNKNOWN
        if taught:
            return Annotations(known.boxes, np.where(keep, classes, 0), known.crowd | ~keep, known.area)
        return Annotations(known.boxes[keep], classes[keep], known.crowd[keep], known.area[keep])
    label = int(mapping[known])
    return None if label == UNKNOWN else label


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character not in " _-")


def _some(labels: Sequence[str]) -> str:
    return format_names(labels) or "no classes"
