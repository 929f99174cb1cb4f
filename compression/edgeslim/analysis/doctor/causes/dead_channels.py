"""Channels that give one value at every place of every image, though they vary in the original: they tell nothing."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.cause import CAUSES, Cause, cleared, judged, not_checked
from edgeslim.analysis.doctor.mends import milder, place_of, static_int8, with_other
from edgeslim.analysis.doctor.quantized import float_name, restored_weight, without
from edgeslim.analysis.doctor.records import Evidence, Finding, Mend
from edgeslim.detections import FloatArray
from edgeslim.models.graph import Initializers, producers, readers
from edgeslim.steps.quantization.noise import run_all, with_outputs

NAME = "dead_channels"
PASSED = ("Relu", "Clip", "QuantizeLinear", "DequantizeLinear")
"""Operators after a layer that may make its channels constant."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """A convolution of a file or of its original, which know it by the name of its float weight."""

    node: onnx.NodeProto
    seen: str
    """What others read of it: the tensor after its activation function."""
    shape: tuple[int, ...]
    """Of its weight."""


def look(case: Case) -> Finding:
    own, known = _layers(case.file), _layers(case.original)
    names = [name for name in own if name in known and own[name].shape == known[name].shape]
    if not names:
        return not_checked(NAME, "no_same_layers")
    still, silent = (_constant(case, *each, names) for each in ((case.file, own), (case.original, known)))
    dead = {name: still[name] & ~silent[name] for name in names}
    channels = sum(each.size for each in dead.values())
    hit = [name for name in names if dead[name].any()]
    if not hit:
        return cleared(NAME, "none_dead", all=channels, layers=len(names))
    worst = max(hit, key=lambda name: float(dead[name].mean()))
    evidence: Evidence = {
        "channels": int(sum(dead[name].sum() for name in hit)),
        "all": channels,
        "layers": len(hit),
        "layer": worst,
        "few": float(dead[worst].mean()),
    }
    revived = _revived(case, {name: (own[name].node, known[name].node, dead[name]) for name in hit})
    return judged(NAME, case, revived, evidence, _mend(case))


def _layers(model: onnx.ModelProto) -> dict[str, _Layer]:
    weights, made, read, found = (
        Initializers(model.graph),
        producers(model.graph),
        readers(model.graph),
        dict[str, _Layer](),
    )
    for node in model.graph.node:
        if node.op_type != "Conv":
            continue
        source = made.get(node.input[1])
        stored = node.input[1] if source is None else source.input[0]
        if stored not in weights or (source is not None and source.op_type != "DequantizeLinear"):
            continue
        seen = node.output[0]
        while len(after := read.get(seen, [])) == 1 and after[0].op_type in PASSED:
            seen = after[0].output[0]
        found[float_name(stored)] = _Layer(node, seen, weights.array(stored).shape)
    return found


def _constant(
    case: Case, model: onnx.ModelProto, layers: dict[str, _Layer], names: list[str]
) -> dict[str, NDArray[np.bool_]]:
    """(O,) for each layer: which channels have one value on all images."""
    low, high = dict[str, FloatArray](), dict[str, FloatArray]()
    for values in run_all(
        with_outputs(model, [layers[name].seen for name in names]), case.tensors, case.threads
    ):
        for name, value in zip(names, values, strict=True):
            flat = value.reshape(value.shape[1], -1)
            low[name] = np.minimum(low.get(name, np.inf), flat.min(axis=1))
            high[name] = np.maximum(high.get(name, -np.inf), flat.max(axis=1))
    return {name: low[name] == high[name] for name in names}


def _revived(
    case: Case, layers: dict[str, tuple[onnx.NodeProto, onnx.NodeProto, NDArray[np.bool_]]]
) -> onnx.ModelProto:
    """The file with the original's weights and float biases in its dead channels."""
    originals = Initializers(case.original.graph)
    integers = {layer.weight: restored_weight(layer) for layer in case.layers}
    result, restored = deepcopy(case.file), dict[str, FloatArray]()
    stored = Initializers(result.graph)
    for own, known, dead in layers.values():
        for place in range(1, min(len(own.input), len(known.input))):
            name = own.input[place]
            if name in integers or name in stored:
                value = np.array(integers[name] if name in integers else stored.array(name))
                value[dead] = originals.array(known.input[place])[dead]
                if name in integers:
                    restored[name] = value
                else:
                    stored.put(name, value)
    return without(result, (), restored)


def _mend(case: Case) -> Mend | None:
    """What spares whole channels: pruning by layer, a scale for each channel; else less of the last step."""
    if case.recipe is None:
        return None
    place = place_of(case.recipe, "magnitude_pruning")
    if place is not None and getattr(case.recipe.steps[place], "scope", "layer") != "layer":
        return with_other(case.recipe, place, scope="layer")
    if place_of(case.recipe, "static_int8") is not None:
        return static_int8(case, per_channel=True)
    return milder(case.recipe, len(case.recipe.steps) - 1)


CAUSES.add(Cause(NAME, look))
