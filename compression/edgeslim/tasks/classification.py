"""Classification: resize and normalise, read class probabilities, score by top-1 accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from edgeslim.datasets.base import Split
from edgeslim.detections import FloatArray
from edgeslim.metrics import classification
from edgeslim.metrics.bootstrap import SEED
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.classifier import probabilities
from edgeslim.tasks.base import Prediction, Prepared, Scores, prepare


class Classification:
    """One label for the whole image."""

    name = "classification"
    primary_metric = "top1"

    prepare = staticmethod(prepare)

    def decode(
        self, outputs: Sequence[np.ndarray[Any, Any]], prepared: Prepared, spec: ModelSpec
    ) -> FloatArray:
        """(C,) class probabilities."""
        return probabilities(outputs)

    def score(
        self, predictions: Sequence[Prediction], split: Split, labels: tuple[str, ...], seed: int = SEED
    ) -> Scores:
        """Accuracy over the `images` that have a label; empty if none has one."""
        targets = [(index, split.target(index)) for index in range(len(split))]
        known = {index: target for index, target in targets if isinstance(target, int)}
        if not known:
            return Scores()
        truth = np.array(list(known.values()), np.int64)
        found = _stacked(predictions, known)
        primary = classification.resampled(found, truth, seed)
        figures = classification.classification_scores(found, truth, labels)
        return Scores({**figures, "images": len(truth), "ci95": primary.ci95}, primary)


def _stacked(predictions: Sequence[Prediction], indices: Iterable[int]) -> FloatArray:
    """(N, C) probabilities of these images."""
    chosen = [predictions[index] for index in indices]
    return np.stack([each for each in chosen if isinstance(each, np.ndarray)])
