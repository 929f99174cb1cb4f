"""Networks that want their images prepared otherwise: the same network behind the inverse of another preparation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper


def fed_otherwise(
    content: bytes,
    *,
    mean: float | tuple[float, ...] = 0.0,
    std: float | tuple[float, ...] = 1.0,
    bgr: bool = False,
) -> bytes:
    """A network for inputs (x - mean) / std, where the given one takes x; with `bgr` its channels are in that order."""
    model = onnx.load_model_from_string(content)
    graph = model.graph
    first = graph.input[0].name
    channels = np.arange(3)[:: -1 if bgr else 1].copy()
    constants = {
        "order": channels,
        **{
            name: np.broadcast_to(np.float32(value), 3).reshape(1, 3, 1, 1).copy()
            for name, value in (("gain", std), ("shift", mean))
        },
    }
    nodes = [
        helper.make_node("Mul", [first, "gain"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["shifted"]),
        helper.make_node("Gather", ["shifted", "order"], ["prepared"], axis=1),
    ]
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == first:
                node.input[index] = "prepared"
    old = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *old])
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    return model.SerializeToString()


def saved(content: bytes, path: Path) -> Path:
    path.write_bytes(content)
    return path
