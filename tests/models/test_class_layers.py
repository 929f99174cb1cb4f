"""A detector for other classes: known ones go on, boxes stay, new ones begin unsure; what cannot be told is refused."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from edgeslim.errors import ModelError
from edgeslim.export.onnx import export_training_form
from edgeslim.models.base import ModelSpec
from edgeslim.models.class_layers import PRIOR, with_classes
from edgeslim.models.families.places import decoded
from edgeslim.models.torch_graph import to_torch

LABELS = ("red", "green", "blue")
SIDE = 64
WANTED = {"cell": None, "blue": 2, "red": 0, "dot": None, "line": None}


class Yolox(nn.Module):
    """Three levels; boxes, objectness and classes by convolutions of their own, then one shape of all rows."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.ModuleList(nn.Conv2d(3, 8, 3, stride, 1) for stride in (8, 16, 32))
        self.heads = nn.ModuleList(
            nn.ModuleList(nn.Conv2d(8, columns, 1) for columns in (4, 1, len(LABELS))) for _ in range(3)
        )

    def forward(self, image: Tensor) -> Tensor:
        rows = []
        for stem, (box, objectness, classes) in zip(self.stem, self.heads, strict=True):  # type: ignore[misc]
            seen = stem(image).relu()
            level = torch.cat([box(seen), objectness(seen).sigmoid(), classes(seen).sigmoid()], 1)
            rows.append(level.reshape(1, 5 + len(LABELS), -1))
        return torch.cat(rows, 2).transpose(1, 2)


class NanoDet(nn.Module):
    """One convolution for classes and distances, split by constants; outputs without a batch dimension."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.ModuleList(nn.Conv2d(3, 8, 3, stride, 1) for stride in (8, 16, 32))
        self.heads = nn.ModuleList(nn.Conv2d(8, len(LABELS) + 32, 1) for _ in range(3))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        classes, boxes = [], []
        for stem, head in zip(self.stem, self.heads, strict=True):
            first, second = head(stem(image).relu()).split([len(LABELS), 32], 1)
            classes.append(first.sigmoid().reshape(len(LABELS), -1).transpose(0, 1))
            boxes.append(second.reshape(32, -1).transpose(0, 1))
        return (*classes, *boxes)


class Shared(nn.Module):
    """Our own layout: logits of both levels from the same convolution, without a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.ModuleList(nn.Conv2d(3, 8, 3, stride, 1) for stride in (8, 16))
        self.classify, self.locate = nn.Conv2d(8, len(LABELS), 1, bias=False), nn.Conv2d(8, 4, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        seen = [stem(image).relu() for stem in self.stem]
        return tuple(part(each) for each in seen for part in (self.classify, self.locate))


class Mixed(Yolox):
    """Class scores that are multiplied with objectness in the graph: no channel is a class's alone."""

    def forward(self, image: Tensor) -> Tensor:
        rows = super().forward(image)
        return torch.cat([rows[..., :5], rows[..., 5:] * rows[..., 4:5]], -1)


NETWORKS = {"yolox": (Yolox, (8, 16, 32)), "gfl": (NanoDet, (8, 16, 32)), "fcos": (Shared, (8, 16))}


def made(kind: type[nn.Module], outputs: int) -> onnx.ModelProto:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = kind()
    names = [f"out{number}" for number in range(outputs)]
    return export_training_form(network, (1, 3, SIDE, SIDE), "image", names)


def spec_of(family: str, strides: tuple[int, ...]) -> ModelSpec:
    return ModelSpec(
        family=family, input_width=SIDE, input_height=SIDE, strides=strides, labels=LABELS, scale=1 / 255
    )


def places(model: onnx.ModelProto, spec: ModelSpec) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N, C) and boxes (N, 4) of a picture of noise."""
    image = torch.from_numpy(np.random.default_rng(1).random((1, 3, SIDE, SIDE), np.float32))
    with torch.no_grad():
        found = to_torch(model)(image)
        outputs = [found] if isinstance(found, Tensor) else list(found)
        seen = decoded([each if each.shape[0] == 1 else each[None] for each in outputs], spec)
    assert seen is not None
    return seen.scores[0].numpy(), seen.boxes[0].numpy()


@pytest.mark.parametrize(("family", "outputs"), [("yolox", 1), ("gfl", 6), ("fcos", 4)])
def test_known_classes_and_boxes_stay_and_new_classes_begin_unsure(family: str, outputs: int) -> None:
    kind, strides = NETWORKS[family]
    model, spec = made(kind, outputs), spec_of(family, strides)
    before = model.SerializeToString()
    changed, wanted = with_classes(model, spec, WANTED)
    assert wanted.labels == tuple(WANTED) and model.SerializeToString() == before
    onnx.checker.check_model(changed)
    scores, boxes = places(model, spec)
    now, same_boxes = places(changed, wanted)
    assert np.allclose(boxes, same_boxes, atol=1e-4)
    assert np.allclose(now[:, 1:3], scores[:, [2, 0]], atol=1e-5)
    assert now[:, [0, 3, 4]].max() < 1.5 * PRIOR
    assert now[:, 0].std() > 0, "weights of new classes are not zero"


def test_class_layers_that_cannot_be_told_are_refused() -> None:
    with pytest.raises(ModelError) as caught:
        with_classes(made(Mixed, 1), spec_of("yolox", (8, 16, 32)), WANTED)
    assert caught.value.code == "classes_not_found"
