"""What holds for every runtime and the format it opens: those that are installed here, and the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from acting import registered
from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError, ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.runtime import FILE_FORMATS, MAIN, ONNXRUNTIME, RUNTIMES, check_runtimes, runtime_environment
from edgeslim.runtime.base import Conversion, Runtime
from edgeslim.runtime.benchmark import compare_latency
from reference_runtime import Coarse, Reference

NAMES = (*(runtime.name for runtime in RUNTIMES), "reference")
SPEC = ModelSpec(task="detection", family="unknown", input_width=6, input_height=5)
SHAPE = (1, 3, 5, 6)


@pytest.fixture(autouse=True)
def second_runtime() -> Iterator[None]:
    with registered(FILE_FORMATS, Coarse()), registered(RUNTIMES, Reference()):
        yield


@pytest.fixture(params=NAMES)
def runtime(request: pytest.FixtureRequest) -> Runtime:
    found = RUNTIMES.get(request.param)
    if not found.version():
        pytest.skip(f"{found.name} is not installed")
    return found


def network(path: Path) -> Path:
    """image → Conv → Relu → features, and its mean: two outputs, weights of powers of two and so exact in any format."""
    weight = np.ldexp(np.float32(1.0), np.random.default_rng(0).integers(-4, 1, (4, 3, 3, 3))).astype(
        np.float32
    )
    nodes = [
        helper.make_node("Conv", ["image", "weight"], ["conv"], pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["conv"], ["features"]),
        helper.make_node("ReduceMean", ["features"], ["mean"], axes=[2, 3], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)],
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, 4, 5, 6]),
            helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, 4]),
        ],
        [numpy_helper.from_array(weight, "weight")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def converted(form: str) -> bytes:
    """The network in the format of that name."""
    with TemporaryDirectory() as folder:
        return FILE_FORMATS.get(form).convert(network(Path(folder) / "network.onnx"), Conversion(SPEC, None))


converted_once = cache(converted)
"""A converter may take seconds: the tests share what it gives."""


def delivered(runtime: Runtime, folder: Path) -> Path:
    """The network as the runtime takes it."""
    network(folder / "network.onnx")
    path = folder / f"delivered{FILE_FORMATS.get(runtime.format).suffix}"
    path.write_bytes(converted_once(runtime.format))
    return path


def image(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SHAPE, dtype=np.float32)


def test_a_session_tells_its_input_and_gives_what_onnxruntime_gives(runtime: Runtime, tmp_path: Path) -> None:
    session = runtime.open(delivered(runtime, tmp_path))
    (entry,) = session.inputs
    assert (entry.fixed_shape, entry.dtype) == (SHAPE, np.float32)
    expected = ONNXRUNTIME.open(tmp_path / "network.onnx").run(image())
    for found, wanted in zip(session.run(image()), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_session_keeps_nothing_of_earlier_runs(runtime: Runtime, tmp_path: Path) -> None:
    session = runtime.open(delivered(runtime, tmp_path), threads=2)
    first = [output.copy() for output in session.run(image(1))]
    other = session.run(image(2))
    again = session.run(image(1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.allclose(first[0], other[0])


def test_images_of_another_type_are_cast(runtime: Runtime, tmp_path: Path) -> None:
    session = runtime.open(delivered(runtime, tmp_path))
    for wide, narrow in zip(session.run(image().astype(np.float64)), session.run(image()), strict=True):
        assert np.array_equal(wide, narrow)


def test_an_image_of_another_size_is_refused(runtime: Runtime, tmp_path: Path) -> None:
    session = runtime.open(delivered(runtime, tmp_path))
    with pytest.raises(ModelError):
        session.run(np.zeros((1, 3, 5, 7), np.float32))


@pytest.mark.parametrize("damage", ["missing", "empty", "noise", "torn"])
def test_a_broken_file_is_named(runtime: Runtime, tmp_path: Path, damage: str) -> None:
    path = delivered(runtime, tmp_path)
    content = {"missing": b"", "empty": b"", "noise": b"\x00\xff" * 99, "torn": path.read_bytes()[:-40]}[
        damage
    ]
    path.write_bytes(content)
    if damage == "missing":
        path.unlink()
    with pytest.raises(ModelError, match=r"delivered\."):
        runtime.open(path)


def test_delivering_again_gives_the_same_bytes(runtime: Runtime) -> None:
    assert converted(runtime.format) == converted_once(runtime.format)


def test_a_delivered_file_lies_in_the_store_under_its_own_suffix(runtime: Runtime, tmp_path: Path) -> None:
    suffix, store = FILE_FORMATS.get(runtime.format).suffix, Store(tmp_path / "store")
    assert suffix[0] == "." and suffix[1:].isalnum(), (
        "what the store, bundles and audits read back as one suffix"
    )
    sha256 = store.put(delivered(runtime, tmp_path).read_bytes(), suffix)
    assert store.path(sha256, suffix).stem == sha256
    runtime.open(store.path(sha256, suffix)).run(image())


def test_it_is_timed_beside_onnxruntime(runtime: Runtime, tmp_path: Path) -> None:
    own = runtime.open(delivered(runtime, tmp_path))
    main = ONNXRUNTIME.open(tmp_path / "network.onnx")
    found = compare_latency({"main": main, "own": own}, "main", rounds=3, warmup=1)
    assert found["main"].ratio == 1.0
    assert found["own"].median_ms > 0


def test_version_and_options_are_recorded(runtime: Runtime) -> None:
    recorded = runtime_environment([runtime.name])
    assert recorded[runtime.name] == runtime.version() != ""
    assert all(
        f"{key}={value}" in recorded[f"{runtime.name} options"] for key, value in runtime.options().items()
    )
    assert all(isinstance(value, str) for value in recorded.values())


def test_the_main_runtime_comes_first_and_each_once() -> None:
    assert check_runtimes(()) == (MAIN,)
    assert check_runtimes(("reference", MAIN, "reference")) == (MAIN, "reference")


def test_what_is_not_installed_is_told_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reference, "version", lambda _: "")
    with pytest.raises(EdgeSlimError, match="pip install onnx") as caught:
        check_runtimes(["reference"])
    assert caught.value.code == "runtime_missing"
    with pytest.raises(EdgeSlimError, match=r"no runtime named “onxruntime”\. Choose one of: onnxruntime"):
        check_runtimes(["onxruntime"])
