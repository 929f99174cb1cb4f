"""What a pruned network has less of: channels, parameters, MACs, bytes of the file, estimated time."""

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
"""Where the figure of a target is not called like it."""
FILE_TARGETS = ("bytes", "latency")
"""Those for which the file is made."""
HALVINGS = 7
"""Steps of the search for what meets a target: to under 1 %."""
MOST = 0.95


def measured(model: fx.GraphModule, example: Tensor, target: str) -> dict[str, float]:
    """Parameters, MACs for `example` (1, channels, height, width) and channels; if it is the target, bytes or latency.

    Bytes are those of the file that would be shipped. Latency is an estimate from a table of what operators cost on
    one core, not a measurement: the same for equal networks whatever else the machine does. Nanoseconds.
    """
    found: dict[str, float] = {**_counted(model, example)}
    if target in FILE_TARGETS:
        found |= _of_file(model, example)
    return found


def part_for(
    removed: Callable[[float], float], ratio: float, target: str, progress: Progress, step: str
) -> float:
    """The part to choose channels by that removes `ratio` of the target; found by halving.

    Raises InfeasibleError (code 'target_unreachable').
    """
    low, high = 0.0, MOST
    reached = removed(high)
    if reached < ratio:
        raise InfeasibleError(
            "target_unreachable",
            f"At most {reached:.0%} of the {target} can be removed from this network.",
            f"Choose a ratio below {reached:.2f}, or raise max_ratio.",
            target=target,
            reachable=round(reached, 4),
        )
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
    """What the step tells, as JSON values."""
    layers = [
        {"name": name, "before": parameter.shape[0], "after": pruned.get_parameter(name).shape[0]}
        for name, parameter in model.named_parameters()
        if name.endswith("weight") and parameter.dim() > 1
    ]
    figures = {f"{key}_before": value for key, value in before.items()} | after
    return {**figures, "layers": layers}


def _counted(model: fx.GraphModule, example: Tensor) -> dict[str, int]:
    """Of convolutions and linear layers, with all parameters."""
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
