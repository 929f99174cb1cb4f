"""Mixed precision: what each layer costs and loses at every width, and which it takes under a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from edgeslim.detections import Doubles, FloatArray
from edgeslim.export.packed.coded import entropy
from edgeslim.progress import Progress, silent
from edgeslim.sessions import Tensor
from edgeslim.steps.onnx_layers.gram import Gram, gram_of
from edgeslim.steps.onnx_layers.layers import WeightLayer, array_of, pruned_zeros
from edgeslim.steps.onnx_layers.sensitivity import disturbances
from edgeslim.steps.onnx_layers.statistics import channel_statistics, gains
from edgeslim.steps.onnx_layers.walk import Replacement, Visit, visitable, walk
from edgeslim.steps.quantization import grids
from edgeslim.steps.quantization.coding import rounded
from edgeslim.steps.quantization.grids import Grid
from edgeslim.steps.quantization.rounding import nearest


def allocate(costs: Sequence[Doubles], losses: Sequence[Doubles], budget: float) -> list[int] | None:
    """For each layer the index of its option; None if even the cheapest options cost more than the budget.

    Lagrangian allocation: one price per bit for all layers, found by bisection; the rest of the budget is spent where a
    bit gains most. Optimal among choices on the layers' convex hulls (Shoham & Gersho 1988), and near the optimum
    otherwise.
    """
    cheapest = [int(np.argmin(cost)) for cost in costs]
    if sum(float(cost[i]) for cost, i in zip(costs, cheapest, strict=True)) > budget:
        return None
    high, low = _price_limit(costs, losses), 0.0
    chosen = cheapest
    for _ in range(80):
        price = (high + low) / 2
        tried = [int(np.argmin(loss + price * cost)) for cost, loss in zip(costs, losses, strict=True)]
        if sum(float(cost[i]) for cost, i in zip(costs, tried, strict=True)) <= budget:
            high, chosen = price, tried
        else:
            low = price
    return _spend(costs, losses, chosen, budget)


def _price_limit(costs: Sequence[Doubles], losses: Sequence[Doubles]) -> float:
    """A price so high that every layer takes its cheapest option."""
    spread = max(float(loss.max() - loss.min()) for loss in losses)
    gaps = [np.diff(np.unique(cost)).min() for cost in costs if len(np.unique(cost)) > 1]
    return spread / float(min(gaps, default=1.0)) + 1.0


def _spend(
    costs: Sequence[Doubles], losses: Sequence[Doubles], chosen: list[int], budget: float
) -> list[int]:
    """Take single improvements that still fit the budget, the largest gain per cost first."""
    chosen = list(chosen)
    left = budget - sum(float(cost[i]) for cost, i in zip(costs, chosen, strict=True))
    while True:
        best, move = 0.0, None
        for layer, (cost, loss) in enumerate(zip(costs, losses, strict=True)):
            extra, gain = cost - cost[chosen[layer]], loss[chosen[layer]] - loss
            worth = np.where((extra <= left) & (gain > 0), gain / np.maximum(extra, 1e-9), 0.0)
            option = int(worth.argmax())
            if worth[option] > best:
                best, move = float(worth[option]), (layer, option)
        if move is None:
            return chosen
        layer, option = move
        left -= float(costs[layer][option] - costs[layer][chosen[layer]])
        chosen[layer] = option


WIDTHS = tuple(float(bits) for bits in range(2, 9))
"""Options of a layer whose codes are stored at a fixed width: bits."""
STEPS = tuple(float(step) for step in np.geomspace(0.02, 1.4, 18))
"""Options of a layer whose codes are entropy-coded: step size in units of the weights' root mean square."""
PROBE = {"file": 4.0, "download": 0.3}
"""The option at which the network's output error is measured; for the others it is scaled by the layer's own error."""
SURVEY_SAMPLES = 6000


@dataclass(frozen=True, slots=True)
class PrecisionOptions:
    """Options of one layer, aligned with WIDTHS or STEPS: bits of all codes, and relative output error of the network."""

    bits: Doubles
    loss: Doubles
    sensitivity: float
    """The relative output error at the probe."""


def choices(measure: str) -> tuple[float, ...]:
    return WIDTHS if measure == "file" else STEPS


def grid_for(rows: Doubles, option: float, measure: str, *, pruned: bool) -> Grid:
    """The grid of an option; it contains zero where the layer is pruned."""
    if measure == "download":
        return grids.steps(rows, option)
    bits = int(option)
    zero = 1.5 if bits == 2 and not pruned else float(1 << (bits - 1))
    return grids.uniform(rows, 1 << bits, zero, "mse")


def survey(
    model: onnx.ModelProto,
    layers: Sequence[WeightLayer],
    images: Sequence[FloatArray],
    probes: int,
    measure: str,
    seed: int,
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> dict[str, PrecisionOptions]:
    """Options of every layer, each measured in the otherwise uncompressed network.

    The last `probes` images measure the outputs, the others show each layer's inputs: a layer with more inputs than
    images could be rounded so that just these images show no error. With too few images, all of them do both.
    """
    changed: dict[str, dict[str, Tensor]] = {}
    costs: dict[str, tuple[Doubles, Doubles]] = {}

    def look(layer: WeightLayer, visit: Visit | None) -> None:
        rows = layer.layout.to_rows(array_of(model, layer.name) if visit is None else visit.weight)
        gram = (
            None if visit is None else gram_of(visit, seed, centred=layer.adjustable, samples=SURVEY_SAMPLES)
        )
        costs[layer.name] = _curve(rows.astype(np.float64), gram, measure)
        changed[layer.name] = _probed(layer, rows.astype(np.float64), gram, visit, measure)

    def choose(visit: Visit) -> Replacement:
        look(visit.layer, visit)
        return Replacement(visit.weight, visit.bias, visit.target)

    met = visitable(model, layers)
    for layer in layers:
        if layer not in met:
            look(layer, None)
    shown = images[:-probes] if len(images) >= 2 * probes else images
    walk(model, met, shown, choose, threads=threads, progress=progress)
    measured = disturbances(model, layers, changed, images[-probes:], threads=threads, progress=progress)
    options = {}
    for layer in layers:
        bits, errors = costs[layer.name]
        at_probe = errors[int(np.argmin(np.abs(np.log(np.array(choices(measure)) / PROBE[measure]))))]
        loss = measured[layer.name] * errors / max(at_probe, 1e-30)
        options[layer.name] = PrecisionOptions(bits, loss, measured[layer.name])
    return options


def _curve(rows: Doubles, gram: Gram | None, measure: str) -> tuple[Doubles, Doubles]:
    """Bits of each option and the layer's squared output error with it, rounded to nearest."""
    bits, errors = [], []
    pruned = pruned_zeros(rows) is not None
    for option in choices(measure):
        grid = grid_for(rows, option, measure, pruned=pruned).spread(*rows.shape)
        codes = nearest(rows, grid, None)
        off = grid.values(codes) - rows
        if measure == "download":
            width = entropy(codes.astype(np.uint8))
        else:  # a fixed width, or where the layer is pruned a mask and the codes that are not zero
            present = float((codes != grid.zero).mean()) if pruned else 1.0
            width = min(option, 1 + present * option)
        bits.append(width * rows.size)
        errors.append(float(np.square(off).sum()) if gram is None else gram.error(off))
    return np.array(bits), np.array(errors)


def _probed(
    layer: WeightLayer, rows: Doubles, gram: Gram | None, visit: Visit | None, measure: str
) -> dict[str, Tensor]:
    """The layer's tensors at the probed option as the step would make them: compensated, statistics matched."""
    zeros = pruned_zeros(rows)
    grid = grid_for(rows, PROBE[measure], measure, pruned=zeros is not None)
    codes = rounded(rows, grid, gram, zeros, "compensated", 0)
    grid = grid.spread(*rows.shape)
    values = grid.values(codes).astype(np.float32)
    if visit is None or not layer.adjustable or visit.bias is None or layer.bias is None:
        return {layer.name: layer.layout.to_weight(values)}
    outputs = visit.run(layer.layout.to_weight(values), visit.bias)
    target, now = channel_statistics(visit.target), channel_statistics(outputs)
    gain = gains(target, now)
    bias = (visit.bias - now.mean) * gain + target.mean
    weight = layer.layout.to_weight((values * gain[:, None]).astype(np.float32))
    return {layer.name: weight, layer.bias: bias.astype(np.float32)}
