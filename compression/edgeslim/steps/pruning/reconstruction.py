"""Reconstruction after channel pruning: the weights of each layer are refitted to its former outputs.

Layer by layer, on the inputs that the layer gets from the pruned and reconstructed layers before it, its weights are
fitted by weighted least squares: without labels, without training. Positions that matter for the network's outputs have
more weight. Sources: He et al. 2017, arXiv 1707.06168; Luo et al. 2017, arXiv 1707.06342 (ThiNet).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from edgeslim.progress import Progress
from edgeslim.steps.onnx_layers.gram import Gram
from edgeslim.steps.pruning.gradients import OutputProbe
from edgeslim.steps.torch_network.running import walk
from edgeslim.steps.torch_network.units import Unit, units_of

SAMPLES = 8000
"""Number of output positions sampled per layer, over all images."""


@dataclass(frozen=True, slots=True)
class Samples:
    """A layer's outputs before pruning, a tensor per image: `places` (n,), `outputs` (channels, n), `weights` (n,)."""

    places: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)


def sampled(module: fx.GraphModule, probe: OutputProbe, seed: int, step: str) -> dict[str, Samples]:
    """Outputs of every layer that can be reconstructed, at random positions of the probe's images, by layer name.

    The weight of a position is the mean square of the gradients of the network's outputs there.
    """
    per_image = max(1, SAMPLES // len(probe.images))
    generator = np.random.default_rng(seed)
    units = [unit for unit in units_of(module) if _fits(unit)]
    found = {unit.name: Samples() for unit in units}
    with ExitStack() as stack:
        for unit in units:
            hook = _look(unit, found[unit.name], per_image, generator)
            stack.callback(unit.layer.register_forward_hook(hook).remove)
        for _ in probe.passes(seed, step):
            pass
    return found


def reconstruct(
    module: fx.GraphModule,
    samples: Mapping[str, Samples],
    left: Mapping[str, Tensor],
    images: Sequence[Tensor],
    progress: Progress,
) -> int:
    """Fit, in place, every layer whose inputs have changed; returns their number.

    `left` holds the indices of the remaining output channels of layers that lost some, by name. `images` are those on
    which `samples` were taken.
    """
    by_name = {unit.name: unit for unit in units_of(module)}
    calls = [node for node in module.graph.nodes if node.op == "call_module" and node.target in by_name]
    units = {node: by_name[str(node.target)] for node in calls}
    inputs: dict[fx.Node, list[Any]] = {}
    changed: set[fx.Node] = set()
    fitted = 0

    def visit(node: fx.Node, values: list[Any]) -> list[Any]:
        nonlocal fitted
        unit = units.get(node)
        touched = any(each in changed for each in node.all_input_nodes)
        if unit is not None and unit.name in samples and touched:
            (source,) = node.all_input_nodes
            _fit(unit, inputs[source], samples[unit.name], left.get(unit.name))
            values = [unit.layer(value) for value in inputs[source]]
            fitted += 1
        if touched or (unit is not None and unit.name in left):
            changed.add(node)
        if any(user in units for user in node.users):
            inputs[node] = values
        for read in node.all_input_nodes:
            if read in inputs and list(read.users)[-1] is node:
                del inputs[read]
        return values

    walk(module, images, visit, progress)
    return fitted


def _fit(unit: Unit, inputs: Sequence[Tensor], samples: Samples, left: Tensor | None) -> None:
    """Weighted ridge regression of the former outputs on the present inputs, regularized towards the present weights."""
    layer = unit.layer
    groups = getattr(layer, "groups", 1)
    patches = torch.cat(
        [_patches(layer, value, places) for value, places in zip(inputs, samples.places, strict=True)], 1
    )
    targets = torch.cat(samples.outputs, 1)
    targets = targets if left is None else targets[left]
    weight = torch.cat(samples.weights)
    weight = (1 + weight / weight.mean()) if float(weight.mean()) > 0 else torch.ones_like(weight)
    weight = weight / weight.sum()
    from_, to = (patches * weight).sum(1, keepdim=True), (targets * weight).sum(1, keepdim=True)
    centred = (patches - from_).reshape(groups, -1, patches.shape[1])
    goal = (targets - to).reshape(groups, -1, targets.shape[1])
    across = (centred * weight).transpose(1, 2)
    gram = Gram((centred @ across).double().numpy(), (goal @ across).double().numpy())
    rows = layer.weight.detach().flatten(1)
    new = torch.from_numpy(gram.refitted(rows.numpy())).float()
    mean = (new.reshape(groups, -1, new.shape[1]) @ from_.reshape(groups, -1, 1)).flatten()
    with torch.no_grad():
        layer.weight.copy_(new.reshape(layer.weight.shape))
        _set_shift(unit, to[:, 0] - mean)


def _set_shift(unit: Unit, shift: Tensor) -> None:
    """Set the constant (channels,) that the layer adds to its products: in its bias, or in the BatchNorm behind it."""
    if unit.layer.bias is not None:
        unit.layer.bias.copy_(shift)
    elif unit.norm is not None and unit.norm.running_mean is not None:
        unit.norm.running_mean -= shift
    else:
        unit.layer.register_parameter("bias", nn.Parameter(shift))


def _look(unit: Unit, samples: Samples, count: int, generator: np.random.Generator) -> Callable[..., None]:
    """A forward hook that stores the outputs at random positions, and the power of their gradients."""

    def hook(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        total = output.numel() // unit.channels
        chosen = np.arange(total) if count >= total else generator.choice(total, count, replace=False)
        places = torch.from_numpy(chosen)
        samples.places.append(places)
        samples.outputs.append(unit.by_channel(output.detach())[:, places])
        samples.weights.append(torch.zeros(len(places)))
        image = len(samples.weights) - 1

        def weigh(gradient: Tensor) -> None:
            samples.weights[image] += unit.by_channel(gradient)[:, places].square().sum(0)

        if output.requires_grad:
            output.register_hook(weigh)  # type: ignore[no-untyped-call]

    return hook


def _patches(layer: nn.Module, value: Tensor, places: Tensor) -> Tensor:
    """(inputs · kernel, n): the input patches of these positions of the layer's output."""
    if isinstance(layer, nn.Linear):
        return value.reshape(-1, value.shape[-1])[places].T
    assert isinstance(layer, nn.Conv1d | nn.Conv2d)
    if prod(layer.kernel_size) == prod(layer.stride) == 1 and not any(layer.padding):
        return value[0].flatten(1)[:, places]
    image = value if value.dim() == 4 else value[:, :, None]
    kernel, dilation, padding, stride = (
        each if len(each) == 2 else (one, *each)
        for each, one in (
            (layer.kernel_size, 1),
            (layer.dilation, 1),
            (layer.padding, 0),
            (layer.stride, 1),
        )
    )
    return functional.unfold(image, kernel, dilation, padding, stride)[0][:, places]  # type: ignore[arg-type]


def _fits(unit: Unit) -> bool:
    """Whether its outputs are a linear function of input patches."""
    layer = unit.layer
    if isinstance(layer, nn.Linear):
        return not unit.shared
    plain = isinstance(layer, nn.Conv1d | nn.Conv2d) and layer.padding_mode == "zeros"
    return plain and not unit.shared and not isinstance(layer.padding, str)
