"""What pruning reduces: channels, parameters, MACs, bytes of the file, estimated time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn

from edgeslim.errors import InfeasibleError
from edgeslim.export.onnx import deployed, shipped, to_bytes
from edgeslim.progress import Progress
from edgeslim.steps.quantization.costs import AVX2, CostModel

FIGURES = {"latency": "latency_estimate_ns"}
"""Names of figures that differ from the name of their target."""
FILE_TARGETS = ("bytes", "latency")
"""Targets for which the file must be made."""
HALVINGS = 7
"""Steps of the bisection that meets a target: to less than 1 %."""
MOST = 0.95


def measured(model: fx.GraphModule, example: Tensor, target: str) -> dict[str, float]:
    """Parameters, MACs for `example` (1, channels, height, width) and channels; for these targets also bytes and latency.

    Bytes are those of the file that would be shipped. Latency, in nanoseconds, is estimated from a table of operator
    costs on one core, not measured: it is the same for equal networks.
    """
    found: dict[str, float] = {**_counted(model, example)}
    if target in FILE_TARGETS:
        found |= _of_file(model, example)
    return found


def part_for(
    removed: Callable[[float], float], ratio: float, target: str, progress: Progress, step: str
) -> float:
    """The fraction for the chooser that removes `ratio` of the target, found by bisection.

    Raises InfeasibleError (code 'target_unreachable').
    """
    low, high = 0.0, MOST
    reached = removed(high)
    if reached < ratio:
        raise InfeasibleError("target_unreachable", target=target, reachable=round(reached, 4))
    for done in range(HALVINGS):
        middle = (low + high) / 2
        if removed(middle) < ratio:
            low = middle
        else:
            high = middle
        progress(step, done + 1, HALVINGS + 1)
    return high


def summary(
    model: nn.Module, pruned: nn.Module, before: dict[str, float], after: dict[str, float]
) -> dict[str, Any]:
    """What the step reports, as JSON values."""
    layers = [
        {"name": name, "before": parameter.shape[0], "after": pruned.get_parameter(name).shape[0]}
        for name, parameter in model.named_parameters()
        if name.endswith("weight") and parameter.dim() > 1
    ]
    figures = {f"{key}_before": value for key, value in before.items()} | after
    return {**figures, "layers": layers}


def _counted(model: fx.GraphModule, example: Tensor) -> dict[str, int]:
    """MACs and channels of convolutions and linear layers, and all parameters."""
    macs = 0

    def count(layer: nn.Module, _: Any, output: Tensor) -> None:
        nonlocal macs
        weight = layer.get_parameter("weight")
        transposed = isinstance(layer, nn.ConvTranspose2d)
        each = weight.numel() // weight.shape[0 if not transposed else 1]
        macs += output.numel() * each

    kinds = (nn.modules.conv._ConvNd, nn.Linear)
    handles = [layer.register_forward_hook(count) for layer in model.modules() if isinstance(layer, kinds)]
    with torch.no_grad():
        model(example)
    for handle in handles:
        handle.remove()
    channels = sum(
        layer.get_parameter("weight").shape[0] for layer in model.modules() if isinstance(layer, kinds)
    )
    return {"parameters": sum(p.numel() for p in model.parameters()), "macs": macs, "channels": channels}


def _of_file(model: fx.GraphModule, example: Tensor) -> dict[str, float]:
    final = deployed(model, tuple(example.shape))
    table = CostModel(final, AVX2)
    return {
        "bytes": len(to_bytes(shipped(final))),
        "latency_estimate_ns": table.float_time(final.graph.node),
    }
