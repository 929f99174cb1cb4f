"""Predictions of what each technique costs and saves, at each layer and for a whole network. They can be wrong.

The rule for errors: a technique changes a layer's weight by d. If its input channels x are uncorrelated, an output
channel gets noise of power Σ d² E[x²], relative to its own variance; for rounded activations, Σ w² step²/12. The mean
over channels reaches unchanged the part of the last layers that depend on the layer (`reach`), and no other. The rule
ignores correlations, and that a network may damp or amplify noise; `analysis.scoring` measures how wrong it is. The same
idea for single weights: Wanda, arXiv 2306.11695.

A technique's gain at a layer is the share of the weight's bits saved at the strongest strength whose error is within the
tolerance; the technique that saves most is `best`. For a network whose layers are all changed, errors are added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from edgeslim.analysis.activations import Observed
from edgeslim.analysis.deployed import DeployedModel
from edgeslim.analysis.probing import reach
from edgeslim.analysis.results import (
    BestPrediction,
    LayerPredictions,
    LayerXRay,
    NetworkPrediction,
    Prediction,
)
from edgeslim.analysis.techniques import TECHNIQUES, Technique
from edgeslim.detections import Doubles, FloatArray
from edgeslim.progress import Progress, silent
from edgeslim.steps.onnx_layers.layers import RECURRENT, WeightLayer, array_of, ends

TOLERANCE = 0.01
"""Default tolerance: relative squared output error (-20 dB) that one layer may cause."""


def predictable(layer: WeightLayer) -> bool:
    """Whether the rule covers the layer: a matrix or convolution between its inputs and its outputs."""
    return layer.op not in RECURRENT and len(layer.layout.inner) != 3


def predicted_error(
    layer: WeightLayer,
    weight: FloatArray,
    observed: Observed,
    reach: float,
    technique: Technique,
    strength: float,
) -> float:
    """The relative squared error at the network's last layers when this layer alone is changed.

    To be compared with `probing.layer_sensitivity`. `weight` has the layer's shape; the layer is `predictable`.
    """
    rows = layer.layout.to_rows(weight).astype(np.float64)
    if technique.weight is None:
        step = (max(observed.high, 0.0) - min(observed.low, 0.0)) / (2.0**strength - 1)
        noise = np.square(rows).sum(axis=1) * step**2 / 12
    else:
        noise = weighted(layer, np.square(technique.weight(rows, strength) - rows), observed.power)
    return reach * float(np.mean(noise / observed.variance))


def weighted(layer: WeightLayer, squares: Doubles, power: Doubles) -> Doubles:
    """(O,): sums over each row of squares (O, K), each times the power of the input channel that it meets."""
    groups = layer.groups
    channels = power.reshape(groups, -1)
    kernel = squares.shape[1] // channels.shape[1]
    shaped = squares.reshape(groups, len(squares) // groups, channels.shape[1], kernel)
    noise: Doubles = np.einsum("gock,gc->go", shaped, channels).reshape(-1)
    return noise


FLOAT_BITS = 32


def layer_predictions(
    network: DeployedModel, seen: Mapping[str, Observed], *, progress: Progress = silent
) -> dict[str, LayerPredictions]:
    """By layer; those that no rule covers are missing."""
    _, last = ends(network.graph, network.layers)
    reached = reach(network.graph, network.layers)
    found: dict[str, LayerPredictions] = {}
    for done, layer in enumerate(network.layers):
        progress("predicting", done, len(network.layers))
        if not predictable(layer):
            continue
        weight = array_of(network.graph, layer.name)
        techniques = {
            technique.name: tuple(
                Prediction(
                    strength=strength,
                    error=predicted_error(
                        layer, weight, seen[layer.name], reached[layer.name], technique, strength
                    ),
                    saved=saved(technique, strength),
                )
                for strength in technique.strengths
                if technique.fits(layer, strength, layer.name in last)
            )
            for technique in TECHNIQUES
        }
        found[layer.name] = LayerPredictions(
            reach=reached[layer.name], techniques=techniques, best=best_of(techniques)
        )
    return found


def saved(technique: Technique, strength: float) -> float | None:
    """Share of a float32 weight's bits that storage saves; None if it saves none."""
    return None if technique.bits is None else 1 - technique.bits(strength) / FLOAT_BITS


def best_of(
    techniques: Mapping[str, Sequence[Prediction]], tolerance: float = TOLERANCE
) -> BestPrediction | None:
    """The technique and strength that save most at an error within the tolerance; None if nothing does."""
    options = [
        (line.saved, -line.error, name, line)
        for name, lines in techniques.items()
        for line in lines
        if line.saved is not None and line.error <= tolerance
    ]
    if not options:
        return None
    _, _, name, best = max(options, key=lambda option: option[:2])
    return BestPrediction(technique=name, strength=best.strength, error=best.error, saved=best.saved)


def network_predictions(lines: Sequence[LayerXRay]) -> dict[str, tuple[NetworkPrediction, ...]]:
    """By technique, for every strength: the sum of all layers' errors, the part of all weights' bits saved.

    Layers to which the technique is not applied save nothing.
    """
    weights = sum(prod(line.shape) for line in lines)
    return {
        technique.name: tuple(
            _of_network(technique, strength, lines, weights) for strength in technique.strengths
        )
        for technique in TECHNIQUES
    }


def _of_network(
    technique: Technique, strength: float, lines: Sequence[LayerXRay], weights: int
) -> NetworkPrediction:
    there = [
        (prod(line.shape), option)
        for line in lines
        if line.predictions
        for option in line.predictions.techniques.get(technique.name, ())
        if option.strength == strength
    ]
    gained = None
    if technique.bits is not None:
        gained = sum(size * (option.saved or 0.0) for size, option in there) / weights
    return NetworkPrediction(
        strength=strength, error=sum(option.error for _, option in there), saved=gained, layers=len(there)
    )
