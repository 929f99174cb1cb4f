"""Which layers compute in int8: the assignment with the least noise whose predicted time fits a budget.

Noise is measured for each layer alone and assumed to be additive; time comes from a table of costs and includes every
conversion between float and int8. Both are fixed numbers, so the choice is the same on every run. Of the layers that
stay float, most store their weights in 8 bits all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import onnx

from edgeslim.export.hard_swish import is_falling
from edgeslim.models.graph import Initializers, producers, readers
from edgeslim.steps.quantization import regions
from edgeslim.steps.quantization.costs import FUSED, LAYERS, CostModel
from edgeslim.steps.quantization.limits import SAME_VALUES
from edgeslim.steps.quantization.noise import OutputNoise
from edgeslim.steps.quantization.qdq import Integers, write_qdq

GLUE = (*SAME_VALUES, "Add", "Concat", "Mul", "AveragePool", "GlobalAveragePool")
"""Operators without weights that have int8 kernels; they compute in the number type of their neighbours."""
ACTIVATIONS = (*FUSED, "LeakyRelu", "Sigmoid", "HardSigmoid", "Mul")
"""Element-wise operators that have int8 kernels."""
PRICES = tuple(10.0 ** (exponent / 4) for exponent in range(-8, 13))
"""Prices of noise in time, tried in ascending order."""
LONGEST = 24
"""Largest number of consecutive layers that are changed together."""


@dataclass(frozen=True, slots=True)
class FusedLayer:
    """A layer and the activation functions after it, by the names of their nodes."""

    layer: str
    nodes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Flow:
    """A tensor that is computed or given, by the names of its nodes, and nanoseconds to convert it."""

    maker: str | None
    reading: frozenset[str]
    quantize: float
    dequantize: float


@dataclass(frozen=True, slots=True)
class _Glue:
    """An operator between layers: for each input who makes it and its elements; who reads it, and who of them is none."""

    name: str
    inputs: tuple[tuple[str | None, int], ...]
    reading: frozenset[str]
    others: frozenset[str]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`layers` compute in int8; `nodes` are their nodes and the operators between them."""

    layers: frozenset[str]
    nodes: frozenset[str]
    nanoseconds: float
    noise: float


def fused_layers(graph: onnx.GraphProto) -> list[FusedLayer]:
    """Layers that can compute in int8, in graph order: not the last layers before outputs, nor what follows them."""
    weights = Initializers(graph)
    kept = regions.with_followers(graph, regions.outputs_region(graph))
    kinds = {node.name: "" if is_falling(node) else node.op_type for node in graph.node}
    found = []
    for node in graph.node:
        if node.op_type in LAYERS and node.name not in kept and node.input[1] in weights:
            followers = regions.with_followers(graph, {node.name}) - {node.name}
            if all(kinds[name] in ACTIVATIONS for name in followers):
                found.append(FusedLayer(node.name, frozenset({node.name, *followers})))
    return found


class AssignmentSearch:
    """Predicted time and noise of assignments for one graph."""

    def __init__(self, model: onnx.ModelProto, costs: CostModel, noises: Mapping[str, float]) -> None:
        """`noises`: noise of each layer, measured alone, by name."""
        graph = model.graph
        self.units = fused_layers(graph)
        self._noises = noises
        made, reading = producers(graph), readers(graph)
        # Read from the graph once: thousands of assignments are tried.
        makers: dict[str, str | None] = {item.name: None for item in graph.input}
        makers |= {name: node.name for name, node in made.items()}
        self._pairs = [
            (node.name, (costs.node(node, int8=False), costs.node(node, int8=True))) for node in graph.node
        ]
        self._flows = [
            _Flow(
                makers[name],
                frozenset(node.name for node in nodes),
                costs.quantize(name),
                costs.dequantize(name),
            )
            for name, nodes in reading.items()
            if name in makers
        ]
        kept = regions.with_followers(graph, regions.outputs_region(graph))
        glue = {node.name for node in graph.node if node.op_type in GLUE and node.name not in kept}
        glue -= {name for unit in self.units for name in unit.nodes}
        self._glue = []
        for node in graph.node:
            if node.name in glue:
                inputs = tuple((makers[name], costs.elements(name)) for name in node.input if name in makers)
                after = frozenset(each.name for name in node.output for each in reading.get(name, []))
                self._glue.append(_Glue(node.name, inputs, after, after - glue))
        self._seen: dict[frozenset[str], Assignment] = {}

    def assign(self, layers: frozenset[str]) -> Assignment:
        """These layers in int8, with the operators between them where that saves conversions."""
        if layers not in self._seen:
            nodes = self._with_glue(layers)
            noise = sum(self._noises[name] for name in sorted(layers))
            self._seen[layers] = Assignment(layers, nodes, self._time(nodes), noise)
        return self._seen[layers]

    def best(self, budget: float, most_noise: float, progress: Callable[[int, int], None]) -> Assignment:
        """The least noise within `budget` nanoseconds; if nothing fits, the fastest with at most `most_noise`."""
        everything = frozenset(unit.layer for unit in self.units)
        tried: list[Assignment] = []
        for start in (everything, frozenset[str]()):
            current = self.assign(start)
            prices = PRICES if start else PRICES[::-1]
            for done, price in enumerate(prices):
                progress(done + len(PRICES) * (not start), 2 * len(PRICES))
                current = self._descend(current, price * budget)
                tried.append(current)
        sound = [found for found in tried if found.noise <= most_noise] or [self.assign(frozenset())]
        within = [found for found in sound if found.nanoseconds <= budget]
        if within:
            return min(within, key=lambda found: (found.noise, found.nanoseconds))
        return min(sound, key=lambda found: (found.nanoseconds, found.noise))

    def _descend(self, current: Assignment, price: float) -> Assignment:
        """Change runs of layers as long as time + price · noise decreases."""

        def value(found: Assignment) -> float:
            return found.nanoseconds + price * found.noise

        order = [unit.layer for unit in self.units]
        improved = True
        while improved:
            improved = False
            for length in (1, 2, 3, 5, 8, 12, LONGEST):
                for start in range(max(len(order) - length + 1, 0)):
                    run = frozenset(order[start : start + length])
                    for changed in (current.layers | run, current.layers - run):
                        if changed != current.layers:
                            found = self.assign(changed)
                            if value(found) < value(current) * (1 - 1e-9):
                                current, improved = found, True
        return current

    def _with_glue(self, layers: frozenset[str]) -> frozenset[str]:
        chosen = {name for unit in self.units if unit.layer in layers for name in unit.nodes}
        for node in self._glue:
            if _follows(node, chosen):
                chosen.add(node.name)
        # such operators at the end of an int8 region only move the conversion: remove those that no int8 node reads
        for node in reversed(self._glue):
            if chosen.isdisjoint(node.reading):
                chosen.discard(node.name)
        return frozenset(chosen)

    def _time(self, nodes: frozenset[str]) -> float:
        total = sum(pair[name in nodes] for name, pair in self._pairs)
        for flow in self._flows:
            if flow.maker not in nodes:
                if not flow.reading.isdisjoint(nodes):
                    total += flow.quantize
            elif not flow.reading <= nodes:
                total += flow.dequantize
        return total


def _follows(node: _Glue, chosen: set[str]) -> bool:
    """Whether an operator between layers computes with integers, by where its inputs come from."""
    integers = sum(elements for maker, elements in node.inputs if maker in chosen)
    floats = sum(elements for _, elements in node.inputs) - integers
    wanted = bool(node.reading) and node.others <= chosen
    return integers > floats or (integers > 0 and wanted)


def stored_layers(
    model: onnx.ModelProto,
    layers: Sequence[onnx.NodeProto],
    most_noise: float,
    noise: OutputNoise,
    integers: Integers,
    progress: Callable[[int, int], None],
) -> set[str]:
    """Names of the float layers whose weights are stored in 8 bits.

    The noise of each is measured alone. Layers with the most noise per byte saved stay in 32 bits until the rest adds up
    to at most `most_noise`; these are few and small, such as first and depthwise layers.
    """
    weights = Initializers(model.graph)
    alone: dict[str, float] = {}
    for done, node in enumerate(layers):
        progress(done, len(layers))
        alone[node.name] = noise.of(write_qdq(model, (), {}, integers, stored={node.name}))
    sizes = {node.name: prod(weights.by_name[node.input[1]].dims) for node in layers}
    stored = sorted(alone, key=lambda name: (alone[name] / sizes[name], name))
    while stored and sum(alone[name] for name in stored) > most_noise:
        stored.pop()
    return set(stored)
