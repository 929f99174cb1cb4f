"""A file of ours as a torch network for LiteRT's converter: quantization as the operations that it turns into int8."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from edgeslim.export.packed import unpacked
from edgeslim.models.graph import Initializers, producers
from edgeslim.models.torch_graph import to_torch
from edgeslim.models.torch_graph.elementwise import RANGES, dequantized, quantized

LOWEST, HIGHEST = RANGES[torch.int8]
NARROW = -127
"""Lowest code of weights: LiteRT's kernels know no -128 there."""
_WHOLE = 1e-3
"""How far, in steps, weights may be off their codes."""


def to_network(model: onnx.ModelProto) -> fx.GraphModule:
    """The network, whose QuantizeLinear and DequantizeLinear are `quantized_decomposed` operations.

    Ranges are the file's own, unsigned codes shifted by 128; weights keep their codes and scales. What is packed is
    unpacked. Raises ModelError: 'unsupported_operator' (its name in `operator`).
    """
    integers = any(node.op_type == "QuantizeLinear" for node in model.graph.node)
    network = to_torch(model if integers else unpacked(model))
    if integers:
        _quantize_activations(network)
        _quantize_weights(network, model)
        network.graph.lint()
        network.recompile()
        network.delete_all_unused_submodules()
    return network


def _operations() -> Any:
    import torch.ao.quantization.fx._decomposed  # registers them

    return torch.ops.quantized_decomposed


def _quantize_activations(network: fx.GraphModule) -> None:
    """Rewrite each quantization that is read by its own dequantization alone; others stay float arithmetic."""
    known = _operations()
    for node in list(network.graph.nodes):
        if node.target is not quantized:
            continue
        value, scale, zero, low, high = node.args
        own = [reader.target is dequantized and reader.args[1:] == (scale, zero) for reader in node.users]
        if isinstance(scale, fx.Node) or (low, high) not in ((0, 255), (LOWEST, HIGHEST)) or not all(own):
            continue
        told = (float(scale), int(zero) - (low - LOWEST), LOWEST, HIGHEST, torch.int8)
        with network.graph.inserting_before(node):
            codes = network.graph.call_function(known.quantize_per_tensor.default, (value, *told))
        for reader in list(node.users):
            with network.graph.inserting_before(reader):
                again = network.graph.call_function(known.dequantize_per_tensor.default, (codes, *told))
            reader.replace_all_uses_with(again)
            network.graph.erase_node(reader)
        network.graph.erase_node(node)


def _quantize_weights(network: fx.GraphModule, model: onnx.ModelProto) -> None:
    """Layers whose weight the file stores as integers read it through a quantization of the same scales."""
    made, stored = producers(model.graph), Initializers(model.graph)
    nodes = {node.name: node for node in network.graph.nodes}
    for layer in model.graph.node:
        source = made.get(layer.input[1]) if len(layer.input) > 1 else None
        if source is None or source.op_type != "DequantizeLinear" or source.input[0] not in stored:
            continue
        node = nodes.get(network.meta["nodes"].get(layer.output[0], ""))
        if node is not None and node.op == "call_module":
            _read_through_codes(network, node, stored.array(source.input[1]))


def _read_through_codes(network: fx.GraphModule, node: fx.Node, scales: np.ndarray[Any, Any]) -> None:
    module, graph, known = network.get_submodule(str(node.target)), network.graph, _operations()
    if not isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
        return
    weight = module.weight.detach()
    steps = (
        torch.from_numpy(np.broadcast_to(scales.reshape(-1), len(weight)).copy())
        if (scales.size in (1, len(weight)))
        else None
    )
    if steps is None or not _are_codes(weight, steps):
        return
    name = str(node.target).replace(".", "_")
    tensors = {
        "weight": weight.clone(),
        "steps": steps.double(),
        "zeros": torch.zeros(len(steps), dtype=torch.int64),
    }
    if module.bias is not None:
        tensors["bias"] = module.bias.detach().clone()
    for part, tensor in tensors.items():
        network.register_buffer(f"{name}_{part}", tensor)
    with graph.inserting_before(node):
        read = {part: graph.get_attr(f"{name}_{part}") for part in tensors}
        told = (read["steps"], read["zeros"], 0, NARROW, HIGHEST, torch.int8)
        codes = graph.call_function(known.quantize_per_channel.default, (read["weight"], *told))
        again = graph.call_function(known.dequantize_per_channel.default, (codes, *told))
        values = (node.args[0], again, read.get("bias"))
        if isinstance(module, nn.Linear):
            new = graph.call_function(functional.linear, values)
        else:
            windows = (module.stride, module.padding, module.dilation, module.groups)
            function = torch.conv1d if isinstance(module, nn.Conv1d) else torch.conv2d
            new = graph.call_function(function, (*values, *windows))
    node.replace_all_uses_with(new)
    graph.erase_node(node)


def _are_codes(weight: Tensor, steps: Tensor) -> bool:
    codes = weight / steps.reshape(-1, *[1] * (weight.dim() - 1))
    return bool((codes - codes.round()).abs().max() < _WHOLE and codes.abs().max() < HIGHEST + _WHOLE)
