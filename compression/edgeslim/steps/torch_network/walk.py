"""Running a network node by node on many images at once, so that what lies inside can be seen and changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx import node as fx_node

from edgeslim.progress import Progress, silent

map_arg: Callable[[Any, Callable[[fx.Node], Any]], Any] = fx_node.map_arg
MEMORY = 3 << 30
"""Bytes of tensors held at a time, at most; fewer images are used where a network needs more."""


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

    walk(module, [image], weigh, silent)
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
