"""Runs a network and its compressed version side by side, one weight layer at a time, on a set of inputs.

At each layer the caller sees what goes in and what the original gives, chooses the new weight, and the walk goes on
with the compressed network as it then is. Every operator is onnxruntime's, so any network that runs can be walked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import onnx

from edgeslim.export.graph import attributes
from edgeslim.ort import OrtSession
from edgeslim.progress import Progress, silent
from edgeslim.sessions import Tensor
from edgeslim.steps.onnx_layers.layers import LINEAR, FloatArray, WeightLayer, array_of
from edgeslim.steps.onnx_layers.segments import Batch, Segment, Segmentation, outputs_of, reads

MEMORY = 3 << 30
"""Bytes of tensors between layers held at a time, at most; fewer images are used where a network needs more."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """The new weight and bias of a layer; `outputs`, where the caller has computed them, save a run."""

    weight: FloatArray
    bias: FloatArray | None
    outputs: Batch | None = None


class Visit:
    """A layer met on the walk: what goes in in the compressed network, and what the original gives."""

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
        """Outputs of the layer for its inputs in the compressed network (or others), with this weight and bias."""
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
    """The layers that `walk` can visit: linear operators whose data input, and nothing else, is computed."""
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
    """Visit `layers` (of `visitable`) in graph order; returns how many images were used.

    `images` are values of the network's one input. `replaced` holds weights and biases that are already compressed.
    """
    by_node = {layer.node: layer for layer in layers}
    cut = Segmentation(model, by_node, threads)
    count = max(1, min(len(images), MEMORY // (2 * _peak(cut, images[0]))))
    reference: dict[str, Batch] = {cut.feed: list(images[:count])}
    compressed = dict(reference)
    weights = dict(replaced or {})
    for done, stage in enumerate(cut.stages):
        progress("coding_layers", done, len(cut.stages))
        layer = None if stage.index is None else by_node[stage.index]
        if layer is None:
            _advance(cut, stage, reference, compressed, weights)
        else:
            weights[layer.name] = _visit(cut, stage, layer, model, reference, compressed, choose).weight
        for name in stage.last_use:
            reference.pop(name, None)
            compressed.pop(name, None)
    return count


def _advance(
    cut: Segmentation,
    stage: Segment,
    reference: dict[str, Batch],
    compressed: dict[str, Batch],
    weights: Mapping[str, Tensor],
) -> None:
    """Run a stage without weights to choose on both sides."""
    if not stage.outputs:
        return
    session = cut.session(stage, {name: reference[name][0] for name in stage.inputs})
    fresh = _run(session, stage, reference)
    same = all(compressed[name] is reference[name] for name in stage.inputs)
    touched = any(name in weights for node in stage.nodes for name in reads(node))
    if not (same and not touched):
        if touched:
            session = cut.session(stage, {name: reference[name][0] for name in stage.inputs}, weights)
        compressed.update(_run(session, stage, compressed))
    else:
        compressed.update(fresh)
    reference.update(fresh)


def _visit(
    cut: Segmentation,
    stage: Segment,
    layer: WeightLayer,
    model: onnx.ModelProto,
    reference: dict[str, Batch],
    compressed: dict[str, Batch],
    choose: Callable[[Visit], Replacement],
) -> Replacement:
    (data,) = stage.inputs
    visit = Visit(layer, model, data)
    fed = {layer.name: visit.weight}
    if layer.bias is not None and visit.bias is not None:
        fed[layer.bias] = visit.bias
    visit.session = cut.session(replace(stage, outputs=(layer.output,)), {data: reference[data][0], **fed})
    visit.target = visit.run(visit.weight, visit.bias, reference[data])
    visit.inputs = compressed[data]
    choice = choose(visit)
    if layer.output in stage.outputs:
        reference[layer.output] = visit.target
        compressed[layer.output] = choice.outputs or visit.run(choice.weight, choice.bias)
    return choice


def _run(session: OrtSession, stage: Segment, side: Mapping[str, Batch]) -> dict[str, Batch]:
    count = len(next(iter(side.values())))
    feeds = [{name: side[name][i] for name in stage.inputs} for i in range(count)]
    return dict(zip(stage.outputs, outputs_of(session, feeds), strict=True))


def _peak(cut: Segmentation, image: FloatArray) -> int:
    """Most bytes of tensors between stages at a time, for one image."""
    side: dict[str, Batch] = {cut.feed: [image]}
    most = 0
    for stage in cut.stages:
        if stage.outputs:
            session = cut.session(stage, {name: side[name][0] for name in stage.inputs})
            side.update(_run(session, stage, side))
        most = max(most, sum(batch[0].nbytes for batch in side.values()))
        for name in stage.last_use:
            side.pop(name, None)
    return most
