"""Files of ours as .tflite files: what they hold is the ONNX file's own, and LiteRT gives what onnxruntime gives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.runtime import FILE_FORMATS, ONNXRUNTIME, RUNTIMES
from edgeslim.runtime.base import Conversion
from edgeslim.runtime.proof import smooth_pictures
from edgeslim.runtime.usage import ON_DEVICE, Ports, code
from edgeslim.steps.quantization.qdq import Integers, write_qdq
from edgeslim.tasks import task_for

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
pytest.importorskip("litert_torch")
SPEC = ModelSpec(input_width=16, input_height=16, scale=1 / 255)
LITERT, TFLITE = RUNTIMES.get("litert"), FILE_FORMATS.get("tflite")
STEPS = np.linspace(0.01, 0.02, 8, dtype=np.float32)
"""Of the last layer's channels, whose weights are multiples of them up to ±7, as after a low-bit step."""


def network() -> onnx.ModelProto:
    """Three 3×3 convolutions of 16, 32 and 8 channels; the second is read twice."""
    random = np.random.default_rng(0)
    codes = random.integers(-7, 8, (8, 32, 3, 3))
    codes[:, 0, 0, 0] = 1  # each channel has its step itself
    weights = {
        "first": random.normal(size=(16, 3, 3, 3)) / 4,
        "second": random.normal(size=(32, 16, 3, 3)) / 8,
        "last": codes * STEPS[:, None, None, None],
    }
    nodes, name = [], "image"
    for layer in weights:
        nodes.append(
            helper.make_node(
                "Conv", [name, f"{layer}.weight", f"{layer}.bias"], [layer], name=layer, pads=[1] * 4
            )
        )
        name = f"{layer}.relu" if layer != "last" else layer
        if layer != "last":
            nodes.append(helper.make_node("Relu", [layer], [name], name=name))
    nodes.append(helper.make_node("GlobalAveragePool", ["second.relu"], ["mean"], name="mean"))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 16, 16])],
        [
            helper.make_tensor_value_info("last", TensorProto.FLOAT, [1, 8, 16, 16]),
            helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, 32, 1, 1]),
        ],
        [
            numpy_helper.from_array(np.asarray(array, np.float32), f"{layer}.{kind}")
            for layer, weight in weights.items()
            for kind, array in (("weight", weight), ("bias", random.normal(size=len(weight)) / 10))
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


RANGES = {"image": (0.0, 1.0), "first": (0.0, 2.0), "first.relu": (0.0, 2.0), "second": (0.0, 3.0)}
RANGES |= {"second.relu": (0.0, 3.0)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("tflite")
    integers = {"first", "first.relu", "second", "second.relu"}
    for name, model in {
        "float": network(),
        "int8": write_qdq(network(), integers, RANGES, Integers(False, 127)),
    }.items():
        onnx.save(model, folder / f"{name}.onnx")
        made = TFLITE.convert(folder / f"{name}.onnx", Conversion(SPEC, None))
        (folder / f"{name}.tflite").write_bytes(made)
    return folder


def operators(file: Path, kind: str) -> Iterator[list[Any]]:
    """Inputs and outputs of each operator of a kind, as tensors; `data` of constants in their type."""
    model = schema.ModelT.InitFromPackedBuf(file.read_bytes(), 0)
    (graph,) = model.subgraphs
    types = {schema.TensorType.INT8: "<i1", schema.TensorType.FLOAT32: "<f4", schema.TensorType.INT32: "<i4"}
    for tensor in graph.tensors:
        data = model.buffers[tensor.buffer].data
        tensor.data = (
            None if data is None else np.frombuffer(bytes(data), types[tensor.type]).reshape(tensor.shape)
        )
    for operator in graph.operators:
        if model.operatorCodes[operator.opcodeIndex].builtinCode == getattr(schema.BuiltinOperator, kind):
            yield [graph.tensors[index] for index in (*operator.inputs, *operator.outputs)]


def both(folder: Path, name: str) -> list[tuple[Any, Any]]:
    sessions = ONNXRUNTIME.open(folder / f"{name}.onnx"), LITERT.open(folder / f"{name}.tflite")
    return [tuple(session.run(image) for session in sessions) for image in smooth_pictures(SPEC)]


def test_a_float_file_gives_what_the_onnx_file_gives(folder: Path) -> None:
    session = LITERT.open(folder / "float.tflite", threads=2)
    assert [(each.name, each.shape, each.dtype) for each in session.inputs] == [
        ("image", (1, 3, 16, 16), np.float32)
    ]
    for wanted, given in both(folder, "float"):
        assert [each.shape for each in given] == [(1, 8, 16, 16), (1, 32, 1, 1)]
        for a, b in zip(wanted, given, strict=True):
            assert np.abs(a - b).max() < 1e-5 * np.abs(a).max()


def test_an_int8_file_has_the_codes_scales_and_ranges_of_the_onnx_file(folder: Path) -> None:
    onnx_file = onnx.load(folder / "int8.onnx")
    stored = {item.name: numpy_helper.to_array(item) for item in onnx_file.graph.initializer}
    first, second, last = operators(folder / "int8.tflite", "CONV_2D")
    for name, (data, weight, *_) in {"first": first, "second": second}.items():
        assert np.array_equal(weight.data.transpose(0, 3, 1, 2), stored[f"{name}.weight.int8"])
        assert np.array_equal(weight.quantization.scale, stored[f"{name}.weight.scale"])
        assert data.type == schema.TensorType.INT8
    assert first[0].quantization.scale[0] == np.float32(1 / 255)
    assert second[0].quantization.scale[0] == np.float32(2 / 255)
    assert second[0].quantization.zeroPoint[0] == -128, "0 of unsigned codes"
    assert last[0].type == schema.TensorType.FLOAT32, "this layer computes in float, by our choice"


def test_weights_that_are_few_levels_are_stored_as_integers_exactly(folder: Path) -> None:
    weight = next(item for item in network().graph.initializer if item.name == "last.weight")
    wanted = numpy_helper.to_array(weight).transpose(0, 2, 3, 1)
    for name in ("float", "int8"):
        ((codes, restored),) = [
            pair for pair in operators(folder / f"{name}.tflite", "DEQUANTIZE") if pair[0].data is not None
        ]
        assert np.abs(codes.data).max() == 7
        assert codes.quantization.scale == pytest.approx(STEPS)
        assert np.allclose(codes.data * codes.quantization.scale[:, None, None, None], wanted, rtol=1e-6)
        *_, last = operators(folder / f"{name}.tflite", "CONV_2D")
        assert last[1].name == restored.name


def test_an_int8_file_differs_less_from_the_onnx_file_than_both_from_float(folder: Path) -> None:
    def noise(a: Any, b: Any) -> float:
        return float(((a - b) ** 2).sum())

    exact = [pair[0] for pair in both(folder, "float")]
    for plain, (wanted, given) in zip(exact, both(folder, "int8"), strict=True):
        for output in range(2):
            assert 0 < noise(wanted[output], given[output]) < noise(plain[output], wanted[output])


def test_equal_files_become_equal_files(folder: Path) -> None:
    again = TFLITE.convert(folder / "int8.onnx", Conversion(SPEC, None))
    assert again == (folder / "int8.tflite").read_bytes()


def test_the_code_that_is_shown_for_it_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.png")
    os.rename("photo.png", "photo.jpg")  # Pillow goes by the content, and this one loses nothing
    shown: dict[str, Any] = {}
    exec(code("litert", "python", "int8.tflite", SPEC, Ports(input="image", outputs=("last", "mean"))), shown)
    assert capsys.readouterr().out.splitlines()[0] == "last (1, 8, 16, 16) float32"
    measuring: dict[str, Any] = {}
    exec((ON_DEVICE / "litert" / "runner.txt").read_text(), measuring)
    tensor = task_for(SPEC).prepare(pixels, SPEC).tensor
    (mode,) = measuring["MODES"]
    runs = LITERT.open(folder / "int8.tflite").run, measuring["open_file"](folder / "int8.tflite", 2, mode)
    for found in (shown["outputs"], *(run(tensor) for run in runs)):
        assert [each.shape for each in found] == [(1, 8, 16, 16), (1, 32, 1, 1)]
        assert all(np.allclose(a, b, atol=1e-3) for a, b in zip(found, shown["outputs"], strict=True))


def test_an_operator_that_cannot_be_converted_is_named(tmp_path: Path) -> None:
    model = network()
    model.graph.node[-1].CopyFrom(helper.make_node("NonZero", ["second.relu"], ["mean"], name="odd"))
    onnx.save(model, tmp_path / "odd.onnx")
    with pytest.raises(ModelError, match=r"operator 'NonZero'") as caught:
        TFLITE.convert(tmp_path / "odd.onnx", Conversion(SPEC, None))
    assert caught.value.code == "not_in_tflite"


def test_what_is_no_tflite_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.tflite").write_bytes(b"TFL3 is not enough")
    with pytest.raises(ModelError, match=r"LiteRT cannot load the file “no\.tflite”"):
        LITERT.open(tmp_path / "no.tflite")


def test_a_picture_of_another_size_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="LiteRT cannot run"):
        LITERT.open(folder / "float.tflite").run(np.zeros((1, 3, 8, 8), np.float32))
