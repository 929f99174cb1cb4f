"""Bias correction: the mean rounding error of each output channel of a layer is subtracted from its bias.

Source: Nagel et al. 2019, arXiv 1906.04721, section 4.2, the empirical variant. Each quantized layer is compared with the
float layer on the float network's inputs, all in one run, so that no layer corrects the error of another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy

import numpy as np
import onnx
from onnx import helper

from edgeslim.detections import FloatArray
from edgeslim.models.graph import Initializers, set_nodes
from edgeslim.steps.quantization.calibration import Range
from edgeslim.steps.quantization.noise import run_all, with_outputs
from edgeslim.steps.quantization.qdq import Integers, IntegerWeight, grid, integer_weight


def bias_corrected(
    model: onnx.ModelProto,
    int8: Collection[str],
    ranges: Mapping[str, Range],
    integers: Integers,
    images: list[FloatArray],
    threads: int,
    rounded: Mapping[str, IntegerWeight] | None = None,
) -> tuple[onnx.ModelProto, int]:
    """A copy in which the convolutions named in `int8` have corrected biases, and their number.

    `rounded` as in `write_qdq`.
    """
    result = deepcopy(model)
    weights = Initializers(result.graph)
    layers = [
        node
        for node in result.graph.node
        if node.name in int8
        and node.op_type == "Conv"
        and len(node.input) > 2
        and all(name in weights for name in node.input[1:])
        and node.input[0] in ranges
    ]
    if not layers:
        return result, 0
    watched = _beside(model, layers, ranges, integers, rounded or {})
    outputs = list(run_all(watched, images, threads))
    for index, node in enumerate(layers):
        error = np.mean([run[2 * index + 1] - run[2 * index] for run in outputs], axis=0)
        weights.put(node.input[2], (weights.array(node.input[2]) - error.reshape(-1)).astype(np.float32))
    return result, len(layers)


def _beside(
    model: onnx.ModelProto,
    layers: list[onnx.NodeProto],
    ranges: Mapping[str, Range],
    integers: Integers,
    given: Mapping[str, IntegerWeight],
) -> onnx.ModelProto:
    """The float network with a quantized copy beside each layer; outputs: channel means of each layer and its copy."""
    twin = deepcopy(model)
    graph, weights = twin.graph, Initializers(twin.graph)
    added, watched = [], []
    kind = np.int8 if integers.signed_activations else np.uint8
    for node in layers:
        base = f"{node.output[0]}.twin"
        scale, zero = grid(ranges[node.input[0]], integers.lowest)
        codes, steps = given.get(node.input[1]) or integer_weight(
            weights.array(node.input[1]), 0, integers.weight_limit
        )
        rounded = codes.astype(np.float32) * steps.reshape(-1, *(1,) * (codes.ndim - 1))
        weights.put(f"{base}.scale", np.array(scale, np.float32))
        weights.put(f"{base}.zero", np.array(zero, kind))
        weights.put(f"{base}.weight", rounded)
        fixed = [f"{base}.scale", f"{base}.zero"]
        copy = deepcopy(node)
        copy.name, copy.output[0] = base, base
        copy.input[0], copy.input[1] = f"{base}.input", f"{base}.weight"
        added += [
            helper.make_node("QuantizeLinear", [node.input[0], *fixed], [f"{base}.int8"]),
            helper.make_node("DequantizeLinear", [f"{base}.int8", *fixed], [f"{base}.input"]),
            copy,
        ]
        for name in (node.output[0], base):
            added.append(helper.make_node("GlobalAveragePool", [name], [f"{name}.mean"]))
            watched.append(f"{name}.mean")
    set_nodes(graph, [*graph.node, *added])
    return with_outputs(twin, watched)
