"""Training of stored weights: codes, codebooks, scales and biases of a whole network, on the original's outputs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import onnx
import torch
from torch import fx, nn
from torch.nn.utils import parametrize

from edgeslim.detections import FloatArray
from edgeslim.export.packed import CodedWeight, unpacked
from edgeslim.models.torch_graph import to_torch
from edgeslim.records import shared
from edgeslim.steps.base import StepContext
from edgeslim.steps.distillation.distil import DistillationConfig, DistillationSchedule, distil
from edgeslim.steps.onnx_layers.coded import CodedNetwork, LearningSettings, Vector, stored
from edgeslim.steps.onnx_layers.layers import WeightLayer, array_of, pruned_zeros
from edgeslim.steps.onnx_layers.learned_codes import LearnedBias, LearnedCodebook, LearnedCodes
from edgeslim.training.device import reproducible

PATIENCE = 4
"""Tenths of the steps without improvement after which training stops."""


def learnable(model: onnx.ModelProto, layers: Sequence[WeightLayer]) -> tuple[WeightLayer, ...]:
    """The layers that correspond to one torch layer with the same weight, up to the order of axes."""
    reads = Counter(name for node in model.graph.node for name in node.input)
    return tuple(
        layer
        for layer in layers
        if reads[layer.name] == 1
        and (layer.adjustable or (layer.op == "MatMul" and layer.slot == 1 and len(layer.shape) == 2))
    )


class Learner:
    """A network with some trainable stored weights and biases."""

    def __init__(
        self,
        network: fx.GraphModule,
        layers: Iterable[WeightLayer],
        weights: Mapping[str, CodedWeight],
        biases: Mapping[str, Vector],
        original: Mapping[str, FloatArray],
        *,
        scales: bool = True,
    ) -> None:
        """`layers` are some of `learnable`; weights, biases and the float weights behind them have their ONNX names.

        The network's layers get parametrizations; nothing else in it changes. Zeros of pruned layers are preserved.
        """
        nodes = {node.name: node for node in network.graph.nodes}
        self._weights: dict[str, nn.Module] = {}
        self._biases: dict[str, nn.Module] = {}
        network.requires_grad_(False)
        for layer in layers:
            module = network.get_submodule(str(nodes[network.meta["nodes"][layer.output]].target))
            weight = weights[layer.name]
            form: nn.Module = (
                LearnedCodes(weight, pruned_zeros(layer.layout.to_rows(original[layer.name])), scales=scales)
                if weight.codebook is None
                else LearnedCodebook(weight, scales=scales)
            )
            parametrize.register_parametrization(module, "weight", form, unsafe=True)
            _form(module, "weight").original.requires_grad_(True)
            self._weights[layer.name] = module
            if layer.bias_name in biases:
                parametrize.register_parametrization(module, "bias", LearnedBias(biases[layer.bias_name]))
                _form(module, "bias").original.requires_grad_(True)
                self._biases[layer.bias_name] = module

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All trainable parameters."""
        found = [_form(module, "weight") for module in self._weights.values()]
        found += [_form(module, "bias") for module in self._biases.values()]
        return [parameter for form in found for parameter in form.parameters() if parameter.requires_grad]

    @property
    def weights(self) -> dict[str, CodedWeight]:
        """The weights as they are now, by name."""
        return {name: _learned(module, "weight") for name, module in self._weights.items()}

    @property
    def biases(self) -> dict[str, Vector]:
        return {name: _learned(module, "bias") for name, module in self._biases.items()}


def trained(
    model: onnx.ModelProto,
    layers: Sequence[WeightLayer],
    coded: CodedNetwork,
    learning: LearningSettings,
    scales: bool,
    context: StepContext,
    step: str,
) -> CodedNetwork:
    """The coded network, trained to reproduce the original's outputs; layers that cannot be trained keep their codes.

    `context.info['training']` receives what `distil` reports. Raises RecipeError, and ModelError for operators unknown
    to torch_graph.
    """
    student = to_torch(unpacked(stored(model, coded, layers, "packed")))
    original = {layer.name: array_of(model, layer.name) for layer in layers}
    chosen = learnable(model, layers)
    learner = Learner(student, chosen, coded.weights, coded.biases, original, scales=scales)
    context.info["training"] = learn(student, learner.parameters, learning, context, step)
    weights = {
        name: dataclasses.replace(weight, sparse=False).sparsest() for name, weight in learner.weights.items()
    }
    return dataclasses.replace(
        coded, weights={**coded.weights, **weights}, biases={**coded.biases, **learner.biases}
    )


def learn(
    network: fx.GraphModule,
    parameters: Sequence[nn.Parameter],
    learning: LearningSettings,
    context: StepContext,
    step: str,
) -> dict[str, Any]:
    """Train the network, which ends in its best state; returns what `distil` reports. Raises as `distil`."""
    apart = dataclasses.replace(context, info={})
    schedule = DistillationSchedule(
        patience=PATIENCE, seed=context.seed, **shared(DistillationSchedule, learning)
    )
    with reproducible(context.seed, context.threads):
        distil(
            network, parameters, apart, DistillationConfig(label_weight=learning.label_weight), schedule, step
        )
    return apart.info


def _form(module: nn.Module, name: str) -> parametrize.ParametrizationList:
    forms = module.parametrizations
    assert isinstance(forms, nn.ModuleDict)
    form = forms[name]
    assert isinstance(form, parametrize.ParametrizationList)
    return form


def _learned(module: nn.Module, name: str) -> Any:
    forms = _form(module, name)
    form: Any = forms[0]
    with torch.no_grad():
        return form.learned(forms.original)
