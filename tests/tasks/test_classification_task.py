from __future__ import annotations

import numpy as np
import pytest
from known_targets import Targets

from edgeslim.models.base import ModelSpec
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prepared

SPEC = ModelSpec(
    task="classification",
    family="classifier",
    input_width=8,
    input_height=8,
    color="GRAY",
    mean=(0.0,),
    std=(1.0,),
    labels=("zero", "one", "two"),
)
PREPARED = Prepared(np.zeros((1, 1, 8, 8), np.float32), 1, 1, 0, 0, 8, 8)


def certain(label: int) -> np.ndarray:
    return np.eye(3, dtype=np.float32)[label]


def test_logits_become_probabilities_and_probabilities_stay() -> None:
    task = task_for(SPEC)
    logits = np.log(np.array([[1, 2, 5]], np.float32))
    assert task.decode([logits], PREPARED, SPEC) == pytest.approx([0.125, 0.25, 0.625])
    assert task.decode([np.array([[0.5, 0.2, 0.3]], np.float32)], PREPARED, SPEC) == pytest.approx(
        [0.5, 0.2, 0.3]
    )


def test_score_counts_labelled_images_only() -> None:
    task = task_for(SPEC)
    predictions = [certain(0), certain(1), certain(1), certain(2)]
    baseline = [certain(0), certain(1), certain(2), certain(2)]
    targets = Targets([0, 1, 2, None])
    found, original = (task.score(made, targets, SPEC.labels) for made in (predictions, baseline))
    scores = found.figures
    assert scores[task.primary_metric] == scores["top1"] == pytest.approx(2 / 3)
    assert scores["images"] == 3
    assert scores["by_class"] == {"zero": 1.0, "one": 1.0, "two": 0.0}
    assert found.primary is not None and original.primary is not None
    change = found.primary - original.primary
    assert (change.value, change.images) == (pytest.approx(-1 / 3), 3)
    assert change.paired_ci95[0] < -1 / 3 < change.paired_ci95[1]


def test_nothing_to_score() -> None:
    assert task_for(SPEC).score([certain(0)], Targets([None]), SPEC.labels).figures == {}
