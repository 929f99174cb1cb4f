"""Inner layers of two networks: which ones can be compared, and their distance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from edgeslim.models.base import ModelSpec
from edgeslim.models.families.places import Places, decoded
from edgeslim.steps.distillation.output_loss import variance
from edgeslim.steps.torch_network.running import Watch
from edgeslim.steps.torch_network.units import Unit, units_of

LAYERS = 8
"""Maximum number of layers to compare, spread over the depth of the network."""


@dataclass(frozen=True, slots=True)
class LayerPair:
    """Names of modules whose outputs are compared, the axis of their channels, and whether they are maps of the image."""

    own: str
    wanted: str
    axis: int
    is_map: bool


def shapes_of(module: fx.GraphModule, image: Tensor) -> dict[str, tuple[int, ...]]:
    """Output shape of each unit that is not shared, for one image, in order, by the name of its last module."""
    names = [str(unit.end.target) for unit in units_of(module) if not unit.shared]
    with torch.no_grad(), Watch(module, names) as watch:
        module(image)
        seen = watch.take()
    return {name: tuple(seen[name].shape) for name in names}


def same_layers(student: fx.GraphModule, teacher: fx.GraphModule, image: Tensor) -> list[LayerPair]:
    """For a compressed network and its original: layers of the same name and resolution."""
    own, wanted = shapes_of(student, image), shapes_of(teacher, image)
    axes = {str(unit.end.target): unit.axis for unit in units_of(teacher)}
    return [
        LayerPair(name, name, axes[name], len(shape) == 4)
        for name, shape in wanted.items()
        if name in own and _places(own[name], axes[name]) == _places(shape, axes[name])
    ]


def same_places(
    student: fx.GraphModule, teacher: fx.GraphModule, images: tuple[Tensor, Tensor]
) -> list[LayerPair]:
    """For any two networks: at each common resolution, the last layer on which all outputs of that resolution depend.

    Where no output has that resolution, it is the last layer of it. `images`: one for each network.
    """
    own, wanted = (_necks(net, image) for net, image in zip((student, teacher), images, strict=True))
    return [LayerPair(own[key], name, key[1], len(key[0]) == 2) for key, name in wanted.items() if key in own]


Key = tuple[tuple[int, ...], int]
"""Resolution of a layer's output, and the axis of its channels."""


def _necks(module: fx.GraphModule, image: Tensor) -> dict[Key, str]:
    shapes = shapes_of(module, image)
    inner: dict[Key, list[Unit]] = {}
    last: dict[Key, list[Unit]] = {}
    for unit in units_of(module):
        if not unit.shared:
            key = _places(shapes[str(unit.end.target)], unit.axis), unit.axis
            (last if unit.feeds_output else inner).setdefault(key, []).append(unit)
    names = {}
    for key, units in inner.items():
        before = [_ancestors(unit.end) for unit in last.get(key, ())]
        necks = [unit for unit in units if all(unit.end in nodes for nodes in before)]
        names[key] = str((necks or units)[-1].end.target)
    return names


def _ancestors(node: fx.Node) -> set[fx.Node]:
    found: set[fx.Node] = set()
    waiting = [node]
    while waiting:
        for above in waiting.pop().all_input_nodes:
            if above not in found:
                found.add(above)
                waiting.append(above)
    return found


def _places(shape: Sequence[int], axis: int) -> tuple[int, ...]:
    """The shape without batch and channels."""
    return tuple(shape[2:] if axis == 1 else shape[1:-1])


SURE = 0.3
"""Minimum score of boxes that count as foreground."""
RIDGE = 1e-4
"""Added to the diagonal of the covariance of the student's channels, relative to its mean."""
_TINY = 1e-6
Features = Mapping[str, Tensor]
Outputs = Sequence[Tensor]


class Regressor(nn.Module):
    """A linear map over channels, a 1×1 convolution, from the student's to the teacher's. Source: arXiv 1412.6550."""

    def __init__(self, own: Tensor, wanted: Tensor, axis: int) -> None:
        """Initialized with the least-squares fit of features (B, …), so that training starts at the student's error."""
        super().__init__()
        x, y = (each.movedim(axis, -1).flatten(0, -2).double().cpu() for each in (own, wanted))
        mean_x, mean_y = x.mean(0), y.mean(0)
        x, y = x - mean_x, y - mean_y
        covariance = x.T @ x
        ridge = RIDGE * covariance.diagonal().mean().clamp(min=_TINY)
        weight = torch.linalg.solve(covariance + ridge * torch.eye(len(covariance)), x.T @ y).T
        self.axis = axis
        self.weight = nn.Parameter(weight.to(own))
        self.bias = nn.Parameter((mean_y - weight @ mean_x).to(own))

    def forward(self, features: Tensor) -> Tensor:
        mapped: Tensor = F.linear(features.movedim(self.axis, -1), self.weight, self.bias)
        return mapped.movedim(-1, self.axis)


@dataclass(frozen=True, slots=True)
class InnerLoss:
    """The loss of inner layers: pairs of layers, each with a map between their channels, and a distance."""

    pairs: Sequence[LayerPair]
    maps: Sequence[Regressor | None]
    measure: Callable[[Tensor, Tensor, Outputs], Tensor]
    """(the student's features, the teacher's, the teacher's outputs) → scalar."""

    @property
    def parameters(self) -> list[nn.Parameter]:
        return [parameter for each in self.maps if each is not None for parameter in each.parameters()]

    def __call__(self, own: Features, wanted: Features, outputs: Outputs) -> Tensor:
        """Mean distance over the layers."""
        errors = []
        for pair, regressor in zip(self.pairs, self.maps, strict=True):
            mine = own[pair.own] if regressor is None else regressor(own[pair.own])
            errors.append(self.measure(mine, wanted[pair.wanted], outputs))
        return torch.stack(errors).mean()


def hint(own: Tensor, wanted: Tensor, outputs: Outputs) -> Tensor:
    """Mean squared difference in units of the teacher's variance. Source: arXiv 1412.6550."""
    return (own - wanted).square().mean() / variance(wanted)


def attention(own: Tensor, wanted: Tensor, outputs: Outputs) -> Tensor:
    """Squared distance between attention maps. Source: arXiv 1612.03928.

    A map is the sum of squares over channels, normalized over the image, so that numbers of channels may differ.
    """
    return (_map(own) - _map(wanted)).square().sum(1).mean()


def foreground_hint(spec: ModelSpec) -> Callable[[Tensor, Tensor, Outputs], Tensor]:
    """`hint` of features (B, C, h, w) where the teacher, whose specification this is, detects an object.

    The mask is the best score of the boxes that contain a cell's centre. Source: Wang et al. 2019, arXiv 1906.03609, with
    the teacher's confident boxes instead of labels.
    """

    def measure(own: Tensor, wanted: Tensor, outputs: Outputs) -> Tensor:
        places = decoded(outputs, spec)
        assert places is not None, "boxes were decoded before"
        mask = foreground(places, (wanted.shape[2], wanted.shape[3]), spec)
        far = (own - wanted).square().mean(1) / variance(wanted)
        return (far * mask).sum() / mask.sum().clamp(min=1.0)

    return measure


def foreground(places: Places, size: tuple[int, int], spec: ModelSpec) -> Tensor:
    """(B, h, w): for each cell the best score of the confident boxes that contain its centre, else 0."""
    height, width = size
    device = places.boxes.device
    x = (torch.arange(width, device=device) + 0.5) * spec.input_width / width
    y = (torch.arange(height, device=device) + 0.5) * spec.input_height / height
    masks = []
    for scores, boxes in zip(places.scores.detach().amax(2), places.boxes.detach(), strict=True):
        sure = scores >= SURE
        left, top, right, bottom = boxes[sure].T[:, :, None]
        inside = ((y > top) & (y < bottom))[:, :, None] & ((x > left) & (x < right))[:, None, :]
        held = scores[sure][:, None, None] * inside
        masks.append(held.amax(0) if len(held) else torch.zeros(size, device=device))
    return torch.stack(masks)


def _map(features: Tensor) -> Tensor:
    return F.normalize(features.square().sum(1).flatten(1), dim=1)
