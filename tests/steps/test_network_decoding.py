"""Boxes decoded in torch are those of the families' own decoders."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))
import family_examples as known

from edgeslim.models.base import ModelSpec
from edgeslim.steps.recovery.losses.outputs import decoded

FAMILIES = ["yolox", "yolox_decoded", "gfl", "picodet", "nanodet_plus", "fcos", "ssd", "yolov8", "yunet"]


def spec_of(family: str, example: known.Example) -> ModelSpec:
    labels = tuple(f"class {index}" for index in range(example.classes))
    return ModelSpec(
        family=family,
        input_width=known.WIDTH,
        input_height=known.HEIGHT,
        strides=example.strides,
        labels=labels,
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_the_one_detection_is_decoded_as_worked_out_by_hand(family: str) -> None:
    example: known.Example = getattr(known, family)()
    outputs = [torch.tensor(each if each.ndim > 2 else each[None]) for each in example.outputs]
    places = decoded(outputs, spec_of(family, example))
    assert places is not None
    scores = places.scores[0]
    place, label = divmod(int(scores.flatten().argmax()), scores.shape[1])
    assert label == example.label
    np.testing.assert_allclose(places.boxes[0, place].numpy(), example.box, rtol=1e-4, atol=1e-3)
    expected = example.score**2 if family == "yunet" else example.score
    assert float(scores[place, label]) == pytest.approx(expected, rel=1e-4)


def test_boxes_off_the_grid_are_not_decoded() -> None:
    example = known.fcos()
    spec = ModelSpec(
        family="fcos", input_width=100, input_height=100, strides=(8, 16), labels=("a", "b", "c")
    )
    assert decoded([torch.tensor(each) for each in example.outputs], spec) is None
