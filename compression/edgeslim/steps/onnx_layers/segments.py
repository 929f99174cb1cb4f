"""A network cut into segments of consecutive nodes, each with an onnxruntime session of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, numpy_helper

from edgeslim.models.graph import used_names
from edgeslim.ort import OrtSession, open_session
from edgeslim.sessions import Tensor

Batch = list[Tensor]
"""One tensor per image."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive nodes. `inputs` come from earlier segments; `outputs` are read by later ones."""

    nodes: tuple[onnx.NodeProto, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    last_use: tuple[str, ...]
    """Those of its inputs that no later segment reads."""
    index: int | None
    """Index of the node in the graph, if the segment is a single node of interest."""


class Segmentation:
    """The segments of a model up to its last node of interest, and their sessions."""

    def __init__(self, model: onnx.ModelProto, alone: Collection[int], threads: int) -> None:
        """Each node whose index is in `alone` is a segment of its own."""
        self._model, self._threads = model, threads
        self.stored = {item.name: item for item in model.graph.initializer}
        self.feed = next(item.name for item in model.graph.input if item.name not in self.stored)
        self.segments = _segments(model, alone, self.stored, self.feed)

    def session(
        self, segment: Segment, example: Mapping[str, Tensor], weights: Mapping[str, Tensor] | None = None
    ) -> OrtSession:
        """A session of the segment. The names in `example` are its inputs; `weights` replace stored ones."""
        replaced = weights or {}
        names = dict.fromkeys(used_names(segment.nodes))
        kept = [
            numpy_helper.from_array(np.asarray(replaced[name]), name)
            if name in replaced
            else self.stored[name]
            for name in names
            if name in self.stored and name not in example
        ]
        graph = helper.make_graph(
            list(segment.nodes),
            "segment",
            [  # their shapes left open
                helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), None)
                for name, value in example.items()
            ],
            [onnx.ValueInfoProto(name=name) for name in segment.outputs],
            kept,
        )
        single = helper.make_model(
            graph, opset_imports=self._model.opset_import, ir_version=self._model.ir_version
        )
        return open_session(single, self._threads)


def _segments(
    model: onnx.ModelProto, alone: Collection[int], stored: Collection[str], feed: str
) -> tuple[Segment, ...]:
    runs: list[tuple[int | None, list[onnx.NodeProto]]] = [(None, [])]
    for place, node in enumerate(model.graph.node[: max(alone, default=-1) + 1]):
        if place in alone:
            runs += [(place, [node]), (None, [])]
        else:
            runs[-1][1].append(node)
    runs = [run for run in runs if run[1]]
    made = [{name for node in nodes for name in node.output if name} for _, nodes in runs]
    wanted = [set(used_names(nodes)) - set(stored) for _, nodes in runs]
    available = {feed}
    segments = []
    for position, (index, nodes) in enumerate(runs):
        inputs = sorted((wanted[position] - made[position]) & available)
        later = {name for names in wanted[position + 1 :] for name in names}
        available |= made[position]
        segments.append(
            Segment(
                nodes=tuple(nodes),
                inputs=tuple(inputs),
                outputs=tuple(sorted(made[position] & later)),
                last_use=tuple(name for name in inputs if name not in later),
                index=index,
            )
        )
    return tuple(segments)


def outputs_of(session: OrtSession, feeds: Sequence[Mapping[str, Tensor]]) -> list[list[Tensor]]:
    """Outputs of the session, one batch each, over all images."""
    results = [session.values(feed) for feed in feeds]
    return [list(column) for column in zip(*results, strict=True)]
