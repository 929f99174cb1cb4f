"""Rebuilding an ONNX graph as a torch.fx.GraphModule."""

from __future__ import annotations

from collections import Counter

import onnx
import torch
from torch import fx

from edgeslim.errors import ModelError
from edgeslim.models.graph import opset_version
from edgeslim.models.torch_graph import elementwise, image_plane, layers, layout  # noqa: F401 - register converters
from edgeslim.models.torch_graph.builder import Builder, Constant, Value, constant_of, torch_dtype
from edgeslim.models.torch_graph.operation import CONVERTERS, Operation

MINIMUM_OPSET = 13


def to_torch(model: onnx.ModelProto) -> fx.GraphModule:
    """Rebuild a network in torch, in eval mode, with BatchNormalization kept as nn.BatchNorm2d.

    The inputs must have fixed sizes. Modules are named after their weights ('stem.conv.weight' → stem.conv),
    else after their nodes, so importing, exporting and importing again gives the same names. One output is
    returned as a tensor, several as a tuple, in the file's order. The batch size stays free where possible.
    `meta["nodes"]` of the module gives, for each tensor of the file, the name of the graph's node that computes it.

    Raises ModelError: 'unsupported_operator' (its name in `operator`), 'old_opset', 'dynamic_input'.
    """
    _check(model)
    builder = Builder()
    values: dict[str, Value | None] = {"": None}
    for item in model.graph.initializer:
        values[item.name] = constant_of(item, item.name)
    for entry in model.graph.input:
        if entry.name not in values:
            values[entry.name] = builder.input(entry.name, _example(entry))
    uses = Counter(name for node in model.graph.node for name in node.input)
    uses.update(item.name for item in model.graph.output)
    made: dict[str, str] = {}
    with torch.no_grad():
        for node in model.graph.node:
            _convert(builder, node, values, uses)
            made.update(
                (name, value.name) for name in node.output if isinstance(value := values.get(name), fx.Node)
            )
            _forget(builder, node, values, uses)
        builder.output(tuple(_known(values, item.name) for item in model.graph.output))
    module = fx.GraphModule(builder.root, builder.graph)
    module.meta["nodes"] = made
    module.graph.eliminate_dead_code()
    module.recompile()
    return module.eval()


def _convert(
    builder: Builder, node: onnx.NodeProto, values: dict[str, Value | None], uses: Counter[str]
) -> None:
    if node.domain not in ("", "ai.onnx") or node.op_type not in CONVERTERS:
        raise ModelError(
            "unsupported_operator",
            operator=node.op_type,
            node=node.name or node.output[0],
            reason="it is not among the known operators",
        )
    last = tuple(uses[name] == 1 for name in node.input)
    operation = Operation(builder, node, tuple(values[name] for name in node.input), last)
    result = CONVERTERS[node.op_type](operation)
    outputs = result if isinstance(result, tuple) else (result,)
    for name, value in zip(node.output, outputs, strict=False):
        if isinstance(value, Constant):
            value = Constant(value.tensor, value.name or name)
        if name:
            values[name] = value


def _forget(
    builder: Builder, node: onnx.NodeProto, values: dict[str, Value | None], uses: Counter[str]
) -> None:
    """Drop values and examples after their last use, so that memory stays that of a forward pass."""
    for name in node.input:
        uses[name] -= 1
        if name and uses[name] == 0:
            values.pop(name, None)
    builder.keep_examples({value for value in values.values() if isinstance(value, fx.Node)})


def _known(values: dict[str, Value | None], name: str) -> Value:
    value = values[name]
    assert value is not None
    return value


def _example(entry: onnx.ValueInfoProto) -> torch.Tensor:
    """A tensor of ones of the input's shape; one is in the domain of every operator."""
    sizes = [item.dim_value for item in entry.type.tensor_type.shape.dim]
    if not sizes or min(sizes) < 1:
        raise ModelError("dynamic_input", input=entry.name)
    return torch.ones(sizes, dtype=torch_dtype(entry.type.tensor_type.elem_type))


def _check(model: onnx.ModelProto) -> None:
    opset = opset_version(model)
    if opset < MINIMUM_OPSET:
        raise ModelError("old_opset", opset=opset, minimum=MINIMUM_OPSET)
