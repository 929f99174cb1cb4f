"""A few tensors make most of the rounding noise: a stem with a huge range, a layer with outliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.cause import CAUSES, Cause, cleared, judged, not_checked
from edgeslim.analysis.doctor.mends import robust_int8, static_int8
from edgeslim.analysis.doctor.noisiest import noisiest
from edgeslim.analysis.doctor.originals import original_weights
from edgeslim.analysis.doctor.quantized import without
from edgeslim.analysis.doctor.records import Evidence, Finding, Mend
from edgeslim.detections import FloatArray
from edgeslim.models.graph import producers
from edgeslim.steps.quantization.noise import OutputNoise, run_all, with_outputs

NAME = "noisy_tensor"
IMAGES = 3
"""Noise is measured on so many."""
MOST = 3
"""Tensors that can be named …"""
PART = 0.5
"""… if they make this share of all noise."""
FIRST = 4
"""Layers that count as the first ones."""


@dataclass(frozen=True, slots=True)
class _Rounded:
    """A tensor that is rounded: an activation (`restored`), or the weight of a layer."""

    restored: str
    tensor: str
    layer: int
    """Place of the layer that reads it, or of the next one, in order of computation."""
    weight: bool
    depthwise: bool


def look(case: Case) -> Finding:
    rounded = _rounded(case)
    if not rounded:
        return not_checked(NAME, "not_quantized")
    activations, weights = case.quantizers, original_weights(case)
    exact = without(case.file, activations.values(), weights)
    noise = OutputNoise(exact, case.tensors[:IMAGES], case.threads)

    def noise_of(group: range) -> float:
        names = {rounded[place].restored for place in group}
        others = [one for name, one in activations.items() if name not in names]
        kept = {name: value for name, value in weights.items() if name not in names}
        return noise.of(without(case.file, others, kept))

    found = noisiest(len(rounded), noise_of, MOST, PART, case.progress)
    if not found.places:
        return cleared(NAME, "spread", tensors=MOST, all=len(rounded), part=found.part)
    named = [rounded[place] for place in found.places]
    evidence: Evidence = {
        "tensors": len(named),
        "all": len(rounded),
        "tensor": named[0].tensor,
        "layer": named[0].layer + 1,
        "part": found.part,
        **_spread(case, named[0]),
    }
    names = {each.restored for each in named}
    repaired = without(
        case.file,
        [one for name, one in activations.items() if name in names],
        {name: value for name, value in weights.items() if name in names},
    )
    reason = "weight" if named[0].weight else "activation"
    return judged(NAME, case, repaired, evidence, _mend(case, named), reason)


def _rounded(case: Case) -> list[_Rounded]:
    """In order of computation."""
    layers, made = case.layers, producers(case.file.graph)
    known = original_weights(case)
    order = {name: place for place, node in enumerate(case.file.graph.node) for name in node.output}
    found = []
    for name, each in case.quantizers.items():
        place = next((at for at, layer in enumerate(layers) if layer.node > order[name]), len(layers))
        depthwise = any(
            layer.depthwise for layer in layers if layer.data is not None and layer.data.restored == name
        )
        found.append(_Rounded(name, each.tensor, place, False, depthwise))
    for place, layer in enumerate(layers):
        if layer.weight in known:
            found.append(_Rounded(layer.weight, made[layer.weight].input[0], place, True, layer.depthwise))
    return sorted(found, key=lambda each: each.layer)


def _spread(case: Case, worst: _Rounded) -> dict[str, float]:
    """The largest channel's peak against the median one's: what the others share a scale with."""
    peaks = _peaks(case, worst)
    if peaks is None:
        return {"peak": 0.0, "median": 0.0}
    return {"peak": float(peaks.max()), "median": float(np.median(peaks))}


def _peaks(case: Case, worst: _Rounded) -> FloatArray | None:
    if worst.weight:
        value = original_weights(case)[worst.restored]
        return np.asarray(np.abs(value.reshape(len(value), -1)).max(axis=1))
    runs = [
        run[0] for run in run_all(with_outputs(case.floated(), [worst.tensor]), case.tensors, case.threads)
    ]
    if runs[0].ndim < 2:
        return None
    peaks = [np.abs(run[0].reshape(run.shape[1], -1)).max(axis=1) for run in runs]
    return np.asarray(np.max(peaks, axis=0))


def _mend(case: Case, named: list[_Rounded]) -> Mend | None:
    """Keep float what is known to need it, else let robust_int8 find what does."""
    layers = len(case.layers)
    if all(each.layer >= layers for each in named):
        return static_int8(case, keep_float="outputs") or robust_int8(case)
    if all(each.layer < FIRST or each.layer >= layers for each in named):
        first = max(each.layer for each in named if each.layer < FIRST) + 1
        return static_int8(case, keep_float="first_and_outputs", first_layers=first) or robust_int8(case)
    if all(each.depthwise for each in named):
        return static_int8(case, keep_float="first_depthwise_and_outputs") or robust_int8(case)
    return robust_int8(case)


CAUSES.add(Cause(NAME, look))
