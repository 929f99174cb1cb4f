"""Networks broken on purpose, so that the doctor has something to find."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from edgeslim.artifacts.store import Store
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.quantization.heads import OneOutput
from edgeslim.models.base import Model


def one_output(store: Store) -> Model:
    """The small sample detector with boxes in pixels and scores in one tensor: int8 gives them one scale."""
    one = OneOutput(Lab(store), 288)
    sha256 = one._stored(one._network(apart=False))
    return Model("one output", store.path(sha256), sha256, one.spec, "sample")


def lower_scores(file: onnx.ModelProto, by: float = 2.0) -> None:
    """Take so much from the sample detector's class logits: it finds the same, at lower scores."""
    head = {
        node.input[2]
        for node in file.graph.node
        if node.output[0] in ("classes_8", "classes_16") and len(node.input) > 2
    }
    assert len(head) == 2
    for item in file.graph.initializer:
        if item.name in head:
            item.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(item) - np.float32(by), item.name))
