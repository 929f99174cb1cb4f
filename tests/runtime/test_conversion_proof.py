"""A converted file is accepted for its outputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.ort import open_session
from edgeslim.runtime import ONNXRUNTIME
from edgeslim.runtime.proof import prove, smooth_pictures, without_rounding
from edgeslim.sessions import Input, Tensor
from edgeslim.steps.quantization.qdq import Integers, write_qdq

SPEC = ModelSpec(input_width=12, input_height=8, scale=1 / 255)
GRAY = ModelSpec(input_width=12, input_height=8, color="GRAY", mean=(0.0,), std=(1.0,))
RANGES = {"image": (0.0, 1.0), "conv": (0.0, 1.5), "relu": (0.0, 1.5)}


class Changed:
    """A session whose outputs are changed."""

    def __init__(self, file: Path, change: Callable[[list[Tensor]], list[Tensor]]) -> None:
        self._session, self._change = ONNXRUNTIME.open(file), change

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self._session.inputs

    def run(self, tensor: Tensor) -> list[Tensor]:
        return self._change(self._session.run(tensor))


def saved(path: Path, *, int8: bool) -> Path:
    """image → Conv → Relu → Conv → two outputs; the first two in int8."""
    random = np.random.default_rng(0)
    nodes = [
        helper.make_node("Conv", ["image", "w0"], ["conv"], name="conv"),
        helper.make_node("Relu", ["conv"], ["relu"], name="relu"),
        helper.make_node("Conv", ["relu", "w1"], ["out"], name="out"),
        helper.make_node("Neg", ["out"], ["negative"], name="negative"),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 12])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4, 8, 12])
            for name in ("out", "negative")
        ],
        [
            numpy_helper.from_array(random.normal(size=(4, count, 1, 1)).astype(np.float32) / 2, name)
            for name, count in (("w0", 3), ("w1", 4))
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(write_qdq(model, {"conv", "relu"}, RANGES, Integers(False, 127)) if int8 else model, path)
    return path


@pytest.mark.parametrize(
    ("int8", "noise", "sound"),
    [(False, 1e-6, True), (False, 1e-3, False), (True, 1e-3, True), (True, 0.1, False)],
)
def test_a_file_may_differ_by_rounding_and_an_int8_file_by_its_own_noise(
    tmp_path: Path, int8: bool, noise: float, sound: bool
) -> None:
    file = saved(tmp_path / "file.onnx", int8=int8)
    random = np.random.default_rng(0)
    session = Changed(
        file,
        lambda found: [(each + noise * random.normal(size=each.shape)).astype(np.float32) for each in found],
    )
    if sound:
        prove(file, session, SPEC, ".made")
        return
    with pytest.raises(ModelError, match=r"The \.made file was thrown away") as caught:
        prove(file, session, SPEC, ".made")
    assert caught.value.code == "delivery_differs"


@pytest.mark.parametrize(
    "change",
    [lambda found: found[::-1], lambda found: found[:1], lambda found: [each[:, :2] for each in found]],
)
def test_outputs_in_another_order_or_shape_are_no_conversion(
    tmp_path: Path, change: Callable[[list[Tensor]], list[Tensor]]
) -> None:
    file = saved(tmp_path / "file.onnx", int8=True)
    with pytest.raises(ModelError, match="does not give what the ONNX file gives"):
        prove(file, Changed(file, change), SPEC, ".made")


def test_a_network_without_rounding_is_cut_to_its_ranges(tmp_path: Path) -> None:
    plain = without_rounding(onnx.load(saved(tmp_path / "int8.onnx", int8=True)))
    assert [node.op_type for node in plain.graph.node if "uantize" in node.op_type] == ["DequantizeLinear"], (
        "a weight"
    )
    image = np.full((1, 3, 8, 12), 5, np.float32)
    cut = np.ones_like(image)
    session = open_session(plain)
    assert np.allclose(session.run(image)[0], session.run(cut)[0])
    assert without_rounding(onnx.load(saved(tmp_path / "float.onnx", int8=False))) is None


@pytest.mark.parametrize("spec", [SPEC, GRAY])
def test_pictures_are_prepared_as_the_model_takes_them(spec: ModelSpec) -> None:
    images = smooth_pictures(spec)
    assert {image.shape for image in images} == {spec.input_shape}
    high = 255 * spec.scale
    assert all(0 <= image.min() < 0.4 * high and 0.6 * high < image.max() <= high for image in images)
    steps = np.abs(np.diff(images[0], axis=3)).max()
    assert steps < 0.6 * high, "neighbours are alike"
    assert all(np.array_equal(a, b) for a, b in zip(images, smooth_pictures(spec), strict=True))
