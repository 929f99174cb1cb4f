"""What the X-ray promises of each technique, at each layer and for a whole network.

Errors follow the rule of `analysis.predicting`. What a technique pays at a layer is the part of its weight's
bits saved at the strongest strength whose error is within the tolerance; the technique that saves most is `best`.
A network whose layers are all changed is promised the sum of their errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from edgeslim.analysis.activations import Observed
from edgeslim.analysis.network import Network
from edgeslim.analysis.predicting import TOLERANCE, predictable, predicted_error
from edgeslim.analysis.probing import reach
from edgeslim.analysis.results import (
    BestPrediction,
    LayerPredictions,
    LayerXRay,
    NetworkPrediction,
    Prediction,
)
from edgeslim.analysis.techniques import TECHNIQUES, Technique
from edgeslim.progress import Progress, silent
from edgeslim.steps.onnx_layers.layers import array_of, ends

FLOAT_BITS = 32


def layer_predictions(
    network: Network, seen: Mapping[str, Observed], *, progress: Progress = silent
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
    """Part of a float32 weight's bits that storage saves, None where it saves none."""
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

    Layers that the technique leaves alone save nothing.
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
