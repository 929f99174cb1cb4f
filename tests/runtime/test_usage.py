"""The code that a page shows runs: in Python on a picture, elsewhere a compiler takes its syntax."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from edgeslim.models.base import ModelSpec
from edgeslim.runtime import RUNTIMES
from edgeslim.runtime.usage import Ports, code, languages
from edgeslim.tasks import task_for

PORTS = Ports(input="image", outputs=("half", "double"))
SPECS = {
    "stretched": ModelSpec(input_width=9, input_height=7, scale=1 / 255, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4)),
    "in a corner": ModelSpec(input_width=16, input_height=12, color="BGR", resize="letterbox_corner"),
    "in the middle": ModelSpec(input_width=12, input_height=16, color="RGB", resize="letterbox_center", pad_value=9),
    "grey": ModelSpec(input_width=8, input_height=8, color="GRAY", scale=1 / 16, task="classification"),
}  # fmt: skip
# As much of onnxruntime's C++ interface as the code uses.
HEADER = """
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>
enum { OrtArenaAllocator, OrtMemTypeDefault };
namespace Ort {
struct Env {}; struct SessionOptions {}; struct RunOptions { RunOptions(std::nullptr_t) {} };
struct MemoryInfo { static MemoryInfo CreateCpu(int, int) { return {}; } };
struct Shape { size_t GetElementCount() const { return 0; } };
struct Value {
  template <typename T> static Value CreateTensor(const MemoryInfo&, T*, size_t, const int64_t*, size_t) { return {}; }
  Shape GetTensorTypeAndShapeInfo() const { return {}; }
};
struct Session {
  Session(Env&, const char*, const SessionOptions&) {}
  std::vector<Value> Run(RunOptions, const char* const*, const Value*, size_t, const char* const*, size_t) { return {}; }
};
}
"""
# And of ncnn's.
NCNN_HEADER = """
#pragma once
#include <cstdint>
namespace ncnn {
struct Mat {
  int c, h, w;
  Mat() {}
  Mat(int, int, int) {}
  Mat channel(int) { return {}; }
  operator float*() { return nullptr; }
};
struct Extractor { int input(const char*, const Mat&) { return 0; } int extract(const char*, Mat&) { return 0; } };
struct Net {
  int load_param(const char*) { return 0; }
  int load_model(const char*) { return 0; }
  Extractor create_extractor() const { return {}; }
};
}
"""
# And of LiteRT's, in the order in which they are included.
LITERT_HEADERS = {
    "interpreter.h": """
#pragma once
#include <cstddef>
#include <vector>
struct TfLiteTensor { const char* name; size_t bytes; };
namespace tflite {
struct Interpreter {
  int AllocateTensors() { return 0; }
  int Invoke() { return 0; }
  template <typename T> T* typed_input_tensor(int) { return nullptr; }
  const std::vector<int>& outputs() const { static std::vector<int> none; return none; }
  TfLiteTensor* tensor(int) { return nullptr; }
};
}
""",
    "kernels/register.h": "#pragma once\nnamespace tflite::ops::builtin { struct BuiltinOpResolver {}; }\n",
    "model.h": """
#pragma once
#include <memory>
namespace tflite {
struct FlatBufferModel { static std::unique_ptr<FlatBufferModel> BuildFromFile(const char*) { return {}; } };
struct InterpreterBuilder {
  InterpreterBuilder(const FlatBufferModel&, const ops::builtin::BuiltinOpResolver&) {}
  int operator()(std::unique_ptr<Interpreter>*) { return 0; }
};
}
""",
}


def network(path: Path, spec: ModelSpec) -> None:
    """Two outputs that tell the whole input."""
    constants = [
        helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in (("a", 0.5), ("b", 2.0))
    ]
    shape = list(spec.input_shape)
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in PORTS.outputs]
    nodes = [helper.make_node("Mul", ["image", by], [to]) for by, to in zip("ab", PORTS.outputs, strict=True)]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "network", [image], outputs, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.parametrize("how", SPECS)
def test_the_python_code_prepares_a_picture_as_the_evaluation_does(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = SPECS[how]
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.png")
    os.rename("photo.png", "photo.jpg")  # Pillow goes by the content, and this one loses nothing
    network(tmp_path / "file.onnx", spec)
    names: dict[str, object] = {}
    exec(code("onnxruntime", "python", "file.onnx", spec, PORTS), names)
    expected = task_for(spec).prepare(pixels, spec).tensor
    outputs = names["outputs"]
    assert isinstance(outputs, list)
    np.testing.assert_allclose(outputs[0], expected * 0.5, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(outputs[1], expected * 2.0, rtol=1e-5, atol=1e-5)
    assert capsys.readouterr().out.split()[0] == "half"


@pytest.mark.parametrize("how", SPECS)
def test_every_language_of_every_runtime_is_filled(how: str) -> None:
    found = [
        code(runtime.name, language, "file.bin", SPECS[how], PORTS)
        for runtime in RUNTIMES
        for language in languages(runtime.name)
    ]
    assert len(found) >= 4
    for text in found:
        assert "{{" not in text and "file.bin" in text
    for runtime in RUNTIMES:
        if "python" in languages(runtime.name):
            ast.parse(code(runtime.name, "python", "f", SPECS[how], PORTS), feature_version=(3, 9))


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_a_compiler_takes_the_cpp_code(tmp_path: Path) -> None:
    (tmp_path / "onnxruntime_cxx_api.h").write_text(HEADER)
    (tmp_path / "ncnn").mkdir()
    (tmp_path / "ncnn" / "net.h").write_text(NCNN_HEADER)
    for name, header in LITERT_HEADERS.items():
        path = tmp_path / "tensorflow" / "lite" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(header)
    files = []
    for runtime in ("onnxruntime", "ncnn", "litert"):
        for place, spec in enumerate(SPECS.values()):
            files.append(f"{runtime}{place}.cpp")
            (tmp_path / files[-1]).write_text(code(runtime, "cpp", "f.bin", spec, PORTS))
    command = ["g++", "-std=c++17", "-Wall", "-Werror", "-fsyntax-only", "-I.", *files]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_node_takes_the_javascript_code(tmp_path: Path) -> None:
    for spec in SPECS.values():
        (tmp_path / "run.mjs").write_text(code("onnxruntime", "javascript", "f.onnx", spec, PORTS))
        command = ["node", "--check", "run.mjs"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
