"""Layers with weights, and pooling."""

from __future__ import annotations

from torch import nn

from edgeslim.models.keras.activations import activation
from edgeslim.models.keras.layer import Layer, Modules, copy_into, padded, require_channel_axis, totals


def convolution(layer: Layer) -> Modules:
    depthwise = layer.kind == "DepthwiseConv2D"
    kernel, strides, dilation = (layer.pair(key) for key in ("kernel_size", "strides", "dilation_rate"))
    before, padding = padded(layer, kernel, strides, dilation)
    channels = layer.shapes[0][1]
    weight = layer.weights[0]  # height × width × in × out, or × multiplier for each input channel
    made = nn.Conv2d(
        channels,
        channels * weight.shape[3] if depthwise else weight.shape[3],
        kernel,
        strides,
        padding,
        dilation,
        groups=channels if depthwise else int(layer.config.get("groups", 1)),
        bias=bool(layer.config["use_bias"]),
    )
    arranged = weight.transpose(2, 3, 0, 1) if depthwise else weight.transpose(3, 2, 0, 1)
    copy_into(made.weight, arranged.reshape(made.weight.shape))
    if made.bias is not None:
        copy_into(made.bias, layer.weights[1])
    return {**before, "": made, **activation(layer)}


def separable(layer: Layer) -> Modules:
    """A depthwise convolution, then a pointwise one."""
    depthwise, pointwise, *bias = layer.weights
    first = Layer(
        "DepthwiseConv2D", {**layer.config, "use_bias": False, "activation": None}, [depthwise], layer.shapes
    )
    plain = {"kernel_size": 1, "strides": 1, "dilation_rate": 1, "padding": "valid", "groups": 1}
    channels = depthwise.shape[2] * depthwise.shape[3]
    second = Layer("Conv2D", {**layer.config, **plain}, [pointwise, *bias], [(1, channels, 0, 0)])
    made = {f"{ending}_depthwise": module for ending, module in convolution(first).items()}
    return {**made, **convolution(second)}


def transposed(layer: Layer) -> Modules:
    kernel, strides = layer.pair("kernel_size"), layer.pair("strides")
    if layer.pair("dilation_rate") != (1, 1) or layer.config.get("output_padding") is not None:
        raise layer.refuse("dilation or output padding")
    beyond = [size - step for size, step in zip(kernel, strides, strict=True)]
    same = layer.config["padding"] == "same"
    if any(each < 0 or (same and each % 2) for each in beyond):
        raise layer.refuse(f"kernel {kernel} with strides {strides}")
    weight = layer.weights[0]  # height × width × out × in
    padding = (beyond[0] // 2, beyond[1] // 2) if same else (0, 0)
    made = nn.ConvTranspose2d(
        weight.shape[3], weight.shape[2], kernel, strides, padding, bias=bool(layer.config["use_bias"])
    )
    copy_into(made.weight, weight.transpose(3, 2, 0, 1))
    if made.bias is not None:
        copy_into(made.bias, layer.weights[1])
    return {"": made, **activation(layer)}


def dense(layer: Layer) -> Modules:
    """On an image it is a 1 × 1 convolution."""
    weight = layer.weights[0]  # in × out
    if layer.flattened is not None:
        height, width, channels = layer.flattened
        weight = weight.reshape(height, width, channels, -1).transpose(2, 0, 1, 3).reshape(weight.shape)
    bias, rank = bool(layer.config["use_bias"]), len(layer.shapes[0])
    made: nn.Linear | nn.Conv2d
    if rank == 2:
        made = nn.Linear(weight.shape[0], weight.shape[1], bias=bias)
    elif rank == 4:
        made = nn.Conv2d(weight.shape[0], weight.shape[1], 1, bias=bias)
    else:
        raise layer.refuse(f"on {rank} dimensions")
    copy_into(made.weight, weight.T.reshape(made.weight.shape))
    if made.bias is not None:
        copy_into(made.bias, layer.weights[1])
    return {"": made, **activation(layer)}


def batch_norm(layer: Layer) -> Modules:
    require_channel_axis(layer)
    channels = layer.shapes[0][1]
    kind = nn.BatchNorm2d if len(layer.shapes[0]) == 4 else nn.BatchNorm1d
    made = kind(channels, eps=float(layer.config["epsilon"]))
    left = list(layer.weights)
    for wanted, target in (
        (layer.config["scale"], made.weight),
        (layer.config["center"], made.bias),
        (True, made.running_mean),
        (True, made.running_var),
    ):
        if wanted:
            copy_into(target, left.pop(0))
    return {"": made}


def pooling(layer: Layer) -> Modules:
    size, strides = layer.pair("pool_size"), layer.pair("strides" if layer.config["strides"] else "pool_size")
    extra = totals(layer, size, strides, (1, 1))
    padding = (extra[0] // 2, extra[1] // 2)
    if all(total % 2 == 0 for total in extra):
        if layer.kind == "MaxPooling2D":
            return {"": nn.MaxPool2d(size, strides, padding)}
        return {"": nn.AvgPool2d(size, strides, padding, count_include_pad=False)}
    # What is missing after the last row is what torch adds where it rounds the number of windows up.
    sides = zip(layer.shapes[0][2:], size, strides, padding, strict=True)
    rounded = all(
        -(-(side + 2 * pad - each) // step) + 1 == -(-side // step) for side, each, step, pad in sides
    )
    if layer.kind != "MaxPooling2D" or not rounded:
        raise layer.refuse(f"pool {size}, padding 'same', on {layer.shapes[0][2:]}")
    return {"": nn.MaxPool2d(size, strides, padding, ceil_mode=True)}
