"""The layers of an imported network that can be factorized, and their costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from edgeslim.detections import Doubles, IntArray
from edgeslim.steps.low_rank.decompositions import FactorLayer
from edgeslim.steps.torch_network.units import before_output

WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
Size = tuple[int, int]


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """A linear layer or an ungrouped two-dimensional convolution; a linear layer is treated as a 1×1 convolution."""

    name: str
    module: nn.Conv2d | nn.Linear
    calls: tuple[tuple[Size, Size], ...]
    """Rows and columns of input and output, for one image, of each call."""
    feeds_output: bool
    """Whether an output of the network depends on it through no further layer with weights."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(out, in, rows, columns) of the weight."""
        weight = self.module.weight
        rows, columns = weight.shape[2:] if weight.dim() == 4 else (1, 1)
        return weight.shape[0], weight.shape[1], rows, columns

    def weight(self) -> Doubles:
        """(out, in, rows, columns). A copy."""
        return self.module.weight.detach().double().reshape(self.shape).numpy().copy()

    @property
    def parameters(self) -> int:
        """Number of weights, without bias."""
        return prod(self.shape)

    @property
    def macs(self) -> int:
        return sum(self.parameters * rows * columns for _, (rows, columns) in self.calls)

    def costs(
        self, parts: Sequence[FactorLayer], ranks: IntArray, *, biased: bool
    ) -> tuple[IntArray, IntArray]:
        """Parameters (N,) and MACs (N,) of the parts with `ranks` (N, parts - 1) channels between them.

        A bias counts if the parts have one (`biased`) and the layer has none.
        """
        out, channels, rows, columns = self.shape
        widths = [channels, *ranks.T, out]
        macs = 0 * ranks[:, 0]
        parameters = macs + (out if biased and self.module.bias is None else 0)
        tall = wide = False
        for index, part in enumerate(parts):
            tall, wide = tall or part.rows, wide or part.columns
            kernel = (rows if part.rows else 1) * (columns if part.columns else 1)
            weights = kernel * widths[index + 1] * (1 if part.depthwise else widths[index])
            places = sum(
                (after[0] if tall else before[0]) * (after[1] if wide else before[1])
                for before, after in self.calls
            )
            parameters = parameters + weights
            macs = macs + weights * places
        return parameters, macs


@dataclass(frozen=True, slots=True)
class Survey:
    """What of a network can be factorized.

    `parameters`: all of the network; `macs`: of its convolutions and linear layers, for one image.
    """

    layers: tuple[Layer, ...]
    skipped: tuple[str, ...]
    """Layers with weights that cannot be factorized: grouped, depthwise, transposed, one-dimensional."""
    parameters: int
    macs: int


def survey(module: fx.GraphModule, example: Tensor) -> Survey:
    """Find the layers, running the network once on `example` (1, channels, height, width)."""
    with torch.no_grad():
        ShapeProp(module).propagate(example)
    modules = dict(module.named_modules())
    calls: dict[str, list[fx.Node]] = {}
    for node in module.graph.nodes:
        if node.op == "call_module" and isinstance(modules[str(node.target)], WEIGHTED):
            calls.setdefault(str(node.target), []).append(node)
    last = before_output(module.graph, set(calls))
    layers, skipped, macs = [], [], 0
    for name, nodes in calls.items():
        found = modules[name]
        if isinstance(found, nn.Linear) or (isinstance(found, nn.Conv2d) and _plain(found)):
            sizes = tuple((_size(node.all_input_nodes[0], found), _size(node, found)) for node in nodes)
            layer = Layer(name, found, sizes, name in last)
            layers.append(layer)
            macs += layer.macs
        else:
            skipped.append(name)
            macs += sum(_macs(found, _shape(node)) for node in nodes)
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return Survey(tuple(layers), tuple(skipped), parameters, macs)


def _plain(layer: nn.Conv2d) -> bool:
    return layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _shape(node: fx.Node) -> tuple[int, ...]:
    return tuple(node.meta["tensor_meta"].shape)


def _size(node: fx.Node, layer: nn.Module) -> Size:
    """Rows and columns at a convolution; at a linear layer the number of vectors, and 1."""
    shape = _shape(node)
    return (prod(shape[:-1]), 1) if isinstance(layer, nn.Linear) else (shape[-2], shape[-1])


def _macs(layer: nn.Module, output: tuple[int, ...]) -> int:
    weight = layer.get_parameter("weight")
    return prod(output) * (weight.numel() // weight.shape[1 if isinstance(layer, nn.ConvTranspose2d) else 0])
