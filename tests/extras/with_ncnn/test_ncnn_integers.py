"""int8 files of ours in ncnn: the same codes, the same layers, and what their arithmetic makes of them."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgeslim.metrics.fidelity import signal_and_noise, sqnr_db
from edgeslim.runtime import FILE_FORMATS, ONNXRUNTIME, RUNTIMES
from edgeslim.runtime.base import Conversion
from edgeslim.runtime.integer_layers import integer_layers
from edgeslim.steps.quantization.calibration import activation_ranges
from edgeslim.steps.quantization.qdq import Integers, write_qdq
from networks_for_int8 import SPEC, Builder, Pictures

pytest.importorskip("ncnn")
pytest.importorskip("pnnx")
NCNN, FORMAT = RUNTIMES.get("ncnn"), FILE_FORMATS.get("ncnn")
SIGNED, UNSIGNED = Integers(True, 127), Integers(False, 63)


def network() -> onnx.ModelProto:
    """Four layers: first, depthwise, dense, and the last one, which computes the output."""
    build = Builder()
    scaled = build.add("Mul", "image", build.weight(np.float32(1 / 64)))
    first = build.add("Relu", build.conv(scaled, 3, 16, 3))
    deep = build.add("Relu", build.conv(first, 16, 16, 3, group=16, stride=2))
    wide = build.add("Relu", build.conv(deep, 16, 24))
    return build.model(build.conv(wide, 24, 8))


def quantized(integers: Integers, *, but: int | None = None) -> onnx.ModelProto:
    """The network with its convolutions in int8 without the last one, and `but` one by its position."""
    model = network()
    names = ["image", *(name for node in model.graph.node for name in node.output)]
    ranges = activation_ranges(
        model,
        names,
        Pictures(),
        SPEC,
        method="minmax",
        percentile=99.99,
        images=6,
        threads=1,
        progress=lambda *_: None,
    )
    convs = [node for node in model.graph.node if node.op_type == "Conv"][:-1]
    if but is not None:
        del convs[but]
    return write_qdq(model, {node.name for node in convs}, ranges, integers)


def delivered(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.save(model, folder / "network.onnx")
    path = folder / "network.zip"
    path.write_bytes(FORMAT.convert(folder / "network.onnx", Conversion(SPEC, Pictures())))
    return path


def lines(path: Path) -> list[str]:
    """Of the layers with weights."""
    with zipfile.ZipFile(path) as packed:
        param = packed.read("model.param").decode()
    return [f"{line} " for line in param.splitlines() if line.startswith("Convolution")]


def decibels(model: onnx.ModelProto, path: Path) -> float:
    """SQNR of the delivered file against an ONNX one, on a picture that no calibration has seen."""
    onnx.save(model, path.with_suffix(".onnx"))
    image = Pictures().image(99).transpose(2, 0, 1)[None].astype(np.float32)
    powers = signal_and_noise(
        ONNXRUNTIME.open(path.with_suffix(".onnx")).run(image), NCNN.open(path).run(image)
    )
    return sqnr_db(powers)[0]


@pytest.mark.parametrize("integers", [SIGNED, UNSIGNED], ids=["s8s8", "u8s8"])
def test_integer_layers_keep_their_codes_and_say_nearly_the_same(integers: Integers, tmp_path: Path) -> None:
    model = quantized(integers)
    path = delivered(model, tmp_path)
    assert [" 8=2 " in line or " 8=1 " in line for line in lines(path)] == [True, True, True, False]
    assert [line.split()[0] for line in lines(path) if " 8=1 " in line] == ["ConvolutionDepthWise"]
    with zipfile.ZipFile(path) as packed:
        content = packed.read("model.bin")
    layers = integer_layers(model)
    assert len(layers) == 3
    for layer in layers:
        start = content.index(struct.pack("<I", 0x000D4B38) + layer.codes.tobytes())
        end = start + 4 + layer.codes.size + -layer.codes.size % 4 + 4 * len(layer.scales)  # after the biases
        found = np.frombuffer(content, "<f4", len(layer.scales) + 1, end)
        np.testing.assert_allclose(found[:-1] * layer.scales, 1, rtol=1e-6)
        assert found[-1] * layer.peak == pytest.approx(127)
    assert decibels(model, path) > 30
    assert decibels(network(), path) > 25


def test_a_layer_that_we_keep_in_float_is_float_there(tmp_path: Path) -> None:
    path = delivered(quantized(UNSIGNED, but=1), tmp_path)
    kinds = [(line.split()[0], " 8=" in line) for line in lines(path)]
    assert kinds == [
        ("Convolution", True),
        ("ConvolutionDepthWise", False),
        ("Convolution", True),
        ("Convolution", False),
    ]


def test_a_relu_that_a_quantizer_left_to_the_rounding_comes_back(tmp_path: Path) -> None:
    """Unsigned integers without an offset clip at zero; other tools leave the Relu out for that."""
    model = quantized(UNSIGNED)
    with_relu = FORMAT.convert(delivered(model, tmp_path).with_suffix(".onnx"), Conversion(SPEC, Pictures()))
    passed = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "Relu"}
    kept = [node for node in model.graph.node if node.op_type != "Relu"]
    for node in kept:
        node.input[:] = [passed.get(name, name) for name in node.input]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    path = delivered(model, tmp_path)
    assert decibels(model, path) > 30
    assert len(path.read_bytes()) == pytest.approx(len(with_relu), abs=200)


def test_what_ncnn_makes_of_integers_is_told(tmp_path: Path) -> None:
    onnx.save(quantized(UNSIGNED), tmp_path / "network.onnx")
    assert [notice.code for notice in FORMAT.notices(tmp_path / "network.onnx")] == ["ncnn_int8"]
    onnx.save(network(), tmp_path / "network.onnx")
    assert FORMAT.notices(tmp_path / "network.onnx") == []
