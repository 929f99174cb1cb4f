"""Which layers' output channels may be removed: those whose every reader can be adapted.

A channel can be removed if it is read only by convolutions and linear layers, through operations that treat channels
independently. Channels that feed an output of the network, a split, a rearrangement of channels or a fixed tensor with
one value per channel are kept.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn import functional

LAYERS = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
CHANNELWISE_MODULES = (nn.BatchNorm1d, nn.BatchNorm2d, nn.PReLU, nn.Dropout, nn.Identity, nn.ReLU)
CHANNELWISE = frozenset({
    functional.relu, functional.relu6, functional.leaky_relu, functional.elu, functional.hardsigmoid,
    functional.hardswish, functional.mish, functional.softplus, functional.gelu, functional.max_pool2d,
    functional.avg_pool2d, functional.adaptive_avg_pool2d, functional.adaptive_max_pool2d,
    functional.interpolate, torch.sigmoid, torch.tanh, torch.clamp, torch.exp, torch.abs, torch.neg,
    torch.erf, torch.sqrt,
})  # fmt: skip
PAIRWISE = frozenset({
    operator.add, operator.sub, operator.mul, operator.truediv, torch.maximum, torch.minimum, torch.add,
    torch.mul,
})  # fmt: skip
REDUCTIONS = frozenset({torch.mean, torch.sum, torch.amax, torch.amin})


def kept_whole(module: fx.GraphModule, example: Tensor) -> tuple[set[nn.Module], fx.GraphModule]:
    """Layers whose output channels must stay, and the part of the network in which channels can be traced.

    The second shares its layers with `module`; it is cut where channels cannot be traced (splits, reshapes, decoding),
    so that these parts are never analysed. `example` is (1, channels, height, width).
    """
    ShapeProp(module).propagate(example)
    modules = dict(module.named_modules())
    fixed = _fixed(module.graph, modules)
    kept: set[nn.Module] = set()
    blocked: set[fx.Node] = set()
    cuts: set[tuple[fx.Node, fx.Node]] = set()
    for node in reversed(module.graph.nodes):
        cuts.update((node, user) for user in node.users if not _follows(node, user, modules, fixed))
        if any(
            (node, user) in cuts or (user in blocked and not _mixes(user, modules)) for user in node.users
        ):
            blocked.add(node)
        layer = modules.get(str(node.target)) if node.op == "call_module" else None
        if isinstance(layer, LAYERS) and (node in blocked or node in fixed):
            kept.add(layer)
    return kept, _cut(module, cuts, fixed)


def _fixed(graph: fx.Graph, modules: dict[str, nn.Module]) -> set[fx.Node]:
    """Nodes whose channels cannot shrink: the network's input, and tensors that are not a layer's own channels."""
    fixed: set[fx.Node] = set()
    for node in graph.nodes:
        layer = modules.get(str(node.target)) if node.op == "call_module" else None
        if _mixes(node, modules):
            free = not isinstance(layer, nn.Linear) or len(shape_of(node)) == 2
        else:
            free = _channelwise(node, modules, fixed) and not any(
                item in fixed for item in node.all_input_nodes
            )
        if not free:
            fixed.add(node)
    return fixed


def _cut(module: fx.GraphModule, cuts: set[tuple[fx.Node, fx.Node]], fixed: set[fx.Node]) -> fx.GraphModule:
    """The network with each edge in `cuts` ending as an output; its reader gets a detached copy."""
    graph = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    ends: list[fx.Node] = []
    for node in module.graph.nodes:
        if node.op == "output":
            continue
        detached = {
            source: graph.call_function(torch.detach, (copies[source],))
            for source in node.all_input_nodes
            if shape_of(source) and ((source, node) in cuts or (source in fixed and node not in fixed))
        }
        copies[node] = graph.node_copy(node, {**copies, **detached}.__getitem__)
        if node not in fixed and any((node, user) in cuts for user in node.users):
            ends.append(copies[node])
    graph.output(tuple(ends))
    traceable = fx.GraphModule(module, graph)
    traceable.graph.eliminate_dead_code()
    traceable.recompile()
    return traceable


def is_depthwise(layer: nn.Module | None) -> bool:
    """Whether it has one filter per channel, and as many output as input channels."""
    if not isinstance(layer, nn.Conv1d | nn.Conv2d):
        return False
    return bool(1 < layer.groups == layer.in_channels == layer.out_channels)


def shape_of(node: fx.Node) -> tuple[int, ...]:
    """The shape found by ShapeProp; empty for anything but a tensor."""
    shape = getattr(node.meta.get("tensor_meta"), "shape", ())
    return tuple(shape)


def _mixes(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    """Whether it is a layer whose output channels each read several input channels."""
    layer = modules.get(str(node.target)) if node.op == "call_module" else None
    return isinstance(layer, LAYERS) and not is_depthwise(layer)


def _follows(node: fx.Node, user: fx.Node, modules: dict[str, nn.Module], fixed: set[fx.Node]) -> bool:
    """Whether `user` itself still works when channels of `node` are removed."""
    if not _mixes(user, modules):
        return _channelwise(user, modules, fixed)
    layer = modules[str(user.target)]
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d):
        return layer.groups == 1 or layer.groups < layer.in_channels
    return len(shape_of(node)) == 2


def _channelwise(user: fx.Node, modules: dict[str, nn.Module], fixed: set[fx.Node]) -> bool:
    """Whether channel c of the result depends only on channel c of the arguments, and stays at its index."""
    if user.op == "call_module":
        layer = modules[str(user.target)]
        return is_depthwise(layer) or isinstance(layer, CHANNELWISE_MODULES)
    if user.op != "call_function":
        return False
    function, inputs = user.target, user.all_input_nodes
    if function in CHANNELWISE:
        return True
    if function in PAIRWISE:
        return _same_channels(inputs) and not any(item in fixed for item in inputs if item.op != "get_attr")
    if function is torch.cat:
        return _axis(user, "dim", 1, 0) == 1 and not any(item in fixed for item in inputs)
    if function in REDUCTIONS:
        return _spatial_reduction(user)
    if function is operator.getitem:
        return _spatial_slice(user.args[1])
    if function is functional.pad:
        amounts = user.args[1]
        return isinstance(amounts, Iterable) and not any(list(amounts)[4:])
    if function is torch.flatten:
        start, rank = user.args[1], len(shape_of(inputs[0]))
        return start in (1,) and len(shape_of(user)) == 2 and rank > 2
    if function is torch.index_select:
        return _axis(user, "dim", 1, 0) >= 2
    if function is torch.unsqueeze:
        return _axis(user, "dim", 1, 0) >= 2
    return False


def _same_channels(inputs: list[fx.Node]) -> bool:
    """Whether channel counts are equal and no fixed tensor has one value per channel (it would not shrink with them)."""
    shapes = [shape_of(item) for item in inputs if item.op != "get_attr"]
    rank = max(len(shape) for shape in shapes)
    fixed = [(1,) * rank + shape_of(item) for item in inputs if item.op == "get_attr"]
    if any(shape[len(shape) - rank + 1] != 1 for shape in fixed):
        return False
    return rank > 1 and all(len(shape) == rank and shape[1] == shapes[0][1] for shape in shapes)


def _spatial_reduction(user: fx.Node) -> bool:
    axes = user.kwargs.get("dim", user.args[1] if len(user.args) > 1 else None)
    rank = len(shape_of(user.all_input_nodes[0]))
    return isinstance(axes, Iterable) and all(int(str(axis)) % rank >= 2 for axis in axes)


def _spatial_slice(index: Any) -> bool:
    """Whether it is `x[:, :, …]`, with batch and channels whole."""
    return isinstance(index, tuple) and all(item == slice(None) for item in index[:2])


def _axis(user: fx.Node, name: str, place: int, default: int) -> int:
    value = user.kwargs.get(name, user.args[place] if len(user.args) > place else default)
    return int(str(value)) % max(len(shape_of(user)), 1)
