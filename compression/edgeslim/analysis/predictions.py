"""What the X-ray promises of each technique, at each layer and for a whole network.

Errors follow the rule of `analysis.predicting`. What a technique pays at a layer is the part of its weight's
bits saved at the strongest strength whose error is within the tolerance; the technique that saves most is `best`.
A network whose layers are all changed is promised the sum of their errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from edgeslim.analysis.activations import Observed
from edgeslim.analysis.network import Network
from edgeslim.analysis.predicting import TOLERANCE, predictable, predicted_error
from edgeslim.analysis.probing import reach
from edgeslim.analysis.techniques import TECHNIQUES, Technique
from edgeslim.progress import Progress, silent
from edgeslim.steps.onnx_layers.layers import array_of, ends

FLOAT_BITS = 32


def layer_predictions(
    network: Network, seen: Mapping[str, Observed], *, progress: Progress = silent
) -> dict[str, dict[str, Any] | None]:
    """By layer: `reach`, `techniques` (name → [{strength, error, saved}]) and `best`; None where no rule covers it."""
    _, last = ends(network.graph, network.layers)
    reached = reach(network.graph, network.layers)
    found: dict[str, dict[str, Any] | None] = {}
    for done, layer in enumerate(network.layers):
        progress("predicting", done, len(network.layers))
        if not predictable(layer):
            found[layer.name] = None
            continue
        weight = array_of(network.graph, layer.name)
        techniques = {
            technique.name: [
                {
                    "strength": strength,
                    "error": predicted_error(
                        layer, weight, seen[layer.name], reached[layer.name], technique, strength
                    ),
                    "saved": saved(technique, strength),
                }
                for strength in technique.strengths
                if technique.fits(layer, strength, layer.name in last)
            ]
            for technique in TECHNIQUES
        }
        found[layer.name] = {
            "reach": reached[layer.name],
            "techniques": techniques,
            "best": best_of(techniques),
        }
    return found


def saved(technique: Technique, strength: float) -> float | None:
    """Part of a float32 weight's bits that storage saves, None where it saves none."""
    return None if technique.bits is None else 1 - technique.bits(strength) / FLOAT_BITS


def best_of(
    techniques: Mapping[str, Sequence[Mapping[str, Any]]], tolerance: float = TOLERANCE
) -> dict[str, Any] | None:
    """The technique and strength that save most at an error within the tolerance; None if nothing does."""
    options = [
        {"technique": name, **line}
        for name, lines in techniques.items()
        for line in lines
        if line["saved"] is not None and line["error"] <= tolerance
    ]
    return max(options, key=lambda option: (option["saved"], -option["error"]), default=None)


def network_predictions(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By technique, for every strength: the sum of all layers' errors, the part of all weights' bits saved.

    Layers that the technique leaves alone save nothing.
    """
    weights = sum(_weights(line) for line in lines)
    found: dict[str, list[dict[str, Any]]] = {}
    for technique in TECHNIQUES:
        for strength in technique.strengths:
            there = [
                (line, option)
                for line in lines
                for option in (line["predictions"] or {"techniques": {}})["techniques"].get(
                    technique.name, ()
                )
                if option["strength"] == strength
            ]
            gained = None
            if technique.bits is not None:
                gained = sum(_weights(line) * option["saved"] for line, option in there) / weights
            found.setdefault(technique.name, []).append(
                {
                    "strength": strength,
                    "error": sum(option["error"] for _, option in there),
                    "saved": gained,
                    "layers": len(there),
                }
            )
    return found


def _weights(line: Mapping[str, Any]) -> int:
    return prod(line["shape"])
