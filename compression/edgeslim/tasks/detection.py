"""Detection: resize and normalise, decode by the model's family, suppress duplicates, score by COCO mAP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from edgeslim.datasets.base import Split
from edgeslim.detections import Annotations, Detections
from edgeslim.metrics import detection
from edgeslim.metrics.bootstrap import SEED
from edgeslim.metrics.matching import match
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES, UNKNOWN
from edgeslim.tasks import preprocess
from edgeslim.tasks.base import Prediction, Prepared, Scores
from edgeslim.tasks.nms import nms


class Detection:
    """Boxes. A model of the unknown family gets prepared images, but gives no predictions."""

    name = "detection"
    primary_metric = "mAP"

    prepare = staticmethod(preprocess.prepare)

    def decode(
        self, outputs: Sequence[np.ndarray[Any, Any]], prepared: Prepared, spec: ModelSpec
    ) -> Detections | None:
        """At most `spec.max_detections` boxes in image pixels by falling score; None for the unknown family.

        Boxes without area inside the image are dropped. Raises ModelError where the outputs do not fit the
        family.
        """
        if spec.family == UNKNOWN:
            return None
        family = FAMILIES.get(spec.family)
        boxes, scores, classes = family.decode(outputs, spec)
        if family.nms:
            chosen = nms(boxes, scores, classes, spec.nms_iou, spec.max_detections)
        else:
            chosen = np.argsort(-scores, kind="stable")[: spec.max_detections]
        boxes = preprocess.to_image(boxes[chosen], prepared)
        inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        chosen = chosen[inside]
        return Detections(boxes[inside], scores[chosen], classes[chosen])

    def score(
        self, predictions: Sequence[Prediction], split: Split, labels: tuple[str, ...], seed: int = SEED
    ) -> Scores:
        """COCO figures over the `images` that have annotations; empty if nothing can be scored."""
        targets = [(index, split.target(index)) for index in range(len(split))]
        truth = {index: target for index, target in targets if isinstance(target, Annotations)}
        found = _detections(predictions, truth)
        if not truth or found is None:
            return Scores()
        matches = match(list(truth.values()), found, len(labels))
        primary = detection.resampled(matches, seed)
        figures = {**detection.coco_scores(matches, labels), "images": len(truth)}
        return Scores({**figures, "ci95": primary.ci95 if primary else None}, primary)


def _detections(predictions: Sequence[Prediction], indices: Iterable[int]) -> list[Detections] | None:
    """The predictions of these images, or None if the model's family gives none."""
    chosen = [predictions[index] for index in indices]
    found = [each for each in chosen if isinstance(each, Detections)]
    return found if len(found) == len(chosen) else None
