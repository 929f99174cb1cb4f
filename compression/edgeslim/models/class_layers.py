"""A detector for other classes: the channels that predict its classes are made anew, all else stays as it is.

Which channels of which last convolutions these are is found by gradients. A class's scores depend on its own channels
alone, so that their gradient is multiplied by k where the scores of the k-th class are.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from copy import deepcopy

import numpy as np
import onnx
import torch
from torch import Tensor, fx

from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import HeadColumns
from edgeslim.models.families.places import rows_and_heads
from edgeslim.models.graph import Initializers, attributes, producers, readers
from edgeslim.models.torch_graph import to_torch

PRIOR = 0.01
"""Score of a new class at first, everywhere. Source: focal loss, arXiv 1708.02002."""
SPREAD = 0.01
"""Standard deviation of the weights of a new class."""
TOLERANCE = 1e-4
ROUNDING = 1e-3
NEW = -1
_SIZES = {"Reshape": (1,), "Split": (1,), "Slice": (1, 2)}
"""Operators that may have the number of channels as a constant, and the inputs that may be it."""


def with_classes(
    model: onnx.ModelProto, spec: ModelSpec, places: Mapping[str, int | None], seed: int = 0
) -> tuple[onnx.ModelProto, ModelSpec]:
    """The detector with the labels in `places`, in that order, each with its former index, or None if it is new.

    Known classes keep their weights; a new one begins with small random ones and the score PRIOR. All other outputs
    are as before. Raises ModelError (code 'classes_not_found') where its class layers cannot be told from the others.
    """
    old, wanted = to_torch(model), dataclasses.replace(spec, labels=tuple(places))
    picture = torch.from_numpy(np.random.default_rng(0).normal(size=spec.input_shape).astype(np.float32))
    kept = [NEW if place is None else place for place in places.values()]
    changed = deepcopy(model)
    layers = _classes_of_channels(model.graph, old, picture, spec)
    if not layers:
        raise ModelError("classes_not_found", family=spec.family)
    sizes = {len(spec.labels): len(wanted.labels)}
    rewritten = _Rewriting(changed.graph, len(spec.labels), kept, np.random.default_rng(seed))
    for tensor, classes in layers.items():
        sizes[len(classes)] = rewritten.rebuild(tensor, classes, spec)
    for width in _widths(old, picture, spec):
        sizes[width] = width - len(spec.labels) + len(wanted.labels)
    rewritten.resize(list(layers), sizes)
    del changed.graph.value_info[:]
    for value in changed.graph.output:
        value.type.tensor_type.ClearField("shape")
    changed = onnx.shape_inference.infer_shapes(changed)
    _check(old, changed, picture, spec, wanted, kept)
    return changed, wanted


def _classes_of_channels(
    graph: onnx.GraphProto, module: fx.GraphModule, picture: Tensor, spec: ModelSpec
) -> dict[str, list[int]]:
    """By the tensor that a last convolution computes: the class of each of its channels, or -1."""
    names = {module.meta["nodes"][tensor]: tensor for tensor in _last_convolutions(graph)}
    runner = _FromLeaves(module, set(names))
    with torch.enable_grad():
        rows, heads = _read(runner.run(picture), spec)
        scores = [head.classes.of(rows)[..., head.background :] for head in heads]
        numbers = torch.arange(1.0, len(spec.labels) + 1)
        leaves = list(runner.leaves.values())
        plain, numbered = (
            torch.autograd.grad(total, leaves, retain_graph=True, allow_unused=True)
            for total in (sum(each.sum() for each in scores), sum((each * numbers).sum() for each in scores))
        )
    found: dict[str, list[int]] = {}
    for name, by_one, by_number in zip(runner.leaves, plain, numbered, strict=True):
        if by_one is None or not by_one.any():
            continue
        first, second = (each.double().sum(dim=(0, 2, 3)) for each in (by_one, by_number))
        number = torch.where(first == 0, 0.0, second / first)
        if (number - number.round()).abs().max() > ROUNDING:
            raise ModelError("classes_not_found", family=spec.family)
        found[names[name]] = [int(each) - 1 for each in number.round()]
    return found


class _FromLeaves(fx.Interpreter):
    """Runs a network in which gradients end at the outputs of these nodes."""

    def __init__(self, module: fx.GraphModule, nodes: set[str]) -> None:
        super().__init__(module)
        self._nodes = nodes
        self.leaves: dict[str, Tensor] = {}

    def run_node(self, n: fx.Node) -> object:
        result = super().run_node(n)
        if n.name in self._nodes:
            result = self.leaves[n.name] = result.detach().requires_grad_()
        return result


def _read(result: object, spec: ModelSpec) -> tuple[list[Tensor], tuple[HeadColumns, ...]]:
    """The outputs of one image as rows, with or without a batch dimension."""
    outputs: list[Tensor] = [result] if isinstance(result, Tensor) else list(result)  # type: ignore[call-overload]
    found = rows_and_heads([each if each.shape[0] == 1 else each[None] for each in outputs], spec)
    if found is None:
        raise ModelError("classes_not_found", family=spec.family)
    return found


def _widths(module: fx.GraphModule, picture: Tensor, spec: ModelSpec) -> set[int]:
    """Columns of the outputs that hold classes."""
    with torch.no_grad():
        rows, heads = _read(module(picture), spec)
    return {rows[head.classes.output].shape[2] for head in heads}


def _last_convolutions(graph: onnx.GraphProto) -> list[str]:
    """What convolutions compute that reach an output through no other one."""
    made, found, seen = producers(graph), [], set()
    waiting = [value.name for value in graph.output]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in made:
            continue
        seen.add(name)
        if made[name].op_type == "Conv":
            found.append(name)
        else:
            waiting.extend(made[name].input)
    return found


class _Rewriting:
    """A graph whose last convolutions get other class channels."""

    def __init__(
        self, graph: onnx.GraphProto, labels: int, kept: Sequence[int], random: np.random.Generator
    ) -> None:
        self.graph, self.stored, self.made = graph, Initializers(graph), producers(graph)
        self.labels, self.kept, self.random = labels, kept, random
        self._done: set[str] = set()

    def rebuild(self, tensor: str, classes: Sequence[int], spec: ModelSpec) -> int:
        """Replace the class channels of one convolution; returns how many channels it has now."""
        node = self.made[tensor]
        order = self._order(classes, spec)
        weight = node.input[1]
        if attributes(node).get("group", 1) != 1 or weight not in self.stored:
            raise ModelError("classes_not_found", family=spec.family)
        if weight not in self._done:  # one that several levels share is replaced once
            values = self.stored.array(weight)
            bias = (
                self.stored.array(node.input[2]) if len(node.input) > 2 else np.zeros(len(values), np.float32)
            )
            new = self.random.normal(0, SPREAD, (len(order), *values.shape[1:]))
            old = np.array(order)
            new[old != NEW] = values[old[old != NEW]]
            shift = np.where(old != NEW, bias[old], -math.log((1 - PRIOR) / PRIOR))
            self.stored.put(weight, new.astype(np.float32))
            if len(node.input) == 2:
                node.input.append(f"{weight}.bias")
            self.stored.put(node.input[2], shift.astype(np.float32))
            self._done.add(weight)
        elif len(node.input) == 2:
            node.input.append(f"{weight}.bias")
        return len(order)

    def _order(self, classes: Sequence[int], spec: ModelSpec) -> list[int]:
        """The former channel of each channel, NEW for those of a new class. Each run of all classes is one anchor's."""
        order: list[int] = []
        place = 0
        while place < len(classes):
            if classes[place] == NEW:
                order.append(place)
                place += 1
                continue
            if list(classes[place : place + self.labels]) != list(range(self.labels)):
                raise ModelError("classes_not_found", family=spec.family)
            order += [NEW if label == NEW else place + label for label in self.kept]
            place += self.labels
        return order

    def resize(self, tensors: Sequence[str], sizes: Mapping[int, int]) -> None:
        """Change the numbers of channels that nodes between the convolutions and the outputs have as constants."""
        after, waiting = readers(self.graph), list(tensors)
        seen: set[str] = set()
        while waiting:
            for node in after.get(waiting.pop(), ()):
                if node.output[0] in seen:
                    continue
                seen.update(node.output)
                waiting.extend(node.output)
                for place in _SIZES.get(node.op_type, ()):
                    if place < len(node.input) and node.input[place] in self.stored:
                        self._resize(node, place, sizes)

    def _resize(self, node: onnx.NodeProto, place: int, sizes: Mapping[int, int]) -> None:
        """Others may read the same constant: the node gets one of its own."""
        given = self.stored.array(node.input[place])
        wanted = np.array([sizes.get(int(size), int(size)) for size in given.reshape(-1)], given.dtype)
        if (wanted != given.reshape(-1)).any():
            name = f"{node.output[0]}.sizes{place}"
            self.stored.put(name, wanted.reshape(given.shape))
            node.input[place] = name


@torch.no_grad()
def _check(
    old: fx.GraphModule,
    changed: onnx.ModelProto,
    picture: Tensor,
    spec: ModelSpec,
    wanted: ModelSpec,
    kept: Sequence[int],
) -> None:
    """Boxes, objectness and kept classes are as they were, on a picture of noise."""
    try:
        new = to_torch(changed)
        rows, heads = _read(new(picture), wanted)
    except (ModelError, RuntimeError) as error:  # a constant that is not a size, or one that was not seen
        raise ModelError("classes_not_found", family=spec.family) from error
    former, former_heads = _read(old(picture), spec)
    same = len(heads) == len(former_heads)
    for now, then in zip(heads, former_heads, strict=False):
        others = [(now.boxes, then.boxes), (now.objectness, then.objectness)]
        if not then.background:  # probabilities that sum to one change with the other classes
            others += [
                (now.classes.part(here, here + 1), then.classes.part(there, there + 1))
                for here, there in enumerate(kept)
                if there != NEW
            ]
        for mine, theirs in others:
            if mine is not None and theirs is not None:
                first, second = mine.of(rows), theirs.of(former)
                same = same and first.shape == second.shape and torch.allclose(first, second, atol=TOLERANCE)
    if not same:
        raise ModelError("classes_not_found", family=spec.family)
