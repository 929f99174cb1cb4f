"""A model as analyses use it: its deployable graph and weight layers; images for it."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from edgeslim.datasets.base import Part, Split
from edgeslim.errors import DatasetError, ModelError
from edgeslim.export.onnx import deployable
from edgeslim.models.base import Model
from edgeslim.steps.images import evenly_spaced
from edgeslim.steps.onnx_layers.layers import WeightLayer, weight_layers


@dataclass(frozen=True, slots=True)
class DeployedModel:
    """A model with its deployable graph, in which BatchNorm is folded as in the measured files, and its weight layers."""

    model: Model
    graph: onnx.ModelProto
    layers: tuple[WeightLayer, ...]


def open_deployed(model: Model) -> DeployedModel:
    """The deployed form of a model. Raises ModelError (code 'no_weight_layers') if it has none."""
    graph = deployable(onnx.load(model.path))
    layers = weight_layers(graph)
    if not layers:
        raise ModelError("no_weight_layers", model=model.name)
    return DeployedModel(model, graph, layers)


def required(split: Split | None) -> Split:
    """The calibration images. Raises DatasetError (code 'no_images_to_measure_on') if there are none."""
    if split is None or len(split) == 0:
        raise DatasetError("no_images_to_measure_on")
    return split


def spread(split: Split, count: int) -> Split:
    """`count` images (or all) of a split, evenly spread over it."""
    indices = evenly_spaced(len(split), count)
    return Part(split, indices, f"{len(indices)} spread")
