"""Peak activation bytes of small graphs, worked out by hand. A plane of 4 × 4 float32 is 64 bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from tiny_graphs import model, node, weights

from edgeslim.metrics.counts import counts_of

PLANE = 64


def peak(
    nodes: Sequence[onnx.NodeProto], outputs: Sequence[str], constants: dict[str, np.ndarray] | None = None
) -> int:
    return counts_of(model(nodes, {"x": [1, 1, 4, 4]}, outputs, constants)).peak_activation_bytes


def conv(source: str, target: str, kernel: str) -> onnx.NodeProto:
    return node("Conv", [source, kernel], [target])


KERNELS = {"up": weights(8, 1, 1, 1), "keep": weights(8, 8, 1, 1), "down": weights(2, 8, 1, 1)}


def test_a_chain_holds_two_tensors_at_a_time() -> None:
    nodes = [conv("x", "a", "up"), conv("a", "b", "keep"), conv("b", "y", "down")]
    assert peak(nodes, ["y"], KERNELS) == (8 + 8) * PLANE


def test_activations_work_in_place() -> None:
    nodes = [conv("x", "a", "up"), node("Relu", ["a"], ["r"]), conv("r", "y", "down")]
    assert peak(nodes, ["y"], KERNELS) == (8 + 2) * PLANE


def test_an_activation_whose_input_is_still_needed_takes_its_own_place() -> None:
    """SiLU: x · sigmoid(x)."""
    nodes = [
        conv("x", "a", "up"),
        node("Sigmoid", ["a"], ["s"]),
        node("Mul", ["a", "s"], ["m"]),
        conv("m", "y", "down"),
    ]
    assert peak(nodes, ["y"], KERNELS) == (8 + 8) * PLANE


def test_a_residual_keeps_its_input_alive() -> None:
    nodes = [
        conv("x", "a", "up"),
        conv("a", "b", "keep"),
        conv("b", "c", "keep"),
        node("Add", ["a", "c"], ["d"]),
        conv("d", "y", "down"),
    ]
    assert peak(nodes, ["y"], KERNELS) == 3 * 8 * PLANE


def test_reshapes_cost_nothing() -> None:
    nodes = [conv("x", "a", "up"), node("Reshape", ["a", "flat"], ["y"])]
    assert peak(nodes, ["y"], KERNELS | {"flat": np.array([1, 128])}) == (1 + 8) * PLANE


def test_outputs_live_to_the_end() -> None:
    nodes = [conv("x", "a", "up"), conv("a", "b", "keep"), conv("b", "y", "down")]
    assert peak(nodes, ["a", "y"], KERNELS) == (8 + 8 + 2) * PLANE


def test_an_input_that_nobody_needs_any_more_is_given_up() -> None:
    nodes = [node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2], strides=[2, 2]), conv("p", "y", "up")]
    assert peak(nodes, ["y"], KERNELS) == max(64 + 16, 16 + 8 * 16)


def test_quantized_tensors_are_held_as_integers() -> None:
    """Conv → Relu → Quantize → Dequantize → Conv: what lies between is 8 planes of bytes, never of floats."""
    constants = KERNELS | {"s": np.float32(0.1), "z": np.uint8(0)}
    nodes = [
        conv("x", "a", "up"),
        node("Relu", ["a"], ["r"]),
        node("QuantizeLinear", ["r", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        conv("d", "b", "keep"),
        node("QuantizeLinear", ["b", "s", "z"], ["q2"]),
        node("DequantizeLinear", ["q2", "s", "z"], ["d2"]),
        conv("d2", "y", "down"),
    ]
    # All convolutions compared: 1 float + 8 integer planes, 8 + 8 integer planes, 8 integer + 2 float planes.
    assert peak(nodes, ["y"], constants) == max(PLANE + 8 * 16, 2 * 8 * 16, 8 * 16 + 2 * PLANE)


def test_a_tensor_also_read_as_float_stays_float() -> None:
    constants = KERNELS | {"s": np.float32(0.1), "z": np.uint8(0)}
    nodes = [
        conv("x", "a", "up"),
        node("QuantizeLinear", ["a", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("Add", ["a", "d"], ["e"]),
        conv("e", "y", "down"),
    ]
    assert peak(nodes, ["y"], constants) == 8 * PLANE + max(PLANE, 8 * 16, 2 * PLANE)


def test_order_in_the_file_does_not_matter() -> None:
    """Two branches of 8 planes, each folded to 2 as soon as it is there: 2 planes wait beside the second."""
    left = [conv("x", "a", "up"), conv("a", "c", "down")]
    right = [conv("x", "b", "up"), conv("b", "d", "down")]
    join = node("Concat", ["c", "d"], ["y"], axis=1)
    together = [left[0], right[0], left[1], right[1], join]
    for nodes in ([*left, *right, join], together):
        assert peak(nodes, ["y"], KERNELS) == max(1 + 2 + 8, 2 + 8 + 2) * PLANE
