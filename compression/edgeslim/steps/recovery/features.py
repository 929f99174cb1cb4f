"""Which inner layers of two networks can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from edgeslim.steps.torch_network.running import Watch
from edgeslim.steps.torch_network.units import Unit, units_of

LAYERS = 8
"""Layers whose features are compared, spread over the depth of the network."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Names of modules whose outputs are compared, and how these lie: axis of the channels, whether over an image."""

    own: str
    wanted: str
    axis: int
    is_map: bool


def shapes_of(module: fx.GraphModule, image: Tensor) -> dict[str, tuple[int, ...]]:
    """Shape of what each unit gives for one image, in order, by the name of its last module; shared ones left out."""
    names = [str(unit.end.target) for unit in units_of(module) if not unit.shared]
    with torch.no_grad(), Watch(module, names) as watch:
        module(image)
        seen = watch.take()
    return {name: tuple(seen[name].shape) for name in names}


def same_layers(student: fx.GraphModule, teacher: fx.GraphModule, image: Tensor) -> list[Pair]:
    """For a compressed network and its original: layers of the same name with the same places."""
    own, wanted = shapes_of(student, image), shapes_of(teacher, image)
    axes = {str(unit.end.target): unit.axis for unit in units_of(teacher)}
    return [
        Pair(name, name, axes[name], len(shape) == 4)
        for name, shape in wanted.items()
        if name in own and _places(own[name], axes[name]) == _places(shape, axes[name])
    ]


def same_places(
    student: fx.GraphModule, teacher: fx.GraphModule, images: tuple[Tensor, Tensor]
) -> list[Pair]:
    """For any two networks: at each resolution that both have, the layer on which all outputs of it depend.

    Where no output has that resolution, it is the last layer of it. `images`: one for each network.
    """
    own, wanted = (_necks(net, image) for net, image in zip((student, teacher), images, strict=True))
    return [Pair(own[key], name, key[1], len(key[0]) == 2) for key, name in wanted.items() if key in own]


Key = tuple[tuple[int, ...], int]
"""Places of a layer's output, and the axis of its channels."""


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
