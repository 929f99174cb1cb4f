"""What a technique will cost, predicted from one look at a network's weights and activations. It can be wrong.

The rule: a technique changes a layer's weight by d. If its input channels x are uncorrelated, an output channel gets
noise of power Σ d² E[x²], relative to that channel's own variance; for rounded activations, Σ w² step²/12. The mean over
channels passes on unchanged to the part of the last layers that depend on the layer (`reach`), and to no other. How
channels are correlated, and that a network may swallow noise or amplify it, the rule does not know; `analysis.scoring`
tells how far that goes wrong. The same idea, as a measure of single weights: Wanda, arXiv 2306.11695.
"""

from __future__ import annotations

import numpy as np

from edgeslim.analysis.activations import Observed
from edgeslim.analysis.techniques import Doubles, Technique
from edgeslim.steps.onnx_layers.layers import RECURRENT, FloatArray, WeightLayer

TOLERANCE = 0.01
"""Relative squared output error (-20 dB) that one layer may cause, where nothing else is asked for."""


def predictable(layer: WeightLayer) -> bool:
    """Whether the rule covers the layer: one matrix (or convolution) between its inputs and its outputs."""
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
