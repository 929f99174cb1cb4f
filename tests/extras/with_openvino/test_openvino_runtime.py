"""OpenVINO runs our ONNX files as they are, and says what it cannot run."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.runtime import ONNXRUNTIME, RUNTIMES
from edgeslim.runtime.benchmark import compare_latency
from edgeslim.runtime.usage import Ports, code, runner

pytest.importorskip("openvino")
OPENVINO = RUNTIMES.get("openvino")
SAMPLES = Path(__file__).parents[3] / "sample_models"


def saved(
    path: Path, nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto], channels: int = 2
) -> Path:
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", channels, 4, 4])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        weights,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.parametrize("name", ["digits-cnn", "digits-gru", "street-signs-small"])
def test_sample_models_give_what_they_give_in_onnxruntime(name: str) -> None:
    path = SAMPLES / f"{name}.onnx"
    main, other = ONNXRUNTIME.open(path), OPENVINO.open(path)
    assert [(each.name, each.shape, each.dtype) for each in other.inputs] == [
        (each.name, each.shape, each.dtype) for each in main.inputs
    ]
    image = np.random.default_rng(0).random(main.inputs[0].fixed_shape, np.float32)
    for found, wanted in zip(other.run(image), main.run(image), strict=True):
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_float_stays_float32_on_processors_that_could_compute_in_bfloat16(tmp_path: Path) -> None:
    """bfloat16 keeps 8 bits: 1 + 2^-12 would be 1."""
    weight = np.full((2, 2, 1, 1), 1 + 2**-12, np.float32)
    path = saved(
        tmp_path / "fine.onnx",
        [helper.make_node("Conv", ["image", "w"], ["out"])],
        [numpy_helper.from_array(weight, "w")],
    )
    (found,) = OPENVINO.open(path).run(np.ones((1, 2, 4, 4), np.float32))
    assert found == pytest.approx(2 + 2**-11, abs=2**-20)


def test_an_open_batch_is_told_and_filled(tmp_path: Path) -> None:
    path = saved(tmp_path / "open.onnx", [helper.make_node("Relu", ["image"], ["out"])], [])
    session = OPENVINO.open(path)
    assert session.inputs[0].shape == (None, 2, 4, 4)
    timed = compare_latency({"main": ONNXRUNTIME.open(path), "own": session}, "main", rounds=2, warmup=1)
    assert timed["own"].median_ms > 0


def test_an_operator_that_it_lacks_is_named(tmp_path: Path) -> None:
    node = helper.make_node("Wobble", ["image"], ["out"], domain="nowhere")
    with pytest.raises(ModelError, match="Wobble") as caught:
        OPENVINO.open(saved(tmp_path / "odd.onnx", [node], []))
    assert caught.value.code == "runtime_not_loadable"


def test_its_int8_arithmetic_is_announced() -> None:
    assert [notice.code for notice in OPENVINO.notices()] == ["openvino_int8"]


def test_the_code_that_a_page_shows_runs_on_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.png")
    os.rename("photo.png", "photo.jpg")  # Pillow goes by the content, and this one loses nothing
    node = helper.make_node("Mul", ["image", "two"], ["out"])
    path = saved(tmp_path / "file.onnx", [node], [numpy_helper.from_array(np.float32(2), "two")], channels=3)
    spec = ModelSpec(input_width=4, input_height=4, scale=1 / 255)
    names: dict[str, object] = {}
    exec(code("openvino", "python", path.name, spec, Ports(input="image", outputs=("out",))), names)
    (found,) = names["outputs"]
    np.testing.assert_allclose(found, 2 / 255 * pixels.transpose(2, 0, 1)[None].astype(np.float32), rtol=1e-5)
    measuring: dict[str, object] = {}
    exec(runner("openvino") or "", measuring)
    assert measuring["VERSION"] == OPENVINO.version()
    tensor = pixels.transpose(2, 0, 1)[None].astype(np.float32) / 255
    (again,) = measuring["open_file"](str(path), 2, "plain")(tensor)
    np.testing.assert_allclose(again, found, rtol=1e-5)
