"""Mean and variance of every channel of a unit's output: measured in the original, brought about in the compressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx import node as fx_node

from compression.progress import Progress
from compression.steps.distillation.network import Images
from compression.steps.distillation.units import Unit

map_arg: Callable[[Any, Callable[[fx.Node], Any]], Any] = fx_node.map_arg
GAIN_LIMIT = 8.0
"""No channel is made stronger or weaker by more: what is left of it would be noise."""
MEMORY = 3 << 30
"""Bytes of tensors held at a time, at most; fewer images are used where a network needs more."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Over images and places: `mean` (channels,) and `variance` (channels,), float64."""

    mean: Tensor
    variance: Tensor

    def of(self, channels: Tensor | None) -> Moments:
        """Those of some channels (indices), or of all."""
        return self if channels is None else Moments(self.mean[channels], self.variance[channels])


def moments_of(unit: Unit, outputs: Sequence[Tensor]) -> Moments:
    """Of a unit's outputs, one tensor an image."""
    rows = [unit.by_channel(output).double() for output in outputs]
    count = sum(row.shape[1] for row in rows)
    mean = torch.stack([row.sum(1) for row in rows]).sum(0) / count
    squares = torch.stack([(row - mean[:, None]).square().sum(1) for row in rows]).sum(0)
    return Moments(mean, squares / count)


def original_moments(
    module: fx.GraphModule, units: Sequence[Unit], images: Images, indices: Sequence[int], progress: Progress
) -> dict[str, Moments]:
    """What each unit of the original gives, by name."""
    ends = {unit.end: unit for unit in units}
    found: dict[str, Moments] = {}

    def look(node: fx.Node, values: list[Any]) -> list[Any]:
        if node in ends:
            found[ends[node].name] = moments_of(ends[node], values)
        return values

    walk(module, [images.take([index]) for index in indices], look, progress)
    return found


def match(unit: Unit, outputs: Sequence[Tensor], wanted: Moments, *, variance: bool) -> list[Tensor]:
    """Scale and shift the unit's channels, in place, so that their moments are as wanted; the new outputs.

    A channel that is constant, here or in the original, is only shifted.
    """
    own = moments_of(unit, outputs)
    scale = torch.ones_like(own.mean)
    if variance:
        alive = (own.variance > 0) & (wanted.variance > 0)
        ratio = (wanted.variance / own.variance.where(alive, torch.ones_like(scale))).sqrt()
        scale = ratio.clamp(1 / GAIN_LIMIT, GAIN_LIMIT).where(alive, scale)
    shift = wanted.mean - own.mean * scale
    scale, shift = scale.float(), shift.float()
    unit.adjust(scale, shift)
    return [output * unit.across(scale, output) + unit.across(shift, output) for output in outputs]


def walk(
    module: fx.GraphModule,
    images: Sequence[Tensor],
    visit: Callable[[fx.Node, list[Any]], list[Any]],
    progress: Progress,
) -> list[Any]:
    """Run the network node by node on all images (each (1, C, H, W)); returns the outputs, one an image.

    `visit` sees the values of every node, one an image, and returns those to go on with; the modules behind may be
    changed there.
    """
    runner = fx.Interpreter(module)
    nodes = list(module.graph.nodes)
    last = _last_uses(nodes)
    values: dict[fx.Node, list[Any]] = {}

    def of_image(arguments: Any, index: int) -> Any:
        return map_arg(arguments, lambda node: values[node][index])

    with torch.no_grad():
        for done, node in enumerate(nodes):
            if node.op == "placeholder":
                results: list[Any] = list(images)
            elif node.op == "get_attr":
                results = [runner.fetch_attr(str(node.target))] * len(images)
            elif node.op == "output":
                return [of_image(node.args[0], index) for index in range(len(images))]
            else:
                call, given = getattr(runner, node.op), (node.args, node.kwargs)
                results = [call(node.target, *of_image(given, index)) for index in range(len(images))]
                progress("layers", done, len(nodes))
            values[node] = visit(node, results)
            for unused in last.get(node, ()):
                del values[unused]
    raise AssertionError("a graph has an output")


def affordable(module: fx.GraphModule, image: Tensor, wanted: int) -> int:
    """How many of the wanted images a walk can hold at a time."""
    most = held = 0
    sizes: dict[fx.Node, int] = {}
    last = _last_uses(list(module.graph.nodes))

    def weigh(node: fx.Node, values: list[Any]) -> list[Any]:
        nonlocal most, held
        sizes[node] = sum(value.nbytes for value in values if isinstance(value, Tensor))
        held += sizes[node]
        most = max(most, held)
        held -= sum(sizes.pop(unused) for unused in last.get(node, ()))
        return values

    walk(module, [image], weigh, lambda message, done, total: None)
    return max(1, min(wanted, MEMORY // max(most, 1)))


def _last_uses(nodes: Sequence[fx.Node]) -> Mapping[fx.Node, list[fx.Node]]:
    """Node → the nodes whose values nobody reads after it."""
    last: dict[fx.Node, fx.Node] = {}
    for node in nodes:
        last[node] = node
        for read in node.all_input_nodes:
            last[read] = node
    uses: dict[fx.Node, list[fx.Node]] = {}
    for read, node in last.items():
        uses.setdefault(node, []).append(read)
    return uses
