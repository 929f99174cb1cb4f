"""Activations, by name and as layers."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from edgeslim.models.keras.layer import Layer, Modules, copy_into, require_channel_axis

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "hard_sigmoid": nn.Hardsigmoid,
    "hard_silu": nn.Hardswish,
    "hard_swish": nn.Hardswish,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "linear": nn.Identity,
    "mish": nn.Mish,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "selu": nn.SELU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softmax": lambda: nn.Softmax(1),
    "softplus": nn.Softplus,
    "swish": nn.SiLU,
    "tanh": nn.Tanh,
}


def activation(layer: Layer) -> Modules:
    """What a layer applies to its results, if anything."""
    named = layer.config.get("activation")
    if isinstance(named, dict) and named.get("class_name") in ACTIVATION_LAYERS:
        inner = Layer(str(named["class_name"]), named["config"], (), layer.shapes)
        return {"_activation": ACTIVATION_LAYERS[inner.kind](inner)[""]}
    if named in (None, "linear"):
        return {}
    if not isinstance(named, str) or named not in ACTIVATIONS:
        raise layer.refuse(f"activation {str(named)[:40]}")
    return {"_activation": ACTIVATIONS[named]()}


def relu(layer: Layer) -> Modules:
    slope, top = float(layer.config.get("negative_slope") or 0), layer.config.get("max_value")
    if layer.config.get("threshold") or (slope and top is not None):
        raise layer.refuse("a threshold, or a slope with a bound")
    if top is not None:
        return {"": nn.ReLU6() if float(top) == 6 else nn.Hardtanh(0.0, float(top))}
    return {"": nn.LeakyReLU(slope) if slope else nn.ReLU()}


def leaky_relu(layer: Layer) -> Modules:
    return {"": nn.LeakyReLU(float(layer.config["negative_slope"]))}


def prelu(layer: Layer) -> Modules:
    weight = layer.weights[0]
    if weight.size != weight.shape[-1]:
        raise layer.refuse("a slope for each place")
    made = nn.PReLU(weight.size)
    copy_into(made.weight, weight.reshape(-1))
    return {"": made}


def softmax(layer: Layer) -> Modules:
    require_channel_axis(layer)
    return {"": nn.Softmax(1)}


def elu(layer: Layer) -> Modules:
    return {"": nn.ELU(float(layer.config["alpha"]))}


ACTIVATION_LAYERS: dict[str, Callable[[Layer], Modules]] = {
    "ELU": elu,
    "LeakyReLU": leaky_relu,
    "ReLU": relu,
    "Softmax": softmax,
}
"""Layers without weights that another layer may name as its activation."""
