"""Mapping a dataset's classes to a model's: by name, never by index."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from edgeslim.datasets.base import Part, Split
from edgeslim.detections import Annotations, IntArray, Target
from edgeslim.errors import DatasetError, Notice

UNKNOWN = -1
_SHOWN = 5


def map_classes(dataset_labels: Sequence[str], model_labels: Sequence[str]) -> IntArray:
    """The model's index of each class of the dataset, or UNKNOWN. Shape (len(dataset_labels),).

    Names match exactly or, failing that, without regard to case, spaces, underscores and hyphens.
    Raises DatasetError(code='no_common_labels') if none does.
    """
    exact = {name: index for index, name in reversed(list(enumerate(model_labels)))}
    loose = {_plain(name): index for index, name in reversed(list(enumerate(model_labels)))}
    mapping = [exact.get(name, loose.get(_plain(name), UNKNOWN)) for name in dataset_labels]
    if all(index == UNKNOWN for index in mapping):
        values = {"dataset_labels": _some(dataset_labels), "model_labels": _some(model_labels)}
        raise DatasetError(
            "no_common_labels",
            f"The dataset knows {values['dataset_labels']}; the model knows {values['model_labels']}: "
            "they have no class in common.",
            "Choose data with the model's classes, or correct the labels in the model's specification.",
            **values,
        )
    return np.array(mapping, np.int64)


def unmatched_classes(dataset_labels: Sequence[str], mapping: IntArray) -> list[Notice]:
    """Notices of the dataset's classes that the model lacks; none if it has all."""
    missing = [name for name, index in zip(dataset_labels, mapping, strict=True) if index == UNKNOWN]
    if not missing:
        return []
    text = f"{len(missing)} classes of the dataset are unknown to the model and not scored: {_some(missing)}."
    return [Notice("unmatched_classes", text, count=len(missing), labels=_some(missing))]


class Relabelled(Part):
    """A split whose targets are mapped to a model's classes.

    A box of an unknown class is dropped, a classification target of an unknown class becomes None.
    """

    def __init__(self, split: Split, mapping: IntArray) -> None:
        super().__init__(split, range(len(split)), "relabelled")
        self._mapping = mapping

    @property
    def fingerprint(self) -> str:
        """Of the split and the mapping."""
        numbers = ",".join(map(str, self._mapping))
        return hashlib.sha256(f"{self._split.fingerprint} as {numbers}".encode()).hexdigest()

    def target(self, index: int) -> Target:
        return relabelled(self._split.target(index), self._mapping)


def relabelled(known: Target, mapping: IntArray) -> Target:
    """A target in the model's classes: without boxes of unknown classes; None for an image of an unknown class."""
    if known is None:
        return None
    if isinstance(known, Annotations):
        classes = mapping[known.classes]
        keep = classes != UNKNOWN
        return Annotations(known.boxes[keep], classes[keep], known.crowd[keep], known.area[keep])
    label = int(mapping[known])
    return None if label == UNKNOWN else label


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character not in " _-")


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:_SHOWN]) or "no classes"
    return f"{shown}, …" if len(labels) > _SHOWN else shown
