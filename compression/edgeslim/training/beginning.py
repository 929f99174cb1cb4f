"""What a detector of one's own begins with: our architecture, new or with a sample's weights, or any listed model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from edgeslim.datasets import match_classes
from edgeslim.datasets.base import Split
from edgeslim.errors import RecipeError
from edgeslim.models.base import Model, ModelSpec
from edgeslim.models.catalogue import SAMPLES
from edgeslim.models.class_layers import with_classes
from edgeslim.models.sample_networks import OUTPUTS, SIZES, StreetSignNetwork
from edgeslim.models.torch_graph import to_torch
from edgeslim.tasks.base import required_loss

CELL = 32
"""Sides of the input are multiples of this, in pixels."""
OWN_RATE, ADAPTED_RATE = 2e-3, 1e-3
OWN_WARM_UP, ADAPTED_WARM_UP = 50, 20
BODY = 0.3
"""Part of the learning rate for the layers that an adapted model keeps."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """`kept`: the classes that the network knows already."""

    network: nn.Module
    spec: ModelSpec
    input_name: str
    outputs: tuple[str, ...]
    learning_rate: float
    warm_up: int
    """Updates over which the learning rate rises."""
    factors: Mapping[str, float] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


def adapted(model: Model, labels: tuple[str, ...], seed: int) -> Beginning:
    """The model with its class layers rebuilt for these classes; those that it knows by name keep their weights.

    Raises ModelError (code 'classes_not_found'), RecipeError (code 'no_loss').
    """
    required_loss(model.spec)
    stored = onnx.load(model.path)
    places = {name: index for index, name in enumerate(model.spec.labels)}
    known = {own: None if other is None else places[other] for own, other in _pairs(labels, model.spec)}
    changed, spec = with_classes(stored, model.spec, known, seed)
    network, former = to_torch(changed), dict(to_torch(stored).named_parameters())
    same = [
        name
        for name, parameter in network.named_parameters()
        if name in former and torch.equal(parameter, former[name])
    ]
    return Beginning(
        network=network,
        spec=spec,
        input_name=stored.graph.input[0].name,
        outputs=tuple(output.name for output in stored.graph.output),
        learning_rate=ADAPTED_RATE,
        warm_up=ADAPTED_WARM_UP,
        factors=dict.fromkeys(same, BODY),
        kept=tuple(own for own, index in known.items() if index is not None),
    )


def _pairs(labels: tuple[str, ...], spec: ModelSpec) -> tuple[tuple[str, str | None], ...]:
    """A class of the model is at most one of the dataset's."""
    taken: set[str] = set()
    found = []
    for own, other in match_classes(labels, spec.labels).pairs:
        found.append((own, None if other in taken else other))
        taken |= {other} if other is not None else set()
    return tuple(found)


def own(size: str, spec: ModelSpec, seed: int, *, from_sample: bool) -> Beginning:
    """Our network with new layers for its classes; the others as in the sample model of that size, or new too."""
    name = f"street-signs-{size}"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = StreetSignNetwork(SIZES[name], len(spec.labels))
    if from_sample:
        stored = onnx.load(SAMPLES / f"{name}.onnx").graph.initializer
        known = {each.name: torch.tensor(numpy_helper.to_array(each)) for each in stored}
        state = network.state_dict()
        state |= {key: known[key] for key in state if key in known and ".classify.1." not in key}
        network.load_state_dict(state)
    return Beginning(network, spec, "image", OUTPUTS, OWN_RATE, OWN_WARM_UP)


def detector_spec(images: Split, labels: tuple[str, ...], side: int) -> ModelSpec:
    """The specification of a detector for such images: their median aspect, letterboxed. Raises RecipeError."""
    if side < 2 * CELL:
        raise RecipeError("input_too_small", side=side, least=2 * CELL)
    shapes = [images.image(index).shape for index in range(min(len(images), 32))]
    aspect = float(np.median([shape[1] / shape[0] for shape in shapes]))
    width, height = (side, side / aspect) if aspect >= 1 else (side * aspect, side)
    return ModelSpec(
        task="detection",
        family="fcos",
        input_width=max(CELL, round(width / CELL) * CELL),
        input_height=max(CELL, round(height / CELL) * CELL),
        scale=1 / 255,
        resize="letterbox_center",
        strides=(8, 16),
        labels=labels,
    )
