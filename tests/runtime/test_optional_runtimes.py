"""Without an optional runtime the shell says what installs it."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from edgeslim.cli.main import main
from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.runtime import FILE_FORMATS, RUNTIMES
from edgeslim.runtime.base import Conversion
from edgeslim.steps import OnnxStep
from edgeslim.steps.quantization.float16 import Float16
from edgeslim.steps.quantization.low_bit import LowBitWeights
from low_bit_networks import applied

OPTIONAL = {"litert": "ai-edge-litert litert-torch", "ncnn": "ncnn pnnx", "openvino": "openvino"}
ASKED = ["evaluate", "--model", "digits-mlp", "--data", "digits", "--limit", "5"]


@pytest.mark.parametrize(("name", "packages"), OPTIONAL.items())
def test_the_shell_says_what_installs_a_runtime(
    name: str,
    packages: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(RUNTIMES.get(name)), "version", lambda _: "")
    assert main([*ASKED, "--runtime", name, "--store", str(tmp_path)]) == 2
    assert f"pip install {packages}" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "converter"), [("tflite", "litert-torch"), ("ncnn", "pnnx")])
def test_a_format_without_its_converter_says_what_installs_it(
    name: str, converter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = FILE_FORMATS.get(name)
    monkeypatch.setattr(type(made), "version", lambda _: "")
    conversion = Conversion(ModelSpec(input_width=8, input_height=8), None)
    with pytest.raises(ModelError, match=f"pip install {converter}"):
        made.convert(tmp_path / "any.onnx", conversion)


@pytest.mark.parametrize(("step", "codes"), [(LowBitWeights(bits=4), ["tflite_coded"]), (Float16(), [])])
def test_what_packed_weights_lose_in_a_tflite_file_is_said(
    step: OnnxStep, codes: list[str], tmp_path: Path
) -> None:
    onnx.save(applied(step, "plain_cnn")[0], tmp_path / "file.onnx")
    assert [notice.code for notice in FILE_FORMATS.get("tflite").notices(tmp_path / "file.onnx")] == codes
