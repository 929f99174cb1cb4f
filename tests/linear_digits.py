"""The smallest model there is a task for: a linear classifier of the digits, as an ONNX file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SPEC = {
    "task": "classification",
    "family": "classifier",
    "input_width": 8,
    "input_height": 8,
    "color": "GRAY",
    "scale": 1 / 255,
    "mean": [0.0],
    "std": [1.0],
    "labels": list("0123456789"),
}
Weights = tuple[np.ndarray, np.ndarray]


def solve() -> Weights:
    """(64, 10) and (10,): the least-squares classifier of the training split."""
    from edgeslim.artifacts.store import Store
    from edgeslim.datasets import open_dataset

    train = open_dataset("digits", Store(Path("unused"))).split("train")
    x = np.stack([train.image(i)[:, :, 0].reshape(-1) / 255 for i in range(len(train))])
    y = np.eye(10)[[train.target(i) for i in range(len(train))]]
    solved, *_ = np.linalg.lstsq(np.hstack([x, np.ones((len(x), 1))]), y * 10, rcond=None)
    return solved[:-1].astype(np.float32), solved[-1].astype(np.float32)


def write(path: Path, weight: np.ndarray, bias: np.ndarray) -> Path:
    """image (1, 1, 8, 8) → Flatten → Gemm → logits (1, 10), with the specification beside it."""
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 10])],
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    path.with_suffix(".spec.json").write_text(json.dumps(SPEC))
    return path
