"""Runs a network and its compressed version side by side on a set of inputs, one weight layer at a time.

At each layer the caller gets the layer's inputs in the compressed network and its outputs in the original, and chooses
the new weight; the walk continues with it. onnxruntime computes every operator, so any network that runs can be walked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import onnx

from edgeslim.detections import FloatArray
from edgeslim.models.graph import attributes, used_names
from edgeslim.ort import OrtSession
from edgeslim.progress import Progress, silent
from edgeslim.sessions import Tensor
from edgeslim.steps.onnx_layers.layers import LINEAR, WeightLayer, array_of
from edgeslim.steps.onnx_layers.segments import Batch, Segment, Segmentation, outputs_of

MEMORY = 3 << 30
"""Maximum bytes of intermediate tensors in memory; fewer images are used where a network needs more."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """The new weight and bias of a layer, and its `outputs` if the caller has computed them."""

    weight: FloatArray
    bias: FloatArray | None
    outputs: Batch | None = None


class Visit:
    """A layer during the walk: its inputs in the compressed network, and its outputs in the original (`target`)."""

    session: OrtSession

    def __init__(self, layer: WeightLayer, model: onnx.ModelProto, data: str) -> None:
        self.layer = layer
        self.weight = array_of(model, layer.name)
        self.bias = array_of(model, layer.bias) if layer.bias else None
        self.attributes = attributes(model.graph.node[layer.node])
        self.inputs: Batch = []
        self.target: Batch = []
        self._data = data

    def run(self, weight: FloatArray, bias: FloatArray | None, inputs: Batch | None = None) -> Batch:
        """Outputs of the layer with this weight and bias, for its inputs in the compressed network or for others."""
        fixed = {self.layer.name: weight}
        if self.layer.bias is not None:
            assert bias is not None, "the layer has a bias"
            fixed[self.layer.bias] = bias
        feeds = [{self._data: item, **fixed} for item in (self.inputs if inputs is None else inputs)]
        outputs = outputs_of(self.session, feeds)[0]
        if self.layer.bias is None and bias is not None:
            spread = bias.reshape(-1, *(1,) * (outputs[0].ndim - 2))
            return [item + spread for item in outputs]
        return outputs


def visitable(model: onnx.ModelProto, layers: Sequence[WeightLayer]) -> tuple[WeightLayer, ...]:
    """The layers that `walk` can visit: linear operators of which only the data input is computed."""
    stored = {item.name for item in model.graph.initializer}
    found: dict[int, WeightLayer] = {}
    for layer in layers:
        computed = [name for name in model.graph.node[layer.node].input if name and name not in stored]
        if layer.op in LINEAR and len(computed) == 1:
            found.setdefault(layer.node, layer)
    return tuple(found.values())


def walk(
    model: onnx.ModelProto,
    layers: Sequence[WeightLayer],
    images: Sequence[FloatArray],
    choose: Callable[[Visit], Replacement],
    *,
    replaced: Mapping[str, Tensor] | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> int:
    """Visit `layers` (of `visitable`) in graph order; returns the number of images used.

    `images` are inputs of the network. `replaced` holds weights and biases that are already compressed.
    """
    by_node = {layer.node: layer for layer in layers}
    segmentation = Segmentation(model, by_node, threads)
    count = max(1, min(len(images), MEMORY // (2 * _peak(segmentation, images[0]))))
    reference: dict[str, Batch] = {segmentation.feed: list(images[:count])}
    compressed = dict(reference)
    weights = dict(replaced or {})
    for done, segment in enumerate(segmentation.segments):
        progress("coding_layers", done, len(segmentation.segments))
        layer = None if segment.index is None else by_node[segment.index]
        if layer is None:
            _advance(segmentation, segment, reference, compressed, weights)
        else:
            weights[layer.name] = _visit(
                segmentation, segment, layer, model, reference, compressed, choose
            ).weight
        for name in segment.last_use:
            reference.pop(name, None)
            compressed.pop(name, None)
    return count


def _advance(
    segmentation: Segmentation,
    segment: Segment,
    reference: dict[str, Batch],
    compressed: dict[str, Batch],
    weights: Mapping[str, Tensor],
) -> None:
    """Run a segment without a layer to visit, in both networks."""
    if not segment.outputs:
        return
    session = segmentation.session(segment, {name: reference[name][0] for name in segment.inputs})
    fresh = _run(session, segment, reference)
    same = all(compressed[name] is reference[name] for name in segment.inputs)
    touched = any(name in weights for name in used_names(segment.nodes))
    if not (same and not touched):
        if touched:
            session = segmentation.session(
                segment, {name: reference[name][0] for name in segment.inputs}, weights
            )
        compressed.update(_run(session, segment, compressed))
    else:
        compressed.update(fresh)
    reference.update(fresh)


def _visit(
    segmentation: Segmentation,
    segment: Segment,
    layer: WeightLayer,
    model: onnx.ModelProto,
    reference: dict[str, Batch],
    compressed: dict[str, Batch],
    choose: Callable[[Visit], Replacement],
) -> Replacement:
    (data,) = segment.inputs
    visit = Visit(layer, model, data)
    fed = {layer.name: visit.weight}
    if layer.bias is not None and visit.bias is not None:
        fed[layer.bias] = visit.bias
    visit.session = segmentation.session(
        replace(segment, outputs=(layer.output,)), {data: reference[data][0], **fed}
    )
    visit.target = visit.run(visit.weight, visit.bias, reference[data])
    visit.inputs = compressed[data]
    replacement = choose(visit)
    if layer.output in segment.outputs:
        reference[layer.output] = visit.target
        compressed[layer.output] = replacement.outputs or visit.run(replacement.weight, replacement.bias)
    return replacement


def _run(session: OrtSession, segment: Segment, side: Mapping[str, Batch]) -> dict[str, Batch]:
    count = len(next(iter(side.values())))
    feeds = [{name: side[name][i] for name in segment.inputs} for i in range(count)]
    return dict(zip(segment.outputs, outputs_of(session, feeds), strict=True))


def _peak(segmentation: Segmentation, image: FloatArray) -> int:
    """Maximum bytes of tensors between segments for one image."""
    side: dict[str, Batch] = {segmentation.feed: [image]}
    most = 0
    for segment in segmentation.segments:
        if segment.outputs:
            session = segmentation.session(segment, {name: side[name][0] for name in segment.inputs})
            side.update(_run(session, segment, side))
        most = max(most, sum(batch[0].nbytes for batch in side.values()))
        for name in segment.last_use:
            side.pop(name, None)
    return most
