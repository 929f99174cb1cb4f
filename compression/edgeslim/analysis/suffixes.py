"""The part of a network that depends on a layer, as a session in which that layer can be changed.

Everything before the layer is computed once, and only the nodes between it and the watched tensors are run: half the
work of whole runs, and the weights of all other layers stay constants, which onnxruntime optimizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx

from edgeslim.detections import FloatArray
from edgeslim.models.graph import used_names
from edgeslim.ort import OrtSession
from edgeslim.sessions import Tensor
from edgeslim.steps.onnx_layers.layers import WeightLayer, array_of
from edgeslim.steps.onnx_layers.segments import Batch, Segment, Segmentation, outputs_of

_CHANGED = "changed.input"
"""Name of the layer's input, separate from the tensor that other nodes read."""


@dataclass(frozen=True, slots=True)
class Suffix:
    """`inputs` are the layer's inputs; `reached` names the watched tensors that depend on the layer."""

    layer: WeightLayer
    weight: FloatArray
    bias: FloatArray | None
    inputs: Batch
    reached: tuple[str, ...]
    _session: OrtSession
    _feeds: tuple[Mapping[str, Tensor], ...]

    def run(
        self,
        weight: FloatArray | None = None,
        bias: FloatArray | None = None,
        inputs: Sequence[Tensor] | None = None,
    ) -> dict[str, Batch]:
        """Values of the `reached` tensors with another weight, bias or input of the layer."""
        fixed = {self.layer.name: self.weight if weight is None else weight}
        if self.layer.bias is not None and self.bias is not None:
            fixed[self.layer.bias] = self.bias if bias is None else bias
        own = self.inputs if inputs is None else inputs
        feeds = [{**feed, **fixed, _CHANGED: item} for feed, item in zip(self._feeds, own, strict=True)]
        return dict(zip(self.reached, outputs_of(self._session, feeds), strict=True))


def suffixes(
    model: onnx.ModelProto,
    layers: Sequence[WeightLayer],
    images: Sequence[FloatArray],
    watched: Sequence[str],
    *,
    threads: int = 1,
) -> Iterator[Suffix]:
    """One for every layer on which a `watched` tensor depends, in graph order.

    `images` are inputs of the network; all are in memory at a time, with the tensors between two layers.
    """
    by_node: dict[int, list[WeightLayer]] = {}
    for layer in layers:
        by_node.setdefault(layer.node, []).append(layer)
    segmentation = Segmentation(model, {*by_node, len(model.graph.node) - 1}, threads)
    side: dict[str, Batch] = {segmentation.feed: list(images)}
    for segment in segmentation.segments:
        for layer in by_node.get(-1 if segment.index is None else segment.index, ()):
            suffix = _suffix(segmentation, model, layer, side, watched)
            if suffix is not None:
                yield suffix
        if segment.outputs:
            session = segmentation.session(segment, {name: side[name][0] for name in segment.inputs})
            feeds = [{name: side[name][i] for name in segment.inputs} for i in range(len(images))]
            side.update(zip(segment.outputs, outputs_of(session, feeds), strict=True))
        for name in segment.last_use:
            side.pop(name, None)


def data_input(model: onnx.ModelProto, layer: WeightLayer) -> str:
    """Name of the tensor that a layer multiplies with its weight; for a recurrent layer's state, the layer's input."""
    return str(model.graph.node[layer.node].input[1 - layer.slot if layer.op == "MatMul" else 0])


def reached_from(model: onnx.ModelProto, layer: WeightLayer, watched: Sequence[str]) -> tuple[str, ...]:
    """Those of the `watched` tensors that depend on the layer."""
    touched = {layer.name}
    for node in model.graph.node[layer.node :]:
        if any(name in touched for name in used_names([node])):
            touched.update(node.output)
    return tuple(name for name in watched if name in touched)


def _suffix(
    segmentation: Segmentation,
    model: onnx.ModelProto,
    layer: WeightLayer,
    side: Mapping[str, Batch],
    watched: Sequence[str],
) -> Suffix | None:
    reached = reached_from(model, layer, watched)
    if not reached:
        return None
    data = data_input(model, layer)
    own = onnx.NodeProto()
    own.CopyFrom(model.graph.node[layer.node])
    own.input[list(own.input).index(data)] = _CHANGED
    nodes = _leading_to([own, *model.graph.node[layer.node + 1 :]], reached)
    names = dict.fromkeys(name for name in used_names(nodes) if name in side)
    example: dict[str, Tensor] = {name: side[name][0] for name in names}
    example |= {_CHANGED: side[data][0], layer.name: array_of(model, layer.name)}
    bias = None
    if layer.bias is not None:
        bias = example[layer.bias] = array_of(model, layer.bias)
    segment = Segment(tuple(nodes), tuple(example), reached, (), None)
    feeds = tuple({name: side[name][i] for name in names} for i in range(len(side[data])))
    return Suffix(
        layer, example[layer.name], bias, side[data], reached, segmentation.session(segment, example), feeds
    )


def _leading_to(nodes: Sequence[onnx.NodeProto], wanted: Sequence[str]) -> list[onnx.NodeProto]:
    """The nodes that the wanted tensors depend on, in order."""
    needed, kept = set(wanted), []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            needed.update(used_names([node]))
            kept.append(node)
    return kept[::-1]
