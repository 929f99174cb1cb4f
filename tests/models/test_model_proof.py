"""A conversion is judged by what rounding alone does to the same network, on noise and on pictures."""

from __future__ import annotations

import numpy as np
from models_for_tests import build, detector
from onnx import TensorProto, helper, numpy_helper

from edgeslim.models.preparing import prepare
from edgeslim.models.proof import MAX_RELATIVE_ERROR, is_rounding, largest_errors, pictures, probes, run

SHAPE = (1, 3, 32, 48)
GAIN = np.float32(100)


def amplifying(weight: np.ndarray, shift: np.ndarray, folded: bool) -> bytes:
    """sin(100 · (1.3 · conv(x) + shift)): rounding of large inputs is amplified. `folded`: a third is in the weights."""
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["a"]),
        helper.make_node("Mul", ["a", "factor"], ["b"]),
        helper.make_node("Add", ["b", "shift"], ["c"]),
        helper.make_node("Mul", ["c", "gain"], ["d"]),
        helper.make_node("Sin", ["d"], ["y"]),
    ]
    factor = np.float32(1.3)
    if folded:
        weight, factor = weight * np.float32(3), factor / np.float32(3)
    constants = {"w": weight, "factor": factor, "shift": shift, "gain": GAIN}
    return build(
        nodes, [numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()], {"y": None}
    ).SerializeToString()


def test_rounding_that_the_network_amplifies_is_no_change() -> None:
    random = np.random.default_rng(3)
    weight = random.standard_normal((4, 3, 5, 5)).astype(np.float32) * np.float32(0.05)
    shift = random.standard_normal((1, 4, 1, 1)).astype(np.float32)
    original, folded = (amplifying(weight, shift, each) for each in (False, True))
    inputs = probes(SHAPE)
    assert largest_errors(run(original, inputs), run(folded, inputs))[1] > MAX_RELATIVE_ERROR
    assert is_rounding(original, folded, inputs)
    changed = amplifying(weight * np.float32(1.0001), shift, True)
    assert not is_rounding(original, changed, inputs)


def test_smooth_inputs_are_as_pictures_are() -> None:
    standard, bytes_like = pictures(SHAPE)
    assert standard.shape == bytes_like.shape == SHAPE
    assert bytes_like.min() >= 0 and bytes_like.max() <= 255
    assert np.ptp(bytes_like) > 150
    assert np.abs(np.diff(bytes_like, axis=3)).max() < 25


def test_weights_as_inputs_are_compared_with_the_same_optimizations() -> None:
    """onnxruntime folds BatchNormalization only into weights that nobody can feed."""
    model = detector(opset=11)
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, TensorProto.FLOAT, tensor.dims))
    proof = prepare(model.SerializeToString(), "m.onnx", None).proof
    assert proof["max_abs_error"] == 0.0
