"""Fake quantization: the int8 graph in torch, with trainable weight codes and activation scales.

The trained graph is imported from the file that would be written, so tensors are quantized where the file quantizes
them: once, after the operator that computes them. Tensors that share a scale in the file share it in training, and zero
points are fixed, so that the structure of the file, and its speed, do not change. Sources: Jacob et al. 2018,
arXiv 1712.05877; Esser et al. 2020, arXiv 1902.08153 (learned scales).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn

from edgeslim.errors import InfeasibleError
from edgeslim.models.graph import Initializers
from edgeslim.models.torch_graph import to_torch
from edgeslim.models.torch_graph.elementwise import dequantized, quantized
from edgeslim.steps.base import StepContext
from edgeslim.steps.onnx_layers.coded import LearningSettings
from edgeslim.steps.onnx_layers.layers import array_of
from edgeslim.steps.onnx_layers.learning import Learner, learn, learnable
from edgeslim.steps.quantization.calibration import Range
from edgeslim.steps.quantization.int8_plan import Int8Plan, integers_of

Key = tuple[float, float, int, int]
"""Scale, zero point, lowest and highest code."""
SETTLED = (torch.sigmoid,)
"""Functions whose output range is known: their scale is not trained."""


class RoundingToScale(torch.autograd.Function):
    """Values rounded to codes and back. Gradients pass inside the range; that of the scale is from arXiv 1902.08153."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, scale: Tensor, zero: float, low: int, high: int) -> Tensor:
        exact = values / scale
        steps = torch.clamp(torch.round(exact), low - zero, high - zero)
        inside = (exact >= low - zero - 0.5) & (exact <= high - zero + 0.5)
        ctx.save_for_backward(torch.where(inside, steps - exact, steps), inside)
        return steps * scale

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        (slope, inside), (gradient,) = ctx.saved_tensors, gradients
        return gradient * inside, (gradient * slope).sum(), None, None, None


class FakeQuantize(nn.Module):
    """A tensor as the integer graph represents it; one module for all tensors that share a scale."""

    def __init__(self, key: Key, learns: bool) -> None:
        super().__init__()
        self.start, self.zero, self.low, self.high = key
        self.learns = learns
        self.growth = nn.Parameter(torch.zeros(()))

    @property
    def scale(self) -> Tensor:
        return self.start * torch.exp(self.growth)

    @property
    def range(self) -> Range:
        """Range of the values that the codes stand for."""
        scale = float(self.scale.detach())
        return (self.low - self.zero) * scale, (self.high - self.zero) * scale

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = RoundingToScale.apply(  # type: ignore[no-untyped-call]
            values, self.scale, self.zero, self.low, self.high
        )
        return result


def trained_plan(
    plan: Int8Plan, learning: LearningSettings, ranges: bool, context: StepContext, step: str
) -> tuple[Int8Plan, dict[str, Any]]:
    """The plan with trained weights, biases and (if `ranges`) activation scales, and what `distil` reports.

    Raises RecipeError, InfeasibleError (all_stay_float) for a plan that rounds nothing that could be trained, and
    ModelError for operators unknown to torch_graph.
    """
    network = to_torch(plan.written())
    fakes = fake_quantized(network)
    layers = learnable(plan.model, plan.layers())
    learner = Learner(
        network,
        layers,
        {layer.name: plan.coded(layer) for layer in layers},
        {layer.bias: array_of(plan.model, layer.bias) for layer in layers if layer.bias is not None},
        {layer.name: array_of(plan.model, layer.name) for layer in layers},
    )
    scales = list(dict.fromkeys(fake.growth for fake in fakes.values() if fake.learns and ranges))
    if not layers and not scales:
        raise InfeasibleError("all_stay_float", step=step)
    for scale in scales:
        scale.requires_grad_(True)
    report = learn(network, [*learner.parameters, *scales], learning, context, step)
    found = {name: fakes[f"{name}.float"].range for name in plan.ranges if f"{name}.float" in fakes}
    return dataclasses.replace(
        plan,
        model=_with_biases(plan.model, learner.biases),
        ranges={**plan.ranges, **found},
        weights={**plan.weights, **{name: integers_of(each) for name, each in learner.weights.items()}},
    ), report


def fake_quantized(network: fx.GraphModule) -> dict[str, FakeQuantize]:
    """Replace each quantize-dequantize pair by a FakeQuantize, in place; returns them by the name of the ONNX tensor."""
    nodes = {node.name: node for node in network.graph.nodes}
    pairs = {
        name: node
        for name, place in network.meta["nodes"].items()
        if (node := nodes.get(place)) is not None
        and node.target is dequantized
        and isinstance(node.args[0], fx.Node)
        and node.args[0].target is quantized
    }
    made = {name: _key(node) for name, node in pairs.items()}
    settled = {_key(node) for node in pairs.values() if _source(node).target in SETTLED}
    shared = {
        key: (f"fake_quantize_{number}", FakeQuantize(key, key not in settled))
        for number, key in enumerate(dict.fromkeys(made.values()))
    }
    for target, fake in shared.values():
        network.add_submodule(target, fake)
    for node in dict.fromkeys(pairs.values()):
        with network.graph.inserting_after(node):
            new = network.graph.call_module(shared[_key(node)][0], (_source(node),))
        node.replace_all_uses_with(new)
    network.graph.eliminate_dead_code()
    network.recompile()
    return {name: shared[key][1] for name, key in made.items()}


def _source(node: fx.Node) -> fx.Node:
    """The node whose value is quantized and dequantized."""
    codes = node.args[0]
    assert isinstance(codes, fx.Node) and isinstance(codes.args[0], fx.Node)
    return codes.args[0]


def _key(node: fx.Node) -> Key:
    codes = node.args[0]
    assert isinstance(codes, fx.Node)
    _, scale, zero, low, high = codes.args
    numbers: tuple[Any, ...] = (scale, zero, low, high)
    return float(numbers[0]), float(numbers[1]), int(numbers[2]), int(numbers[3])


def _with_biases(model: onnx.ModelProto, biases: Mapping[str, NDArray[Any]]) -> onnx.ModelProto:
    result = deepcopy(model)
    weights = Initializers(result.graph)
    for name, bias in biases.items():
        weights.put(name, bias)
    return result
