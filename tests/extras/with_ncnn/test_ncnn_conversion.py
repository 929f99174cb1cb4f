"""Networks become ncnn's: proven by outputs, refused by the operator's name, stored as the ONNX file stores them."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from PIL import Image

from edgeslim.errors import ModelError
from edgeslim.runtime import FILE_FORMATS, ONNXRUNTIME, RUNTIMES
from edgeslim.runtime.base import Conversion
from edgeslim.runtime.usage import Ports, code, runner
from edgeslim.steps import StepContext
from edgeslim.steps.clustering.weight_clustering import WeightClustering
from edgeslim.steps.quantization.float16 import Float16
from networks_for_int8 import SPEC, Builder, Pictures, focus

pytest.importorskip("ncnn")
pytest.importorskip("pnnx")
NCNN, FORMAT = RUNTIMES.get("ncnn"), FILE_FORMATS.get("ncnn")
SAMPLES = Path(__file__).parents[3] / "sample_models"
CONVERSION = Conversion(SPEC, Pictures())


def focus_network(width: int) -> onnx.ModelProto:
    """The phases of the image, a depthwise and two dense convolutions, SiLU and a skip connection."""
    build = Builder()
    first = build.silu(build.conv(focus(build), 12, width, 3))
    deep = build.silu(build.conv(first, width, width, 3, group=width))
    wide = build.silu(build.conv(deep, width, width, 3))
    return build.model(build.conv(build.add("Add", first, wide), width, 4))


def delivered(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.save(model, folder / "network.onnx")
    path = folder / "network.zip"
    path.write_bytes(FORMAT.convert(folder / "network.onnx", CONVERSION))
    return path


def files(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def largest_error(path: Path, model: onnx.ModelProto) -> float:
    """Of the delivered network against onnxruntime, relative to its output's largest value."""
    image = np.random.default_rng(5).random((1, 3, SPEC.input_height, SPEC.input_width), np.float32) * 255
    onnx.save(model, path.with_suffix(".onnx"))
    expected = ONNXRUNTIME.open(path.with_suffix(".onnx")).run(image)
    found = NCNN.open(path).run(image)
    assert [each.shape for each in found] == [each.shape for each in expected]
    return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(expected, found, strict=True))


def test_focus_slices_which_pnnx_drops_become_part_of_their_convolution(tmp_path: Path) -> None:
    model = focus_network(16)
    path = delivered(model, tmp_path)
    assert largest_error(path, model) < 1e-3
    lines = files(path)["model.param"].decode().splitlines()
    first = next(line for line in lines if line.startswith("Convolution "))
    assert " 1=6 " in f"{first} " and " 3=2 " in f"{first} ", "a kernel of 6, a stride of 2"


def test_weights_take_the_bytes_that_the_onnx_file_gives_them(tmp_path: Path) -> None:
    context = StepContext(spec=SPEC, original=tmp_path / "network.onnx", calibration=Pictures())
    wide = focus_network(32)
    half = Float16().apply(wide, context)
    sizes = {}
    for name, model in {"wide": wide, "half": half}.items():
        path = delivered(model, tmp_path)
        assert largest_error(path, model) < 2e-3
        sizes[name] = len(files(path)["model.bin"])
    assert 0.49 < sizes["half"] / sizes["wide"] < 0.55


def test_a_layer_of_few_values_is_a_codebook_that_loses_nothing(tmp_path: Path) -> None:
    wide = focus_network(32)
    context = StepContext(spec=SPEC, original=tmp_path / "network.onnx", calibration=Pictures())
    onnx.save(wide, context.original)
    step = WeightClustering(values=16, channel_scales=False, rounding="nearest", tuning=0, statistics=False)
    shared = step.apply(wide, context)
    path = delivered(shared, tmp_path)
    assert largest_error(path, shared) < 1e-3
    assert [notice.code for notice in FORMAT.notices(tmp_path / "network.onnx")] == ["ncnn_coded"]
    weights = sum(np.prod(item.dims) for item in wide.graph.initializer)
    assert len(files(path)["model.bin"]) < 1.4 * weights


def test_the_recurrent_sample_model_goes_through_in_both_storages(tmp_path: Path) -> None:
    model = onnx.load(SAMPLES / "digits-gru.onnx")
    context = StepContext(spec=SPEC, original=tmp_path, calibration=Pictures())
    image = np.random.default_rng(0).random((1, 1, 8, 8), np.float32)
    expected = ONNXRUNTIME.open(SAMPLES / "digits-gru.onnx").run(image)[0]
    for name, tolerance in {"wide": 1e-4, "half": 1e-2}.items():
        onnx.save(model if name == "wide" else Float16().apply(model, context), tmp_path / "digits.onnx")
        path = tmp_path / f"{name}.zip"
        path.write_bytes(FORMAT.convert(tmp_path / "digits.onnx", Conversion(SPEC, None)))
        (found,) = NCNN.open(path).run(image)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < tolerance * np.abs(expected).max()


def test_an_operator_that_ncnn_lacks_is_named(tmp_path: Path) -> None:
    build = Builder()
    limits = [build.weight(np.array([value], np.int64)) for value in (0, 2**63 - 1, 2, 2)]
    halved = build.add("Slice", build.conv("image", 3, 4), *limits)
    with pytest.raises(ModelError, match=r"no layer Tensor\.slice") as caught:
        delivered(build.model(build.conv(halved, 4, 4)), tmp_path)
    assert caught.value.code == "ncnn_refused"


def test_a_conversion_that_changes_outputs_is_refused_whatever_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeslim.runtime.ncnn import convert

    right = convert._converted

    def wrong(model: onnx.ModelProto, shape: tuple[int, ...]) -> convert.Archive:
        made = right(model, shape)
        return replace(made, param=made.param.replace("9=1", "9=0"))  # loses its Relu

    monkeypatch.setattr(convert, "_converted", wrong)
    build = Builder()
    model = build.model(build.conv(build.add("Relu", build.conv("image", 3, 8, 3)), 8, 4))
    with pytest.raises(ModelError, match="outputs there are others"):
        delivered(model, tmp_path)


def test_nearest_resizing_goes_through_however_it_is_written(tmp_path: Path) -> None:
    build = Builder()
    data = build.conv("image", 3, 4, 3, stride=2)
    region, scales = build.weight(np.ones(8, np.float32)), build.weight(np.array([1, 1, 2, 2], np.float32))
    model = build.model(build.conv(build.add("Resize", data, region, scales, mode="nearest"), 4, 4))
    assert largest_error(delivered(model, tmp_path), model) < 1e-3


def test_the_file_tells_names_and_shapes_and_is_the_same_every_time(tmp_path: Path) -> None:
    build = Builder()
    first, mean = build.conv("image", 3, 4, 3), "mean"
    build.nodes.append(helper.make_node("ReduceMean", [first], [mean], axes=[2, 3], keepdims=0))
    path = delivered(build.model(first, mean), tmp_path)
    told = json.loads(files(path)["shapes.json"])
    assert told == {
        "input_name": "image",
        "input_shape": [1, 3, 96, 96],
        "outputs": [[first, [1, 4, 96, 96]], [mean, [1, 4]]],
    }
    assert path.read_bytes() == delivered(build.model(first, mean), tmp_path).read_bytes()
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as packed:
        assert {entry.compress_type for entry in packed.infolist()} == {zipfile.ZIP_STORED}


def test_the_code_that_a_page_shows_runs_on_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.png")
    os.rename("photo.png", "photo.jpg")  # Pillow goes by the content, and this one loses nothing
    build = Builder()
    outputs = [build.conv("image", 3, 4, 3), build.conv("image", 3, 2)]
    path = delivered(build.model(*outputs), tmp_path)
    names: dict[str, object] = {}
    exec(code("ncnn", "python", path.name, SPEC, Ports(input="image", outputs=tuple(outputs))), names)
    expected = NCNN.open(path).run(pixels.transpose(2, 0, 1)[None].astype(np.float32))
    for found, wanted in zip(names["outputs"], expected, strict=True):
        assert np.array_equal(found, wanted[0])
    measuring: dict[str, object] = {}
    exec(runner("ncnn") or "", measuring)
    assert measuring["VERSION"] == NCNN.version()
    measured = measuring["open_file"](str(path), 2, "plain")(pixels.transpose(2, 0, 1)[None])
    for found, wanted in zip(measured, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-3)


def test_an_image_in_any_memory_order_is_read_as_it_is(tmp_path: Path) -> None:
    build = Builder()
    session = NCNN.open(delivered(build.model(build.conv("image", 3, 4)), tmp_path))
    for seed in range(20):
        image = np.random.default_rng(seed).random((1, 96, 96, 3), np.float32).transpose(0, 3, 1, 2)
        assert np.array_equal(session.run(image)[0], session.run(np.ascontiguousarray(image))[0])


def test_a_converter_that_does_not_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("subprocess.run", refuse)
    with pytest.raises(ModelError, match=r"pnnx does not start \(Permission denied\)"):
        delivered(focus_network(8), tmp_path)
