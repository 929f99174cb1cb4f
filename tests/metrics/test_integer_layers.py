"""Which multiply-accumulates are in int8: counted on the file, and held against what onnxruntime makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from tiny_graphs import model, node, weights

from edgeslim.metrics.counts import counts_of, macs_of
from edgeslim.metrics.graph import read

SCALES = {
    "s": np.float32(0.02),
    "z": np.uint8(0),
    "ws": np.full(8, 0.01, np.float32),
    "wz": np.zeros(8, np.int8),
    "w8": np.random.default_rng(0).integers(-90, 90, (8, 3, 3, 3)).astype(np.int8),
}
MACS = 16 * 16 * 8 * 27


def convolution(*after: onnx.NodeProto, output: str, data: str = "xf", weight: str = "w") -> onnx.ModelProto:
    """A convolution of converted data and a converted weight, and what comes after it."""
    return model(
        [
            node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
            node("DequantizeLinear", ["xq", "s", "z"], ["xf"]),
            node("DequantizeLinear", ["w8", "ws", "wz"], ["w"], axis=0),
            node("Conv", [data, weight], ["y"], pads=[1, 1, 1, 1]),
            *after,
        ],
        {"x": [1, 3, 16, 16]},
        [output],
        {**SCALES, "v": weights(8, 3, 3, 3)},
    )


def stored_only() -> onnx.ModelProto:
    """The weight is unpacked by operators, as those that are only stored in 8 bits are."""
    return model(
        [
            node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
            node("DequantizeLinear", ["xq", "s", "z"], ["xf"]),
            node("Cast", ["w8"], ["wc"], to=1),
            node("Mul", ["wc", "s"], ["w"]),
            node("Conv", ["xf", "w"], ["y"], pads=[1, 1, 1, 1]),
            *converted("y"),
        ],
        {"x": [1, 3, 16, 16]},
        ["yf"],
        SCALES,
    )


def converted(name: str) -> list[onnx.NodeProto]:
    return [
        node("QuantizeLinear", [name, "s", "z"], [f"{name}q"]),
        node("DequantizeLinear", [f"{name}q", "s", "z"], [f"{name}f"]),
    ]


def computed_by_onnxruntime(graph: onnx.ModelProto, folder: Path) -> int:
    """MACs of the integer convolutions that are left once onnxruntime has optimized the graph."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.optimized_model_filepath = str(folder / "optimized.onnx")
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 4
    ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    made = read(onnx.load(folder / "optimized.onnx"))
    return sum(macs_of(each, made) for each in made.nodes if each.op_type == "QLinearConv")


RELU = node("Relu", ["y"], ["r"])
CASES = {
    "fused": (convolution(*converted("y"), output="yf"), MACS),
    "with its activation": (convolution(RELU, *converted("r"), output="rf"), MACS),
    "makes floats": (convolution(RELU, output="r"), 0),
    "float weight, which it converts": (convolution(*converted("y"), output="yf", weight="v"), MACS),
    "weight that is only stored in bytes": (stored_only(), MACS),
    "float data": (convolution(*converted("y"), output="yf", data="x"), 0),
    "another activation": (
        convolution(node("HardSigmoid", ["y"], ["r"]), *converted("r"), output="rf"),
        0,
    ),
    "read as floats too": (
        convolution(*converted("y"), node("Add", ["y", "yf"], ["sum"]), output="sum"),
        0,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_counted_is_what_onnxruntime_fuses(name: str, tmp_path: Path) -> None:
    graph, wanted = CASES[name]
    found = counts_of(graph)
    assert (found.macs, found.int8_macs) == (MACS, wanted)
    assert computed_by_onnxruntime(graph, tmp_path) == wanted


def test_weights_that_are_only_stored_in_8_bits_compute_in_float() -> None:
    graph = model(
        [
            node("Cast", ["w8"], ["wc"], to=1),
            node("Mul", ["wc", "c"], ["w"]),
            node("Conv", ["x", "w"], ["y"]),
        ],
        {"x": [1, 3, 16, 16]},
        ["y"],
        {"w8": SCALES["w8"], "c": np.float32(0.01)},
    )
    assert counts_of(graph).int8_macs == 0


def test_products_and_integer_operators_count() -> None:
    graph = model(
        [
            node("DynamicQuantizeLinear", ["x"], ["q", "qs", "qz"]),
            node("MatMulInteger", ["q", "w8", "qz"], ["i"]),
            node("Cast", ["i"], ["f"], to=1),
            node("MatMul", ["f", "v"], ["y"]),
        ],
        {"x": [2, 4]},
        ["y"],
        {"w8": np.ones((4, 5), np.int8), "v": weights(5, 3)},
    )
    found = counts_of(graph)
    assert (found.macs, found.int8_macs) == (2 * 4 * 5 + 2 * 5 * 3, 2 * 4 * 5)
