"""Losses of published heads: worked out by hand, blind to crowds, and each teaches a tiny network to see."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeslim.detections import Annotations, Detections
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES
from edgeslim.models.families.detector_losses import distribution_focal
from edgeslim.models.families.geometry import grid
from edgeslim.models.families.simota import around_centres, simota
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prepared, required_loss
from edgeslim.training.data import Examples, normalise
from edgeslim.training.held_classes import HeldClasses
from edgeslim.training.loop import train
from edgeslim.training.settings import TrainSettings

SIDE, STRIDES, LABELS = 64, (8, 16), ("red", "green")


class Head(nn.Module):
    """Three convolutions and, on two levels, what a family's published network puts out."""

    def __init__(self, family: str) -> None:
        super().__init__()
        self.family, self.columns = family, {"gfl": 2 + 32, "ssd": 3 + 4, "yolov8": 2 + 4}.get(family, 5 + 2)
        self.stem = nn.Sequential(*block(3, 12, 2), *block(12, 16, 2), *block(16, 24, 2))
        self.deep = nn.Sequential(*block(24, 32, 2))
        self.heads = nn.ModuleList([nn.Conv2d(24, self.columns, 1), nn.Conv2d(32, self.columns, 1)])
        found = grid((SIDE, SIDE), STRIDES, 0.5)
        self.points, self.steps = torch.tensor(found[0]), torch.tensor(found[1])[:, None]

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        fine = self.stem(image)
        maps = [head(part) for head, part in zip(self.heads, (fine, self.deep(fine)), strict=True)]
        rows = torch.cat([each.flatten(2).transpose(1, 2) for each in maps], 1)
        if self.family == "gfl":
            return (torch.cat([(rows[..., :2] - 3).sigmoid(), rows[..., 2:]], -1),)
        if self.family in ("yolox", "yolox_decoded"):
            boxes = rows[..., :4]
            return (torch.cat([boxes, (rows[..., 4:5] - 3).sigmoid(), rows[..., 5:].sigmoid()], -1),)
        centres = self.points + rows[..., :2] * self.steps
        sizes = rows[..., 2:4].clamp(max=4).exp() * self.steps
        if self.family == "yolov8":
            return (torch.cat([centres, sizes, (rows[..., 4:] - 3).sigmoid()], -1).transpose(1, 2),)
        corners = torch.cat([centres - sizes / 2, centres + sizes / 2], -1) / SIDE
        return rows[..., 4:].softmax(-1), corners


def block(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]


def spec_for(family: str) -> ModelSpec:
    return ModelSpec(
        task="detection",
        family=family,
        input_width=SIDE,
        input_height=SIDE,
        scale=1 / 255,
        strides=() if family == "ssd" else STRIDES,
        labels=LABELS,
        confidence=0.05,
    )


def scenes(count: int, seed: int) -> Examples:
    """One red and one green square on noise in each picture."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 90, (count, SIDE, SIDE, 3), np.uint8)
    targets = []
    for picture in pixels:
        boxes = []
        for label, half in ((0, 0), (1, 32)):
            side = int(random.integers(12, 26))
            x, y = int(random.integers(half, half + 32 - side + 1)), int(random.integers(0, SIDE - side))
            picture[y : y + side, x : x + side, label] = 230
            boxes.append([x, y, x + side, y + side])
        targets.append(Annotations.of(np.array(boxes, np.float32), np.array([0, 1])))
    return Examples(pixels, tuple(targets))


def found_share(network: nn.Module, spec: ModelSpec, given: Examples) -> float:
    return (share_of(network, spec, given, 0) + share_of(network, spec, given, 1)) / 2


def share_of(network: nn.Module, spec: ModelSpec, given: Examples, label: int) -> float:
    """Share of the objects of a class that have a box of their class with IoU above 0.5 and a score above 0.3."""
    task, hits = task_for(spec), 0
    for picture, target in zip(given.pixels, given.targets, strict=True):
        tensor = torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32) / 255)
        with torch.no_grad():
            outputs = [each.numpy() for each in network(tensor)]
        prepared = Prepared(np.zeros(spec.input_shape, np.float32), 1.0, 1.0, 0.0, 0.0, SIDE, SIDE)
        seen = task.decode(outputs, prepared, spec)
        assert isinstance(seen, Detections) and isinstance(target, Annotations)
        seen = seen.from_score(0.3)
        for box in target.boxes[target.classes == label]:
            same = seen.boxes[seen.classes == label]
            low, high = np.maximum(same[:, :2], box[:2]), np.minimum(same[:, 2:], box[2:])
            shared = np.prod(np.maximum(high - low, 0), axis=1)
            union = np.prod(same[:, 2:] - same[:, :2], axis=1) + np.prod(box[2:] - box[:2]) - shared
            hits += bool((shared / union > 0.5).any())
    return hits / len(given)


@pytest.mark.parametrize("family", ["yolox", "gfl", "yolov8", "ssd"])
def test_a_tiny_network_learns_to_see_what_it_was_not_shown(family: str) -> None:
    spec = spec_for(family)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Head(family)
    unseen = scenes(40, 2)
    assert found_share(network.eval(), spec, unseen) < 0.2
    settings = TrainSettings(steps=120, batch=12, learning_rate=5e-3, warmup_steps=10, augment=False)
    train(network, scenes(72, 1), spec, settings)
    assert found_share(network, spec, unseen) > 0.8


@pytest.mark.parametrize("family", ["yolox", "gfl", "yolov8", "ssd"])
def test_what_lies_in_a_crowd_is_neither_object_nor_background(family: str) -> None:
    torch.manual_seed(0)
    network = Head(family).eval()
    outputs = [each.detach().requires_grad_() for each in network(torch.rand(1, 3, SIDE, SIDE))]
    boxes = np.array([[2, 2, 22, 22], [-99, -99, 199, 199]], np.float32)
    area, both = np.array([400, 298**2], np.float32), np.array([0, 1])

    def loss(objects: slice, crowd: np.ndarray) -> Tensor:
        target = Annotations(boxes[objects], both[objects], crowd, area[objects])
        return required_loss(spec_for(family))(outputs, [target], spec_for(family))

    nothing_known = loss(slice(1, 2), np.array([True]))
    assert float(nothing_known.detach()) == 0, "the whole picture is a crowd"
    known, alone = loss(slice(0, 2), np.array([False, True])), loss(slice(0, 1), np.array([False]))
    assert 0 < float(known.detach()) < float(alone.detach())
    known.backward()  # type: ignore[no-untyped-call]
    scores = outputs[0].grad
    assert scores is not None
    rows = scores[0].T if family == "yolov8" else scores[0]
    taught = network.points[(rows != 0).any(dim=1)]
    if family != "ssd":  # there a place is where its box is
        assert len(taught) and bool(((taught - 12).abs() < 24).all()), "the object's own places alone"


def test_objects_take_their_cheapest_places_and_no_two_the_same() -> None:
    """Two objects side by side; boxes at every place are right for the first or for the second."""
    centres = torch.tensor([[4.0, 4.0], [12.0, 4.0], [20.0, 4.0], [28.0, 4.0], [60.0, 60.0]])
    strides = torch.full((5,), 8.0)
    truth, classes = torch.tensor([[0.0, 0, 16, 8], [16, 0, 32, 8]]), torch.tensor([0, 1])
    boxes = truth[[0, 0, 1, 1, 0]]
    scores = torch.full((5, 2), 0.5)
    assigned = simota(scores, boxes, around_centres(centres, strides, truth), truth, classes)
    assert assigned.owner.tolist() == [0, 0, 1, 1, -1], (
        "a place far from both belongs to none, whatever its box"
    )
    assert assigned.overlap.tolist() == pytest.approx([1, 1, 1, 1, 0])
    none = simota(scores, boxes, torch.zeros(0, 5, dtype=torch.bool), truth[:0], classes[:0])
    assert none.owner.tolist() == [-1] * 5


def test_the_focal_loss_of_a_distribution_is_least_where_its_mean_is_the_distance() -> None:
    edges = torch.tensor([[0.0, 2.0, 2.5, 6.25]])
    right = torch.full((1, 4, 8), -20.0)
    for edge, bins in enumerate([{0: 1.0}, {2: 1.0}, {2: 0.5, 3: 0.5}, {6: 0.75, 7: 0.25}]):
        for place, share in bins.items():
            right[0, edge, place] = float(np.log(share))
    least = distribution_focal(right.reshape(1, -1), edges)[0]
    halves, quarters = np.log(2), -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert least.tolist() == pytest.approx([0, 0, halves, quarters], abs=1e-5)
    flat = distribution_focal(torch.zeros(1, 32), edges)[0]
    assert flat.tolist() == pytest.approx([np.log(8)] * 4)


def test_every_family_with_places_can_learn_from_labels() -> None:
    without = {family.name for family in FAMILIES if family.task == "detection" and family.loss is None}
    assert without == {"end_to_end"}
    assert dataclasses.replace(spec_for("yolox"), family="yolox_decoded").family in FAMILIES


def test_a_guarded_run_ends_no_worse_than_it_began_and_is_not_taught_what_it_is_judged_by() -> None:
    """Steps that are far too large, on a network without normalization: as folded into a published file."""
    spec, given = spec_for("yolox"), scenes(40, 3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Head("yolox")
    good = TrainSettings(steps=60, batch=8, learning_rate=4e-3, warmup_steps=5, augment=False)
    train(network, given, spec, good)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    judged = list(range(0, 40, 5))

    def loss_there(module: nn.Module) -> float:
        pixels, targets = given.take(np.array(judged))
        with torch.no_grad():
            return float(
                required_loss(spec)(module(normalise(torch.from_numpy(pixels).float(), spec)), targets, spec)
            )

    settings = TrainSettings(steps=20, batch=8, learning_rate=0.5, warmup_steps=1, augment=False)
    start = loss_there(network.eval())
    train(network, given, spec, settings, held_out=judged)
    assert loss_there(network) <= start
    worse = Head("yolox")
    worse.load_state_dict(before)
    train(worse, given, spec, settings)
    assert loss_there(worse) > 2 * start


@pytest.mark.parametrize("family", ["yolox", "gfl"])
def test_a_class_without_labels_is_not_forgotten(family: str) -> None:
    """Data with the red squares alone, on pictures with both: green is no background, for the original sees it."""
    spec, unseen = spec_for(family), scenes(40, 2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        original = Head(family)
    settings = TrainSettings(steps=120, batch=12, learning_rate=5e-3, warmup_steps=10, augment=False)
    train(original, scenes(72, 1), spec, settings)
    both = scenes(48, 4)
    red = [target for target in both.targets if isinstance(target, Annotations)]
    given = Examples(both.pixels, tuple(Annotations.of(each.boxes[:1], each.classes[:1]) for each in red))
    more = dataclasses.replace(settings, steps=40, learning_rate=2e-3)
    forgetful, held = copy.deepcopy(original), copy.deepcopy(original)
    train(forgetful, given, spec, more)
    train(held, given, spec, more, held=HeldClasses(copy.deepcopy(original), [1], spec))
    assert share_of(forgetful, spec, unseen, 1) < 0.3
    assert share_of(held, spec, unseen, 1) > 0.9 * share_of(original, spec, unseen, 1)
    assert share_of(held, spec, unseen, 0) > 0.8
