from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeslim.errors import ModelError
from edgeslim.runtime.memory import resident_memory

MIB = 1 << 20


def heavy(path: Path, mebibytes: int) -> Path:
    """y = x + w with w of so many MiB."""
    shape = [mebibytes, 1 << 18]
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        "heavy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.ones(shape, np.float32), "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_weights_and_outputs_show_up(tmp_path: Path) -> None:
    """16 MiB of weights and as much of output, at least; the parent's own memory does not count."""
    ballast = np.ones(64 * MIB, np.uint8)
    found = resident_memory(heavy(tmp_path / "heavy.onnx", 16))
    light = resident_memory(heavy(tmp_path / "light.onnx", 1))
    assert 30 * MIB < found.model < 150 * MIB
    assert light.model < found.model - 25 * MIB
    assert found.model < found.process
    assert ballast.all()


def test_a_relative_path_is_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heavy(tmp_path / "light.onnx", 1)
    monkeypatch.chdir(tmp_path)
    assert resident_memory(Path("light.onnx")).model > MIB


def test_a_broken_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"memory of 'broken\.onnx'") as caught:
        resident_memory(path)
    assert "Traceback" not in caught.value.problem
