"""Hostile and broken model files: each refusal names the file and the culprit, and stores nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from models_for_tests import HEIGHT, WIDTH, build, detector, save, weights
from onnx import TensorProto, helper, numpy_helper

from edgeslim.artifacts.store import Store
from edgeslim.errors import ModelError
from edgeslim.models import checks
from edgeslim.models.importing import import_onnx
from edgeslim.models.spec import spec_from_json
from said import said

Build = Callable[[], onnx.ModelProto]


def refused(path: Path, store: Store, spec: dict[str, Any] | None = None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        import_onnx(path, None if spec is None else spec_from_json(spec), "m", store)
    assert not list(store.root.rglob("*.onnx"))
    assert not list(store.root.rglob("*.json"))
    error = caught.value
    assert path.name in said(error)
    return error


def refused_model(model: onnx.ModelProto, tmp_path: Path, store: Store, **more: Any) -> ModelError:
    return refused(save(model, tmp_path / "model.onnx"), store, **more)


def relu(**more: Any) -> onnx.ModelProto:
    return build([helper.make_node("Relu", ["image"], ["y"])], [], {"y": None}, **more)


def test_empty_file(tmp_path: Path, store: Store) -> None:
    (tmp_path / "empty.onnx").touch()
    assert refused(tmp_path / "empty.onnx", store).code == "model_empty"


def test_missing_file_and_folder(tmp_path: Path, store: Store) -> None:
    assert refused(tmp_path / "none.onnx", store).code == "model_unreadable"
    (tmp_path / "folder.onnx").mkdir()
    assert refused(tmp_path / "folder.onnx", store).code == "model_unreadable"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_truncated_file(tmp_path: Path, store: Store, share: float) -> None:
    content = detector().SerializeToString()
    path = tmp_path / "cut.onnx"
    path.write_bytes(content[: int(len(content) * share)])
    assert refused(path, store).code == "not_onnx"


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" * 20, b"PK\x03\x04" + bytes(100), b"{}", bytes(64)])
def test_another_kind_of_file(tmp_path: Path, store: Store, content: bytes) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    assert refused(path, store).code == "not_onnx"


def test_file_beyond_the_size_limit(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MAX_MODEL_BYTES", 1 << 10)
    assert refused_model(detector(), tmp_path, store).code == "model_too_large"


def test_external_data_is_refused_before_it_is_looked_for(tmp_path: Path, store: Store) -> None:
    model = detector()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    error = refused_model(model, tmp_path, store)
    assert error.code == "external_data"
    assert error.values["tensor"] == "stem"


def test_unknown_operators_are_named(tmp_path: Path, store: Store) -> None:
    nodes = [
        helper.make_node("Frobnicate", ["image"], ["a"]),
        helper.make_node("Gelu", ["a"], ["b"], domain="com.evil"),
        helper.make_node("Relu", ["b"], ["y"]),
    ]
    model = build(nodes, [], {"y": None}, opset_imports=[helper.make_opsetid("com.evil", 1)])
    error = refused_model(model, tmp_path, store)
    assert error.code == "unknown_operators"
    assert error.values["operators"] == "Frobnicate, com.evil:Gelu"


def test_unknown_operator_in_a_branch_is_found(tmp_path: Path, store: Store) -> None:
    output = helper.make_tensor_value_info("t", TensorProto.FLOAT, None)
    branches = [
        helper.make_graph([helper.make_node(op, ["image"], ["t"])], op, [], [output])
        for op in ("Relu", "Hide")
    ]
    condition = numpy_helper.from_array(np.array(True), "condition")
    node = helper.make_node("If", ["condition"], ["y"], then_branch=branches[0], else_branch=branches[1])
    error = refused_model(build([node], [condition], {"y": None}), tmp_path, store)
    assert error.values["operators"] == "Hide"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_named(tmp_path: Path, store: Store, value: float) -> None:
    model = detector()
    values = numpy_helper.to_array(model.graph.initializer[5]).copy()
    values.flat[3] = value
    model.graph.initializer[5].CopyFrom(numpy_helper.from_array(values, "class_weight"))
    error = refused_model(model, tmp_path, store)
    assert error.code == "broken_weights"
    assert error.values["tensor"] == "class_weight"


def test_single_infinity_is_a_bound_and_accepted(tmp_path: Path, store: Store) -> None:
    bounds = [numpy_helper.from_array(np.array(v, np.float32), n) for v, n in ((0, "low"), (np.inf, "high"))]
    node = helper.make_node("Clip", ["image", "low", "high"], ["y"])
    path = save(build([node], bounds, {"y": None}), tmp_path / "m.onnx")
    assert import_onnx(path, store=store).proof["max_abs_error"] == 0


def test_network_that_gives_only_nan_is_refused(tmp_path: Path, store: Store) -> None:
    nodes = [
        helper.make_node("Sub", ["image", "image"], ["zero"]),
        helper.make_node("Div", ["zero", "zero"], ["y"]),
    ]
    assert refused_model(build(nodes, [], {"y": None}), tmp_path, store).code == "outputs_not_finite"


def float16_weights() -> onnx.ModelProto:
    half = numpy_helper.from_array(np.ones(3, np.float16), "half")
    nodes = [
        helper.make_node("Cast", ["half"], ["w"], to=TensorProto.FLOAT),
        helper.make_node("PRelu", ["image", "w"], ["y"]),
    ]
    return build(nodes, [half], {"y": None})


@pytest.mark.parametrize(
    "make",
    [
        float16_weights,
        lambda: relu(input_type=TensorProto.FLOAT16),
        lambda: relu(input_type=TensorProto.UINT8, opset=13),
    ],
)
def test_anything_but_float32_is_refused(tmp_path: Path, store: Store, make: Build) -> None:
    assert refused_model(make(), tmp_path, store).code == "not_float32"


@pytest.mark.parametrize(
    "shape",
    [(1, HEIGHT, WIDTH, 3), (1, 3), (1, 4, HEIGHT, WIDTH), (), (1, 3, -5, WIDTH), (1, 3, HEIGHT, 1 << 40)],
)
def test_input_that_is_no_image_is_refused(tmp_path: Path, store: Store, shape: tuple[int, ...]) -> None:
    error = refused_model(relu(input_shape=shape), tmp_path, store)
    assert error.code == "not_an_image_input"
    assert error.values["input"] == "image"


def test_second_input_is_refused_by_name(tmp_path: Path, store: Store) -> None:
    model = build([helper.make_node("Add", ["image", "more"], ["y"])], [], {"y": None})
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, (1,)))
    error = refused_model(model, tmp_path, store)
    assert error.code == "one_input"
    assert "more" in str(error.values["names"])


def test_invalid_graph_is_refused(tmp_path: Path, store: Store) -> None:
    model = build([helper.make_node("Relu", ["nowhere"], ["y"])], [], {"y": None})
    assert refused_model(model, tmp_path, store).code == "not_onnx"


def test_functions_that_expand_without_end_are_refused(tmp_path: Path, store: Store) -> None:
    """Each function calls the next twice: 2^40 nodes from a file of a few kilobytes."""
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    functions = []
    for level in range(40):
        call = {"op_type": f"f{level + 1}", "domain": "local"} if level < 39 else {"op_type": "Relu"}
        nodes = [
            helper.make_node(inputs=["x"], outputs=["t"], **call),
            helper.make_node(inputs=["t"], outputs=["y"], **call),
        ]
        functions.append(helper.make_function("local", f"f{level}", ["x"], ["y"], nodes, imports))
    node = helper.make_node("f0", ["image"], ["y"], domain="local")
    model = build([node], [], {"y": None}, functions=functions, opset_imports=imports[1:])
    assert refused_model(model, tmp_path, store).code == "expands_too_far"


def test_tensor_that_would_exhaust_memory_is_named(tmp_path: Path, store: Store) -> None:
    shape = numpy_helper.from_array(np.array([1 << 20, 1 << 20]), "shape")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["bomb"]),
        helper.make_node("ReduceMax", ["bomb"], ["most"]),
        helper.make_node("Add", ["image", "most"], ["y"]),
    ]
    error = refused_model(build(nodes, [shape], {"y": None}), tmp_path, store)
    assert error.code == "tensor_too_large"
    assert error.values["tensor"] == "bomb"


def test_text_that_is_not_utf8_is_refused(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "text.onnx"
    path.write_bytes(detector().SerializeToString().replace(b"stem", b"st\xffm"))
    assert refused(path, store).code == "not_onnx"


def test_size_that_the_network_cannot_take_is_refused(tmp_path: Path, store: Store) -> None:
    shape = numpy_helper.from_array(np.array([1, 3 * HEIGHT * WIDTH]), "shape")
    nodes = [
        helper.make_node("Reshape", ["image", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["y"]),
    ]
    model = build(nodes, [shape, weights("w", 3 * HEIGHT * WIDTH, 5)], {"y": None})
    spec = {"family": "classifier", "input_width": 64, "input_height": 64}
    error = refused_model(model, tmp_path, store, spec=spec)
    assert error.code == "does_not_run"
    assert error.values["size"] == "64×64"


@pytest.mark.parametrize("color", ["GRAY", "RGB"])
def test_specification_with_other_channels_than_the_network(tmp_path: Path, store: Store, color: str) -> None:
    channels = 3 if color == "GRAY" else 1
    spec = {"color": color, "input_width": WIDTH, "input_height": HEIGHT}
    error = refused_model(relu(input_shape=(1, channels, HEIGHT, WIDTH)), tmp_path, store, spec=spec)
    assert error.code == "channel_mismatch"
    assert error.values["channels"] == channels


@pytest.mark.parametrize(
    "wrong",
    [{"family": "yolox"}, {"labels": ["a", "b"]}, {"strides": [16]}, {"family": "classifier"}],
)
def test_specification_that_the_outputs_do_not_fit(
    tmp_path: Path, store: Store, wrong: dict[str, Any]
) -> None:
    spec = {"family": "fcos", "input_width": WIDTH, "input_height": HEIGHT, **wrong}
    model = detector(3)
    path = save(model, tmp_path / "model.onnx")
    with pytest.raises(ModelError) as caught:
        import_onnx(path, spec_from_json(spec), "m", store)
    assert caught.value.code == "outputs_do_not_fit"
    assert "[1, 3, 4, 6], [1, 4, 4, 6]" in str(caught.value)


def test_bad_file_leaves_stored_models_alone(tmp_path: Path, store: Store) -> None:
    model = import_onnx(save(detector(), tmp_path / "good.onnx"), None, "good", store)

    def kept() -> dict[Path, bytes]:
        files = (path for path in store.root.rglob("*") if path.is_file() and path.suffix != ".lock")
        return {path: path.read_bytes() for path in files}

    before = kept()
    (tmp_path / "bad.onnx").write_bytes(b"nonsense")
    with pytest.raises(ModelError):
        import_onnx(tmp_path / "bad.onnx", None, "good", store)
    assert kept() == before
    assert model.path.exists()
