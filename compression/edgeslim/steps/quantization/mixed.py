"""Mixed precision: what each layer's weights would cost in bits and in output error at every width or step size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from edgeslim.export.packed.packing import entropy
from edgeslim.progress import Progress, silent
from edgeslim.sessions import Tensor
from edgeslim.steps.onnx_layers.gram import Gram, gram_of
from edgeslim.steps.onnx_layers.layers import FloatArray, WeightLayer, array_of, pruned_zeros
from edgeslim.steps.onnx_layers.sensitivity import disturbances
from edgeslim.steps.onnx_layers.statistics import gains, moments
from edgeslim.steps.onnx_layers.walk import Choice, Visit, visitable, walk
from edgeslim.steps.quantization import grids
from edgeslim.steps.quantization.coding import rounded
from edgeslim.steps.quantization.grids import Doubles, Grid
from edgeslim.steps.quantization.rounding import nearest

WIDTHS = tuple(float(bits) for bits in range(2, 9))
"""Options of a layer whose codes are stored in fields: bits."""
STEPS = tuple(float(step) for step in np.geomspace(0.02, 1.4, 18))
"""Options of a layer whose codes are entropy-coded: step size in units of the weights' deviation."""
PROBE = {"file": 4.0, "download": 0.3}
"""The option at which the disturbance is measured; for others it is scaled by the layer's own output error."""
SURVEY_SAMPLES = 6000


@dataclass(frozen=True, slots=True)
class Options:
    """Of one layer, aligned with WIDTHS or STEPS: bits of all codes, and relative output error of the network."""

    bits: Doubles
    loss: Doubles
    sensitivity: float
    """The relative output error at the probe."""


def choices(measure: str) -> tuple[float, ...]:
    return WIDTHS if measure == "file" else STEPS


def grid_for(rows: Doubles, option: float, measure: str, *, pruned: bool) -> Grid:
    """The grid that an option stands for; it has a zero where the layer is pruned."""
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
) -> dict[str, Options]:
    """Options of every layer, each measured in the otherwise uncompressed network.

    The last `probes` of the images measure the outputs, the others show each layer's inputs: a layer with more inputs
    than images can be rounded so that just these images hardly notice. A few images do both.
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

    def choose(visit: Visit) -> Choice:
        look(visit.layer, visit)
        return Choice(visit.weight, visit.bias, visit.target)

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
        options[layer.name] = Options(bits, loss, measured[layer.name])
    return options


def _curve(rows: Doubles, gram: Gram | None, measure: str) -> tuple[Doubles, Doubles]:
    """Bits and the layer's squared output error of each option, rounded to nearest."""
    bits, errors = [], []
    pruned = pruned_zeros(rows) is not None
    for option in choices(measure):
        grid = grid_for(rows, option, measure, pruned=pruned).spread(*rows.shape)
        codes = nearest(rows, grid, None)
        off = grid.values(codes) - rows
        if measure == "download":
            width = entropy(codes.astype(np.uint8))
        else:  # fields, or where it was pruned a mask and the fields that are not zero
            present = float((codes != grid.zero).mean()) if pruned else 1.0
            width = min(option, 1 + present * option)
        bits.append(width * rows.size)
        errors.append(float(np.square(off).sum()) if gram is None else gram.error(off))
    return np.array(bits), np.array(errors)


def _probed(
    layer: WeightLayer, rows: Doubles, gram: Gram | None, visit: Visit | None, measure: str
) -> dict[str, Tensor]:
    """The layer's tensors at the probe, as the step would make them: compensated, statistics matched."""
    zeros = pruned_zeros(rows)
    grid = grid_for(rows, PROBE[measure], measure, pruned=zeros is not None)
    codes = rounded(rows, grid, gram, zeros, "compensated", 0)
    grid = grid.spread(*rows.shape)
    values = grid.values(codes).astype(np.float32)
    if visit is None or not layer.adjustable or visit.bias is None or layer.bias is None:
        return {layer.name: layer.layout.to_weight(values)}
    outputs = visit.run(layer.layout.to_weight(values), visit.bias)
    target, now = moments(visit.target), moments(outputs)
    gain = gains(target, now)
    bias = (visit.bias - now.mean) * gain + target.mean
    weight = layer.layout.to_weight((values * gain[:, None]).astype(np.float32))
    return {layer.name: weight, layer.bias: bias.astype(np.float32)}
