"""Operators with weights: convolution, normalization, linear layers, GRU and LSTM (ONNX, opset 14)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from edgeslim.models.torch_graph.builder import Constant, Value
from edgeslim.models.torch_graph.image_plane import pad_before
from edgeslim.models.torch_graph.operation import Operation, converts, empty


@converts("Conv")
def convolution(op: Operation) -> Value:
    weight, bias = op.constant(1), _bias(op, 2)
    rank = weight.dim() - 2
    if rank not in (1, 2):
        op.refuse(f"it is {rank}-dimensional")
    value, padding = pad_before(op, op.input(0), tuple(weight.shape[2:]), 0.0)
    kind = nn.Conv1d if rank == 1 else nn.Conv2d
    settings = _windows(op, rank, padding)

    def make() -> nn.Module:
        kernel, inputs = tuple(weight.shape[2:]), weight.shape[1] * settings["groups"]
        layer = empty(kind, inputs, weight.shape[0], kernel, bias=bias is not None, **settings)
        return _filled(layer, weight=weight, bias=bias)

    return op.builder.module(op.name_from(1), make, value, key=_sharing(op, settings))


@converts("ConvTranspose")
def transposed_convolution(op: Operation) -> Value:
    weight, bias = op.constant(1), _bias(op, 2)
    rank = weight.dim() - 2
    pads = op.attributes.get("pads", [0] * 2 * rank)
    if rank != 2 or list(pads[:rank]) != list(pads[rank:]):
        op.refuse("only two-dimensional ones with equal pads on both sides are known")
    if op.text("auto_pad", "NOTSET") != "NOTSET" or "output_shape" in op.attributes:
        op.refuse("its pads are not given as numbers")
    settings = _windows(op, rank, tuple(pads[:rank]))
    settings["output_padding"] = tuple(op.attributes.get("output_padding", [0] * rank))

    def make() -> nn.Module:
        kernel, outputs = tuple(weight.shape[2:]), weight.shape[1] * settings["groups"]
        layer = empty(nn.ConvTranspose2d, weight.shape[0], outputs, kernel, bias=bias is not None, **settings)
        return _filled(layer, weight=weight, bias=bias)

    return op.builder.module(op.name_from(1), make, op.input(0), key=_sharing(op, settings))


@converts("BatchNormalization")
def batch_normalization(op: Operation) -> Value:
    if op.integer("training_mode", 0):
        op.refuse("it is in training mode")
    rank = len(op.builder.shape(op.input(0)))
    kind = nn.BatchNorm2d if rank == 4 else nn.BatchNorm1d
    scale, shift, mean, variance = (op.constant(index) for index in range(1, 5))
    momentum = 1.0 - op.number("momentum", 0.9)

    def make() -> nn.Module:
        layer = kind(len(scale), eps=op.number("epsilon", 1e-5), momentum=momentum)
        return _filled(layer, weight=scale, bias=shift, running_mean=mean, running_var=variance)

    return op.builder.module(op.name_from(1), make, op.input(0))


@converts("InstanceNormalization")
def instance_normalization(op: Operation) -> Value:
    options = {"use_input_stats": True, "eps": op.number("epsilon", 1e-5)}
    return op.call(functional.instance_norm, op.input(0), weight=op.input(1), bias=op.input(2), **options)


@converts("LayerNormalization")
def layer_normalization(op: Operation) -> Value:
    scale, shift = op.constant(1), _bias(op, 2)
    rank = len(op.builder.shape(op.input(0)))
    if op.integer("axis", -1) % rank != rank - scale.dim():
        op.refuse("its scale does not span the normalized axes")

    def make() -> nn.Module:
        layer = nn.LayerNorm(tuple(scale.shape), eps=op.number("epsilon", 1e-5), bias=shift is not None)
        return _filled(layer, weight=scale, bias=shift)

    return op.builder.module(op.name_from(1), make, op.input(0))


@converts("Gemm")
def gemm(op: Operation) -> Value:
    """α·A·B + β·C as nn.Linear, with α and β merged into the weights."""
    if op.integer("transA", 0):
        op.refuse("its input is transposed")
    weight = op.constant(1) * op.number("alpha", 1.0)
    if not op.integer("transB", 0):
        weight = weight.T
    bias = _bias(op, 2)
    if bias is not None:
        bias = (bias * op.number("beta", 1.0)).flatten().expand(weight.shape[0])
    return op.builder.module(op.name_from(1), _linear(weight, bias), op.input(0), key=_sharing(op, {}))


@converts("MatMul")
def matrix_product(op: Operation) -> Value:
    """A product with a constant matrix becomes a linear layer; a product of two computed tensors stays a function."""
    right = op.input(1)
    if isinstance(op.input(0), Constant) or not isinstance(right, Constant) or right.tensor.dim() != 2:
        return op.call(torch.matmul, op.input(0), right)
    return op.builder.module(op.name_from(1), _linear(right.tensor.T, None), op.input(0))


@converts("Add")
def addition(op: Operation) -> Value:
    """A product with a constant matrix followed by the sum with a constant vector becomes one linear layer."""
    for value, bias, last in (
        (op.input(0), op.input(1), op.last_use[0]),
        (op.input(1), op.input(0), op.last_use[1]),
    ):
        layer = _linear_without_bias(op, value)
        fits = layer is not None and isinstance(bias, Constant) and bias.tensor.shape == (layer.out_features,)
        if layer is not None and fits and last and isinstance(value, fx.Node) and not value.users:
            layer.bias = nn.Parameter(op.builder.example(bias).clone())
            op.builder.forget(value)
            return value
    return op.call(operator.add, op.input(0), op.input(1))


def _linear_without_bias(op: Operation, value: Value) -> nn.Linear | None:
    if not isinstance(value, fx.Node) or value.op != "call_module":
        return None
    layer = op.builder.root.get_submodule(str(value.target))
    return layer if isinstance(layer, nn.Linear) and layer.bias is None else None


@converts("PRelu")
def prelu(op: Operation) -> Value:
    slope = op.constant(1)
    rank = len(op.builder.shape(op.input(0)))
    aligned = [1] * (rank - slope.dim()) + list(slope.shape)
    if slope.numel() not in (1, aligned[1]):
        op.refuse("its slope is not one per channel")
    return op.builder.module(
        op.name_from(1), lambda: _filled(nn.PReLU(slope.numel()), weight=slope.flatten()), op.input(0)
    )


def _linear(weight: Tensor, bias: Tensor | None) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        layer = empty(nn.Linear, weight.shape[1], weight.shape[0], bias=bias is not None)
        return _filled(layer, weight=weight, bias=bias)

    return make


def _filled(layer: nn.Module, **tensors: Tensor | None) -> nn.Module:
    """Set the layer's parameters and buffers; None for those it does not have."""
    for name, tensor in tensors.items():
        if tensor is not None:
            getattr(layer, name).copy_(tensor)
    return layer


def _bias(op: Operation, index: int) -> Tensor | None:
    return None if op.optional(index) is None else op.constant(index)


def _windows(op: Operation, rank: int, padding: tuple[int, ...]) -> dict[str, Any]:
    """How a convolution's window moves: torch's settings."""
    stride, dilation = (tuple(op.attributes.get(name, [1] * rank)) for name in ("strides", "dilations"))
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": op.integer("group", 1)}


def _sharing(op: Operation, settings: dict[str, Any]) -> tuple[Any, ...]:
    """Key under which nodes with the same named weights and settings share one module."""
    names = tuple(value.name if isinstance(value, Constant) else None for value in op.inputs[1:])
    return (op.node.op_type, names, tuple(sorted(settings.items()))) if names[0] else ()


GATES = {"GRU": (1, 0, 2), "LSTM": (0, 2, 3, 1)}
"""ONNX gate at each of torch's places: (z, r, h) → (r, z, n) and (i, o, f, c) → (i, f, g, o)."""
STANDARD = {"GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}


@converts("GRU", "LSTM")
def recurrent(op: Operation) -> tuple[Value, ...]:
    """(sequence, batch, features) → Y (sequence, directions, batch, hidden), Y_h, and Y_c for LSTM."""
    kind = op.node.op_type
    _check(op, kind)
    weights = _weights(op, kind)
    both = op.text("direction", "forward") == "bidirectional"
    hidden = op.integer("hidden_size", 0)
    make_class = nn.GRU if kind == "GRU" else nn.LSTM

    def make() -> nn.Module:
        features = op.builder.shape(op.input(0))[2]
        layer = empty(make_class, features, hidden, bias=op.optional(3) is not None, bidirectional=both)
        for name, tensor in weights.items():
            getattr(layer, name).copy_(tensor)
        return layer

    states = [state for index in (5, 6) if (state := _state(op, index)) is not None]
    start: list[Any] = ([tuple(states)] if kind == "LSTM" else states) if states else []
    result = op.builder.module(op.name_from(1), make, op.input(0), *start)
    sequence, last = op.builder.unpack(result, 2)
    if both:
        steps = op.builder.shape(op.input(0))[0]
        parted = op.call(torch.reshape, sequence, (steps, -1, 2, hidden))
        output = op.call(torch.permute, parted, (0, 2, 1, 3))
    else:
        output = op.call(torch.unsqueeze, sequence, 1)
    return (output, *op.builder.unpack(last, 2)) if kind == "LSTM" else (output, last)


def _check(op: Operation, kind: str) -> None:
    directions = 2 if op.text("direction", "forward") == "bidirectional" else 1
    given = [item.decode() for item in op.attributes.get("activations", [])]
    if op.text("direction", "forward") == "reverse":
        op.refuse("it runs backwards only")
    if given and given != STANDARD[kind] * directions:
        op.refuse("its activations are not sigmoid and tanh")
    if "clip" in op.attributes or op.integer("layout", 0) or op.integer("input_forget", 0):
        op.refuse("it clips, couples its gates or puts the batch first")
    if kind == "GRU" and not op.integer("linear_before_reset", 0):
        op.refuse("it resets before the linear map (linear_before_reset is 0)")
    if op.optional(7) is not None:
        op.refuse("it has peepholes")
    lengths = op.optional(4)
    if lengths is not None and set(op.constant(4).tolist()) != {op.builder.shape(op.input(0))[0]}:
        op.refuse("its sequences differ in length")


def _weights(op: Operation, kind: str) -> dict[str, Tensor]:
    """Torch's parameters: gates reordered, input and recurrent biases apart, one set per direction."""
    order = GATES[kind]
    count = len(order)
    inputs, recurrents = op.constant(1), op.constant(2)
    biases = None if op.optional(3) is None else op.constant(3)
    weights: dict[str, Tensor] = {}
    for direction in range(inputs.shape[0]):
        end = "_reverse" if direction else ""
        weights[f"weight_ih_l0{end}"] = _reordered(inputs[direction], order)
        weights[f"weight_hh_l0{end}"] = _reordered(recurrents[direction], order)
        if biases is not None:
            parts = biases[direction].chunk(2 * count)
            weights[f"bias_ih_l0{end}"] = torch.cat([parts[gate] for gate in order])
            weights[f"bias_hh_l0{end}"] = torch.cat([parts[count + gate] for gate in order])
    return weights


def _reordered(weight: Tensor, order: tuple[int, ...]) -> Tensor:
    parts = weight.chunk(len(order))
    return torch.cat([parts[gate] for gate in order])


def _state(op: Operation, index: int) -> Value | None:
    """An initial state, or None if it is zero, which is valid for any batch size."""
    value = op.optional(index)
    if isinstance(value, Constant) and not value.tensor.any():
        return None
    return value
