"""Running a torch network on images: with a watch on its layers, or node by node.

Node by node, the values inside can be read, and the layers that compute the next ones changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, fx, nn
from torch.fx import node as fx_node

from edgeslim.datasets.base import Split
from edgeslim.models.base import ModelSpec
from edgeslim.models.torch_graph import to_torch
from edgeslim.progress import Progress, silent
from edgeslim.training.data import SplitExamples, normalise


def original_network(path: Path) -> fx.GraphModule:
    """The uncompressed network, in evaluation mode, without trainable parameters. Raises ModelError."""
    return to_torch(onnx.load(path)).requires_grad_(False)


class Images:
    """The images of several splits as network inputs, without labels."""

    def __init__(self, splits: Sequence[Split], spec: ModelSpec, device: torch.device | str = "cpu") -> None:
        self._examples = [SplitExamples(split, spec) for split in splits]
        self._places = [(which, i) for which, split in enumerate(splits) for i in range(len(split))]
        self._spec, self._device = spec, device

    def __len__(self) -> int:
        return len(self._places)

    def take(self, indices: Sequence[int]) -> Tensor:
        """(B, C, H, W). Raises DatasetError naming an unreadable image."""
        places = [self._places[index] for index in indices]
        pixels = np.concatenate([self._examples[which].take(np.array([i]))[0] for which, i in places])
        return normalise(torch.from_numpy(pixels).to(self._device).float(), self._spec)


class Watch(ExitStack):
    """Records the outputs of named modules while open: one tensor (B, …) per module."""

    def __init__(self, module: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self._seen: dict[str, list[Tensor]] = {}
        for name in names:
            layer = module.get_submodule(name)
            self.callback(layer.register_forward_hook(partial(self._keep, name)).remove)

    def take(self) -> dict[str, Tensor]:
        """The outputs recorded since the last call."""
        seen, self._seen = self._seen, {}
        return {name: torch.cat(tensors) for name, tensors in seen.items()}

    def _keep(self, name: str, layer: nn.Module, inputs: Any, output: Tensor) -> None:
        self._seen.setdefault(name, []).append(output)


map_arg: Callable[[Any, Callable[[fx.Node], Any]], Any] = fx_node.map_arg
MEMORY = 3 << 30
"""Maximum bytes of tensors in memory; fewer images are used where a network needs more."""


def walk(
    module: fx.GraphModule,
    images: Sequence[Tensor],
    visit: Callable[[fx.Node, list[Any]], list[Any]],
    progress: Progress,
) -> list[Any]:
    """Run the network node by node on all images (each (1, C, H, W)); returns the outputs, one per image.

    `visit` gets the values of every node, one per image, and returns those to continue with; it may change the modules
    of later nodes.
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
    """How many of the wanted images a walk can hold in memory."""
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
    """Node → the nodes whose values are not read after it."""
    last: dict[fx.Node, fx.Node] = {}
    for node in nodes:
        last[node] = node
        for read in node.all_input_nodes:
            last[read] = node
    uses: dict[fx.Node, list[fx.Node]] = {}
    for read, node in last.items():
        uses.setdefault(node, []).append(read)
    return uses
