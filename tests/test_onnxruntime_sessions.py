from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeslim.errors import ModelError
from edgeslim.ort import open_session


def doubling(shape: list[int | str], element: int = TensorProto.FLOAT) -> bytes:
    """y = x + x, z = -x."""
    nodes = [helper.make_node("Add", ["x", "x"], ["y"]), helper.make_node("Neg", ["x"], ["z"])]
    graph = helper.make_graph(
        nodes,
        "doubling",
        [helper.make_tensor_value_info("x", element, shape)],
        [helper.make_tensor_value_info(name, element, shape) for name in "yz"],
    )
    opsets = [helper.make_opsetid("", 17)]
    content: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    return content


def test_runs_a_model_from_bytes_and_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "doubling.onnx"
    path.write_bytes(doubling([1, 3]))
    tensor = np.array([[1, 2, 3]], np.float32)
    for source in (path, path.read_bytes()):
        doubled, negated = open_session(source).run(tensor)
        assert doubled.tolist() == [[2, 4, 6]]
        assert negated.tolist() == [[-1, -2, -3]]


def test_input_is_cast_to_what_the_model_takes() -> None:
    session = open_session(doubling([1, 2], TensorProto.FLOAT16))
    assert session.run(np.array([[0.5, 1]], np.float32))[0].dtype == np.float16


def test_threads_are_those_asked_for_and_do_not_spin() -> None:
    options = open_session(doubling([1, 2]), threads=2)._opened.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.parametrize("content", [b"", b"not a model", doubling([1, 3])[:-40]])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.onnx") as caught:
        open_session(path)
    assert caught.value.code == "not_loadable"
    assert caught.value.values["file"] == "broken.onnx"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing\.onnx"):
        open_session(tmp_path / "missing.onnx")


def test_an_unknown_operator_is_told() -> None:
    model = onnx.load_from_string(doubling([1, 3]))
    model.graph.node[0].op_type = "Frobnicate"
    with pytest.raises(ModelError, match="Frobnicate"):
        open_session(model.SerializeToString())


def test_a_tensor_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ModelError) as caught:
        open_session(doubling([1, 3])).run(np.zeros((1, 4), np.float32))
    assert caught.value.code == "not_runnable"


def test_input_shape_takes_an_open_batch_as_one() -> None:
    assert open_session(doubling(["batch", 3])).inputs[0].fixed_shape == (1, 3)
    with pytest.raises(ModelError) as caught:
        _ = open_session(doubling([1, "width"])).inputs[0].fixed_shape
    assert caught.value.code == "unknown_shape"


def test_onnxruntime_keeps_and_sends_nothing_about_who_uses_it(tmp_path: Path) -> None:
    """Left alone it writes an identifier and a database of events below the home folder."""
    (tmp_path / "doubling.onnx").write_bytes(doubling([1, 3]))
    (tmp_path / "home").mkdir()
    code = (
        "from pathlib import Path; from edgeslim.ort import open_session; open_session(Path('doubling.onnx'))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    home = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home")}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={**environment, **home}, check=True)
    assert list((tmp_path / "home").iterdir()) == []


def test_a_run_without_end_is_broken_off() -> None:
    """A loop of 2^62 rounds around nothing."""
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["goes"]), helper.make_node("Identity", ["v"], ["w"])],
        "body",
        [
            value("i", TensorProto.INT64, ()),
            value("go", TensorProto.BOOL, ()),
            value("v", TensorProto.FLOAT, None),
        ],
        [value("goes", TensorProto.BOOL, ()), value("w", TensorProto.FLOAT, None)],
    )
    model = onnx.load_from_string(doubling([1, 3]))
    del model.graph.node[1:], model.graph.output[1:]
    model.graph.node[0].CopyFrom(helper.make_node("Loop", ["rounds", "", "x"], ["y"], body=body))
    model.graph.initializer.append(numpy_helper.from_array(np.array(1 << 62), "rounds"))
    session = open_session(model)
    with pytest.raises(ModelError, match=r"it takes longer than 0\.2 seconds") as caught:
        session.run(np.zeros((1, 3), np.float32), seconds=0.2)
    assert caught.value.code == "not_runnable"
