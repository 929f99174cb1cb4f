"""GRU and LSTM. Source: ONNX operators GRU and LSTM, opset 14; torch.nn.GRU and LSTM."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from edgeslim.models.torch_graph.builder import Constant, Value
from edgeslim.models.torch_graph.operation import Operation, converts, empty

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
