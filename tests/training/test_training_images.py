"""Training images: the pixels the network sees, the boxes moved along, memory kept within its limit."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.detections import Annotations, Image
from edgeslim.models.base import ModelSpec
from edgeslim.training.data import SplitExamples, batch_order


class Pictures:
    """Four grey ramps of 20 × 40 pixels with one box each; counts how often each is read."""

    fingerprint = "pictures"

    def __init__(self) -> None:
        self.reads = [0] * 4

    def __len__(self) -> int:
        return 4

    def image(self, index: int) -> Image:
        self.reads[index] += 1
        return np.full((20, 40, 3), [10 * index, 20, 30], np.uint8)

    def target(self, index: int) -> Annotations:
        return Annotations.of(np.array([[4, 5, 24, 15]], np.float32), np.array([index]))

    def image_id(self, index: int) -> str:
        return str(index)


def _spec(**changes: object) -> ModelSpec:
    values: dict[str, object] = {"family": "fcos", "input_width": 80, "input_height": 80, **changes}
    return ModelSpec(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"scale": 1 / 255},
        {"mean": (123.7, 116.3, 103.5), "std": (58.4, 57.1, 57.4)},
        {"scale": 1 / 255, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
    ],
)
def test_pixels_come_back_exactly_whatever_the_normalisation(changes: dict[str, object]) -> None:
    pixels, _ = SplitExamples(Pictures(), _spec(resize="stretch", **changes)).take(np.array([3]))
    assert pixels.shape == (1, 80, 80, 3)
    assert np.unique(pixels[0].reshape(-1, 3), axis=0).tolist() == [[30, 20, 30]]


def test_boxes_move_with_the_letterbox() -> None:
    pixels, targets = SplitExamples(Pictures(), _spec(resize="letterbox_center")).take(np.array([2]))
    assert pixels[0, 0, 0].tolist() == [114, 114, 114]
    assert pixels[0, 40, 40].tolist() == [20, 20, 30]
    target = targets[0]
    assert isinstance(target, Annotations)
    assert target.boxes.tolist() == [[8, 30, 48, 50]]
    assert target.area.tolist() == [800]


def test_bgr_networks_get_bgr_pixels() -> None:
    pixels, _ = SplitExamples(Pictures(), _spec(color="BGR")).take(np.array([1]))
    assert pixels[0, 0, 0].tolist() == [30, 20, 10]


def test_an_image_is_read_once_while_there_is_room_and_each_time_beyond() -> None:
    split = Pictures()
    examples = SplitExamples(split, _spec(), kept_bytes=2 * 80 * 80 * 3)
    for _ in range(3):
        pixels, targets = examples.take(np.array([0, 1, 3]))
        assert pixels[:, 0, 0, 0].tolist() == [0, 10, 30]
        assert [int(target.classes[0]) for target in targets if isinstance(target, Annotations)] == [0, 1, 3]
    assert split.reads == [1, 1, 0, 3]


def test_images_that_no_step_takes_are_not_read() -> None:
    split = Pictures()
    SplitExamples(split, _spec()).take(np.array([2]))
    assert split.reads == [0, 0, 1, 0]


def test_every_epoch_shows_every_image_once_in_another_order() -> None:
    order = batch_order(12, 4, seed=7)
    epochs = [np.concatenate([order(step) for step in range(3 * e, 3 * e + 3)]) for e in range(2)]
    assert [sorted(epoch.tolist()) for epoch in epochs] == [list(range(12))] * 2
    assert epochs[0].tolist() != epochs[1].tolist()
    assert np.array_equal(order(4), batch_order(12, 4, seed=7)(4))
