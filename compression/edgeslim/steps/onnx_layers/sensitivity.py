"""Sensitivity of a network's outputs to the change of a single layer, measured without labels.

The outputs are those of the last weight layers (a detector's heads, a classifier's logits), before any decoding. Each
has the same weight, whatever its number of positions and channels, so that no level of a detector dominates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

import numpy as np
import onnx
from onnx import numpy_helper

from edgeslim.detections import FloatArray
from edgeslim.ort import OrtSession, open_session
from edgeslim.progress import Progress, silent
from edgeslim.sessions import Tensor
from edgeslim.steps.onnx_layers.layers import WeightLayer, ends


def disturbances(
    model: onnx.ModelProto,
    layers: Sequence[WeightLayer],
    changed: Mapping[str, Mapping[str, Tensor]],
    images: Sequence[FloatArray],
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> dict[str, float]:
    """For each layer, the mean relative squared error of the last layers' outputs when only that layer is changed.

    `changed[layer name]` holds the tensors (weight, perhaps bias) that replace stored ones. Errors are relative to each
    channel's variance over positions and images, and averaged over channels, then over last layers.
    """
    watched = head_outputs(model, layers)
    names = {name for tensors in changed.values() for name in tensors}
    session, feed = _open(model, watched, names, threads)
    reference = [session.values({feed: image}, watched) for image in images]
    scales = [channel_variances([item[k] for item in reference]) for k in range(len(watched))]
    found = {}
    for done, layer in enumerate(layers):
        progress("sensitivity", done, len(layers))
        outputs = [session.values({feed: image, **changed[layer.name]}, watched) for image in images]
        errors = [
            np.mean(
                channel_errors([item[k] for item in reference], [item[k] for item in outputs]) / scales[k]
            )
            for k in range(len(watched))
        ]
        found[layer.name] = float(np.mean(errors))
    return found


def head_outputs(model: onnx.ModelProto, layers: Sequence[WeightLayer]) -> tuple[str, ...]:
    """Outputs of the layers that no other layer follows: a detector's heads, a classifier's logits."""
    _, last = ends(model, layers)
    return tuple(sorted({layer.output for layer in layers if layer.name in last}))


def _open(
    model: onnx.ModelProto, watched: Sequence[str], names: set[str], threads: int
) -> tuple[OrtSession, str]:
    """A session whose named weights can be fed, and the name of the network's input."""
    graph = deepcopy(model)
    stored = {item.name: item for item in model.graph.initializer}
    listed = {item.name for item in model.graph.input}
    feed = next(item.name for item in model.graph.input if item.name not in stored)
    for name in sorted(names & set(stored) - listed):
        array = numpy_helper.to_array(stored[name])
        info = onnx.helper.make_tensor_value_info(name, stored[name].data_type, array.shape)
        graph.graph.input.append(info)
    there = {item.name for item in model.graph.output}
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in watched if name not in there)
    return open_session(graph, threads), feed


def _by_channel(outputs: Sequence[Tensor]) -> Tensor:
    """(C, positions of all images); channels are axis 1, or the last axis of sequences."""
    axis = 1 if outputs[0].ndim in (2, 4) else outputs[0].ndim - 1
    channels = outputs[0].shape[axis]
    return np.concatenate([np.moveaxis(each, axis, 0).reshape(channels, -1) for each in outputs], axis=1)


def channel_variances(outputs: Sequence[Tensor]) -> Tensor:
    """Variance of each channel, at least a small share of the mean over channels."""
    flat = _by_channel(outputs).astype(np.float64)
    variance = flat.var(axis=1)
    floor = max(float(variance.mean()) * 1e-3, 1e-12)
    result: Tensor = np.maximum(variance, floor)
    return result


def channel_errors(reference: Sequence[Tensor], outputs: Sequence[Tensor]) -> Tensor:
    """Mean squared difference of each channel, over positions and images."""
    difference = _by_channel(reference).astype(np.float64) - _by_channel(outputs)
    result: Tensor = np.square(difference).mean(axis=1)
    return result
