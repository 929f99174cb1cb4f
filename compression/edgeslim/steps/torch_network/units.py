"""Units of a network: a layer with weights and the BatchNorm after it, whose channels can be scaled and shifted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
Weighted = nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d | nn.Linear


@dataclass(frozen=True, eq=False, slots=True)
class Unit:
    """`name` is that of the layer; `end` is the node of the unit's output."""

    name: str
    layer: Weighted
    norm: nn.BatchNorm1d | nn.BatchNorm2d | None
    end: fx.Node
    feeds_output: bool
    """Whether an output of the network depends on it without another unit in between."""
    shared: bool
    """Whether it is called more than once, with different inputs."""

    @property
    def channels(self) -> int:
        return self.layer.out_features if isinstance(self.layer, nn.Linear) else self.layer.out_channels

    @property
    def axis(self) -> int:
        """Axis of the channels in the output."""
        return -1 if isinstance(self.layer, nn.Linear) else 1

    def across(self, values: Tensor, output: Tensor) -> Tensor:
        """(channels,) shaped to be combined with the unit's output."""
        if self.axis == -1:
            return values
        return values.reshape(-1, *(1,) * (output.dim() - 2))

    def by_channel(self, output: Tensor) -> Tensor:
        """The output as (channels, places)."""
        return output.movedim(self.axis, 0).reshape(self.channels, -1)

    def adjust(self, scale: Tensor, shift: Tensor) -> None:
        """Change the output to `output * scale + shift` (channels,), in place. Zero weights stay zero."""
        target: nn.Module = self.norm or self.layer
        weight, bias = target.get_parameter("weight"), getattr(target, "bias", None)
        with torch.no_grad():
            weight.copy_(scaled_weight(self.layer, weight, scale) if self.norm is None else weight * scale)
            if bias is None:
                target.register_parameter("bias", nn.Parameter(shift.to(weight.dtype)))
            else:
                bias.copy_(bias * scale + shift)


def units_of(module: fx.GraphModule) -> tuple[Unit, ...]:
    """Every convolution and linear layer that the network calls, in order."""
    modules = dict(module.named_modules())
    called = [node for node in module.graph.nodes if node.op == "call_module"]
    calls = Counter(str(node.target) for node in called)
    starts = {
        str(node.target): node
        for node in reversed(called)
        if isinstance(modules[str(node.target)], (*CONVOLUTIONS, nn.Linear))
    }
    last = before_output(module.graph, set(starts))
    units = []
    for name, node in reversed(starts.items()):
        layer = modules[name]
        assert isinstance(layer, (*CONVOLUTIONS, nn.Linear))
        end = _norm_behind(node, modules, calls)
        norm = None if end is None else modules[str(end.target)]
        assert norm is None or isinstance(norm, NORMS)
        units.append(Unit(name, layer, norm, end or node, name in last, calls[name] > 1))
    return tuple(units)


def before_output(graph: fx.Graph, layers: set[str]) -> set[str]:
    """Those of the layers (module names) that reach an output without another of them in between."""
    reached: set[str] = set()
    seen: set[fx.Node] = set()
    waiting = [node for node in graph.nodes if node.op == "output"]
    while waiting:
        for node in waiting.pop().all_input_nodes:
            if node in seen:
                continue
            seen.add(node)
            if node.op == "call_module" and str(node.target) in layers:
                reached.add(str(node.target))
            else:
                waiting.append(node)
    return reached


def scaled_weight(layer: nn.Module, weight: Tensor, scale: Tensor) -> Tensor:
    """The layer's weight with the entries of output channel c multiplied by scale[c]."""
    if not isinstance(layer, nn.ConvTranspose2d):
        return weight * scale.reshape(-1, *(1,) * (weight.dim() - 1))
    groups = layer.groups
    split = weight.reshape(groups, -1, *weight.shape[1:])
    spread = scale.reshape(groups, 1, -1, *(1,) * (weight.dim() - 2))
    return (split * spread).reshape(weight.shape)


def _norm_behind(node: fx.Node, modules: dict[str, nn.Module], calls: Counter[str]) -> fx.Node | None:
    """The BatchNorm that is the only reader of the node and reads nothing else."""
    users = list(node.users)
    if len(users) != 1 or users[0].op != "call_module" or calls[str(node.target)] > 1:
        return None
    target = str(users[0].target)
    known = isinstance(modules[target], NORMS) and calls[target] == 1
    convolution = isinstance(
        modules[str(node.target)], CONVOLUTIONS
    )  # a linear layer's channels may lie elsewhere
    return users[0] if known and convolution else None
