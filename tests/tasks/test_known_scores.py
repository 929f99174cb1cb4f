"""Real detectors that nobody here made, on real images, against the scores that are known for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.datasets import open_dataset
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES
from edgeslim.ort import open_session
from edgeslim.tasks import task_for

REAL_DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("file", "family", "side", "mean_ap", "tolerance"),
    [("yolox_nano", "yolox", 416, 0.295, 0.002), ("nanodet_m_320", "gfl", 320, 0.256, 0.003)],
)
def test_published_models_reach_their_scores(
    file: str, family: str, side: int, mean_ap: float, tolerance: float
) -> None:
    if not REAL_DATA.is_dir():
        pytest.skip("needs the real models and images in ../shared/data, beside the repository")
    dataset = open_dataset(REAL_DATA / "images" / "coco_val" / "instances.json")
    split = dataset.split("validation")
    spec = ModelSpec(
        family=family,
        input_width=side,
        input_height=side,
        labels=dataset.labels,
        strides=(8, 16, 32),
        **FAMILIES.get(family).conventions,
    )
    task, session = task_for(spec), open_session(REAL_DATA / "models" / f"{file}.onnx")
    predictions = []
    for index in range(len(split)):
        prepared = task.prepare(split.image(index), spec)
        predictions.append(task.decode(session.run(prepared.tensor), prepared, spec))
    scores = task.score(predictions, split, dataset.labels).figures
    assert scores["images"] == 57
    assert scores["mAP"] == pytest.approx(mean_ap, abs=tolerance)
    low, high = scores["ci95"]
    assert low < scores["mAP"] < high
