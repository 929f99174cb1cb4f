"""A tiny detector on real scenes: it learns, and says the same in training and evaluation mode."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgeslim.datasets.street_signs.scene import render_scene
from edgeslim.detections import Annotations
from edgeslim.models.families.dense_loss import assign, generalized_iou, pad, pairwise_iou
from edgeslim.models.families.fcos import Fcos
from edgeslim.models.sample_networks import Size, StreetSignNetwork, street_sign_spec
from edgeslim.training.data import Examples, augment, normalise
from edgeslim.training.loop import train
from edgeslim.training.settings import TrainSettings

SPEC = street_sign_spec()
TINY = Size(widths=(8, 12, 16, 24, 0), blocks=(1, 1, 1, 0), neck=16)


@pytest.fixture(scope="module")
def scenes() -> Examples:
    rendered = [render_scene(5, index) for index in range(24)]
    targets = tuple(Annotations.of(scene.boxes, scene.classes) for scene in rendered)
    return Examples(np.stack([scene.image for scene in rendered]), targets)


@pytest.fixture(scope="module")
def trained(scenes: Examples) -> StreetSignNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = StreetSignNetwork(TINY)
    settings = TrainSettings(steps=90, batch=8, learning_rate=4e-3, warmup_steps=10, augment=False)
    log = train(network, scenes, SPEC, settings)
    assert log.final_loss < 0.6 * log.rows[0]["loss"]
    return network


def _best_boxes(
    network: StreetSignNetwork, scenes: Examples, training: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """For every object, the most overlapping box and that overlap, over one batch of all scenes."""
    network.train(training)
    with torch.no_grad():
        outputs = network(normalise(torch.from_numpy(scenes.pixels).float(), SPEC))
    network.eval()
    dense, truth = Fcos().dense(outputs, SPEC), pad(scenes.targets)
    overlap, cell = pairwise_iou(truth.boxes, dense.boxes).max(dim=2)
    boxes = torch.gather(dense.boxes, 1, cell[:, :, None].expand(-1, -1, 4))
    return boxes[truth.real], overlap[truth.real]


def test_training_and_evaluation_mode_agree_on_the_boxes(
    trained: StreetSignNetwork, scenes: Examples
) -> None:
    state = {name: value.clone() for name, value in trained.state_dict().items()}
    _, in_training = _best_boxes(trained, scenes, training=True)
    trained.load_state_dict(state)
    _, in_evaluation = _best_boxes(trained, scenes, training=False)
    assert float(in_evaluation.mean()) > 0.4
    assert abs(float(in_training.mean() - in_evaluation.mean())) < 0.05


def test_boxes_are_not_biased_for_small_or_large_objects(
    trained: StreetSignNetwork, scenes: Examples
) -> None:
    boxes, overlap = _best_boxes(trained, scenes, training=False)
    truth = pad(scenes.targets)
    wanted = truth.boxes[truth.real]
    sides = (wanted[:, 2:] - wanted[:, :2]).mean(dim=1)
    found = (boxes[:, 2:] - boxes[:, :2]).mean(dim=1)
    error = (found - sides) / sides
    for chosen in (sides < sides.median(), sides >= sides.median()):
        assert abs(float(error[chosen & (overlap > 0.3)].mean())) < 0.25


def test_perfect_outputs_cost_almost_nothing_and_poor_ones_much() -> None:
    targets = [Annotations.of(np.array([[96, 48, 144, 96]], np.float32), np.array([3]))]
    outputs = [torch.full((1, c, h, w), -12.0) for h, w in ((24, 36), (12, 18)) for c in (10, 4)]
    for logits, raw, stride in ((outputs[0], outputs[1], 8), (outputs[2], outputs[3], 16)):
        rows, columns = raw.shape[2:]
        x = (torch.arange(columns) + 0.5) * stride
        y = (torch.arange(rows) + 0.5) * stride
        sides = [x[None] - 96, y[:, None] - 48, 144 - x[None], 96 - y[:, None]]
        for index, side in enumerate(sides):
            raw[0, index] = (side.clamp(min=1e-3) / stride).log().expand(rows, columns)
        inside = torch.stack([s.expand(rows, columns) for s in sides]).amin(dim=0) > 0
        logits[0, 3][inside] = 12.0
    weight = assign(Fcos().dense(outputs, SPEC), pad(targets))[2][0]
    assert int((weight > 0).sum()) == 10
    assert float(weight.max()) == pytest.approx(1.0, abs=1e-4)
    cells = weight.split([24 * 36, 12 * 18])
    for logits, level in ((outputs[0], cells[0]), (outputs[2], cells[1])):
        logits[0, 3] = torch.where(level.reshape(logits.shape[2:]) > 0, 12.0, -12.0)
    assert float(Fcos().loss(outputs, targets, SPEC)) < 0.01
    shifted = [out if out.shape[1] == 10 else out + 0.5 for out in outputs]
    missed = [torch.full_like(out, -12.0) if out.shape[1] == 10 else out for out in outputs]
    assert float(Fcos().loss(shifted, targets, SPEC)) > 1.0
    assert float(Fcos().loss(missed, targets, SPEC)) > 10.0


def test_generalized_iou_of_known_boxes() -> None:
    first = torch.tensor([[0.0, 0, 2, 2], [0, 0, 1, 1], [0, 0, 2, 2]])
    second = torch.tensor([[0.0, 0, 2, 2], [2, 0, 3, 1], [1, 0, 3, 2]])
    assert generalized_iou(first, second).tolist() == pytest.approx([1.0, -1 / 3, 1 / 3], abs=1e-6)


def test_augmentation_moves_boxes_with_their_pixels() -> None:
    pixels = torch.zeros(1, 192, 288, 3)
    pixels[0, 60:100, 100:160] = 255.0
    targets = [Annotations.of(np.array([[100, 60, 160, 100]], np.float32), np.array([0]))]
    for seed in range(5):
        moved, boxes = augment(pixels, targets, np.random.default_rng(seed), move=True, pad_value=0.0)
        target = boxes[0]
        assert isinstance(target, Annotations)
        if len(target) == 0:
            continue
        bright = (moved[0].amax(dim=2) > moved[0].amax() / 2).nonzero()
        low, high = bright.min(dim=0).values, bright.max(dim=0).values + 1
        seen = [float(low[1]), float(low[0]), float(high[1]), float(high[0])]
        assert target.boxes[0].tolist() == pytest.approx(seen, abs=2.0)
