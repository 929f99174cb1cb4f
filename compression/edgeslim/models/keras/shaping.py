"""Layers that arrange, combine or rescale numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from edgeslim.models.keras.layer import Affine, Applied, Layer, Mean, Modules, PerChannel, Rearranged


def zero_padding(layer: Layer) -> Modules:
    (top, bottom), (left, right) = layer.config["padding"]
    return {"": nn.ZeroPad2d((left, right, top, bottom))}


def cropping(layer: Layer) -> Modules:
    (top, bottom), (left, right) = layer.config["cropping"]
    return {"": nn.ZeroPad2d((-left, -right, -top, -bottom))}


def upsampling(layer: Layer) -> Modules:
    way = layer.config["interpolation"]
    if way not in ("nearest", "bilinear"):
        raise layer.refuse(f"interpolation {str(way)[:40]}")
    height, width = layer.pair("size")
    scale = (float(height), float(width))
    return {"": nn.Upsample(scale_factor=scale, mode=way, align_corners=None if way == "nearest" else False)}


def global_pooling(layer: Layer) -> Modules:
    return {"": Mean(layer.kind == "GlobalMaxPooling2D", bool(layer.config.get("keepdims")))}


def flatten(layer: Layer) -> Modules:
    """As if the channels came last, unless `flattened` says that the next layer knows better."""
    shape = layer.shapes[0]
    if len(shape) == 2:
        return {}
    plain = layer.flattened is not None or shape[2:] == (1, 1)
    return {"": nn.Flatten() if plain else Rearranged([int(np.prod(shape[1:]))])}


def reshape(layer: Layer) -> Modules:
    shape, target = layer.shapes[0], [int(side) for side in layer.config["target_shape"]]
    if len(target) not in (1, 3) or len(shape) not in (2, 4):
        raise layer.refuse(f"to {target}")
    if len(shape) == 2 and target[:-1] == [1, 1]:
        return {"": nn.Unflatten(1, (shape[1], 1, 1))}
    if shape[2:] == (1, 1) and len(target) == 1:
        return {"": nn.Flatten()}
    return {"": Rearranged(target)}


def concatenate(layer: Layer) -> Modules:
    rank = len(layer.shapes[0])
    axis = int(layer.config["axis"]) % rank
    if axis == 0:
        raise layer.refuse("axis 0")
    dim = 1 if axis == rank - 1 else axis + 1
    return {"": Applied(lambda *parts: torch.cat(parts, dim))}


def rescaling(layer: Layer) -> Modules:
    scale, offset = (np.asarray(layer.config[key], np.float64) for key in ("scale", "offset"))
    return {"": Affine(*(each.reshape(-1, 1, 1) if each.ndim else each for each in (scale, offset)))}


def normalization(layer: Layer) -> Modules:
    if layer.config.get("invert"):
        raise layer.refuse("inverted")
    fixed = [layer.config.get(key) for key in ("mean", "variance")]
    given = layer.weights[:2] if None in fixed else fixed
    mean, variance = (np.asarray(value, np.float64).reshape(-1, 1, 1) for value in given)
    return {"": PerChannel(mean, np.maximum(np.sqrt(variance), 1e-7))}


def nothing(layer: Layer) -> Modules:
    """What acts while training only."""
    return {}


def combining(function: Callable[[Any, Any], Any]) -> Callable[[Layer], Modules]:
    return lambda layer: {"": Applied(function, layer.operands)}


def average(layer: Layer) -> Modules:
    count = len(layer.operands)
    total = Applied(torch.add, layer.operands)
    return {"_sum": total, "": Applied(torch.mul, (None, 1 / count))}
