"""What a detector's boxes are worth without regard to their classes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from edgeslim.artifacts.store import Store
from edgeslim.detections import Annotations, Detections
from edgeslim.measurement.workload import Workload
from edgeslim.metrics.detection import resampled_map
from edgeslim.metrics.matching import match
from edgeslim.predictions import predict
from edgeslim.progress import Progress, silent


def score_without_classes(file: Path, workload: Workload, store: Store, progress: Progress = silent) -> float:
    """The mAP of the file on the workload's images if all objects and boxes were of one class; 0 where there are none."""
    split = workload.evaluation
    truths, found = [], []
    for place, seen in enumerate(predict(file, workload.model.spec, split, store, progress=progress)):
        truth = split.target(place)
        if isinstance(seen, Detections) and isinstance(truth, Annotations):
            truths.append(dataclasses.replace(truth, classes=np.zeros_like(truth.classes)))
            found.append(dataclasses.replace(seen, classes=np.zeros_like(seen.classes)))
    if not truths:
        return 0.0
    matches = match(truths, found, 1)
    return float(np.nan_to_num(resampled_map(matches, np.ones((matches.images, 1), np.int64))[0]))
