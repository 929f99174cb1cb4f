"""Importing: what is made sane, that outputs stay the same, what is recognised, and what is stored."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from models_for_tests import HEIGHT, WIDTH, build, detector, save, weights
from onnx import TensorProto, helper, numpy_helper

from edgeslim.artifacts.store import Store, sha256_of
from edgeslim.errors import ModelError
from edgeslim.models.importing import import_file, import_onnx
from edgeslim.models.preparing import prepare
from edgeslim.models.proof import run
from edgeslim.models.spec import spec_from_json


def imported(
    model: onnx.ModelProto, spec: dict[str, Any] | None = None
) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """The sane model and its proof."""
    result = prepare(model.SerializeToString(), "m.onnx", None if spec is None else spec_from_json(spec))
    sane = onnx.load_model_from_string(result.content)
    onnx.checker.check_model(sane, full_check=True)
    return sane, result.proof


def shape(value: onnx.ValueInfoProto) -> list[Any]:
    return [dim.dim_value or dim.dim_param for dim in value.type.tensor_type.shape.dim]


def change(proof: dict[str, Any], code: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [each for each in proof["changes"] if each["change"] == code]
    assert len(found) == 1, proof["changes"]
    return found[0]


def kinds(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


def test_sane_model_is_kept_as_it_is() -> None:
    sane, proof = imported(detector())
    assert proof["changes"] == []
    assert (proof["max_abs_error"], proof["max_relative_error"], proof["probes"]) == (0.0, 0.0, 3)
    assert kinds(sane) == {"Conv": 3, "BatchNormalization": 1, "Relu": 1}
    assert proof["parameters"] == 6 * 3 * 64 + 2 * 6 + 3 * 6 + 4 * 6
    assert [shape(value) for value in sane.graph.output] == [[1, 3, 4, 6], [1, 4, 4, 6]]


def test_weights_listed_as_inputs_are_no_longer() -> None:
    model = detector()
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, TensorProto.FLOAT, tensor.dims))
    sane, proof = imported(model)
    assert [value.name for value in sane.graph.input] == ["image"]
    assert change(proof, "weights_no_longer_inputs")["count"] == 7
    assert proof["max_relative_error"] < 1e-6


@pytest.mark.parametrize("opset", [9, 11, 12, 16])
def test_old_opset_is_converted(opset: int) -> None:
    sane, proof = imported(detector(opset=opset))
    assert [(entry.domain, entry.version) for entry in sane.opset_import] == [("", 17)]
    assert (change(proof, "opset_converted")["from"], change(proof, "opset_converted")["to"]) == (opset, 17)
    assert proof["max_relative_error"] < 1e-6


def test_newer_opset_stays() -> None:
    sane, proof = imported(detector(opset=20))
    assert sane.opset_import[0].version == 20
    assert proof["changes"] == []


def test_open_batch_and_size_are_fixed_by_the_specification() -> None:
    model = detector(input_shape=("batch", 3, "height", "width"))
    sane, proof = imported(model, {"family": "fcos", "input_width": 96, "input_height": 64})
    assert shape(sane.graph.input[0]) == [1, 3, 64, 96]
    assert shape(sane.graph.output[0]) == [1, 3, 8, 12]
    assert change(proof, "input_fixed") == {
        "change": "input_fixed",
        "from": "batch×3×height×width",
        "to": "1×3×64×96",
    }


def test_open_size_without_specification_becomes_the_default() -> None:
    sane, _ = imported(detector(input_shape=(1, 3, "height", "width")))
    assert shape(sane.graph.input[0]) == [1, 3, 320, 320]


def test_bogus_declared_shapes_are_corrected_by_running() -> None:
    model = detector(input_shape=(4, 3, 8, 8))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("classes", TensorProto.FLOAT, (4, 99, 1, 1)))
    model.graph.value_info.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, (7, 7)))
    sane, proof = imported(model, {"family": "fcos", "input_width": WIDTH, "input_height": HEIGHT})
    assert shape(sane.graph.input[0]) == [1, 3, HEIGHT, WIDTH]
    assert shape(sane.graph.output[0]) == [1, 3, 4, 6]
    assert proof["max_abs_error"] == 0


def test_shape_arithmetic_constants_and_identities_are_folded_away() -> None:
    """As exporters write a flatten, with a turned weight, Identity, Dropout and something unused."""
    nodes = [
        helper.make_node("Constant", [], ["zero"], value=numpy_helper.from_array(np.array(0), "zero")),
        helper.make_node("Constant", [], ["minus"], value_ints=[-1]),
        helper.make_node("Constant", [], ["axis"], value_ints=[0]),
        helper.make_node("Identity", ["image"], ["same"]),
        helper.make_node("Dropout", ["same"], ["kept"]),
        helper.make_node("Shape", ["kept"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["first"]),
        helper.make_node("Unsqueeze", ["first", "axis"], ["batch"]),
        helper.make_node("Concat", ["batch", "minus"], ["target"], axis=0),
        helper.make_node("Reshape", ["kept", "target"], ["flat"]),
        helper.make_node("Transpose", ["weight"], ["turned"]),
        helper.make_node("MatMul", ["flat", "turned"], ["y"]),
        helper.make_node("Relu", ["flat"], ["unused"]),
    ]
    model = build(nodes, [weights("weight", 5, 3 * HEIGHT * WIDTH), weights("nobody", 7)], {"y": None})
    sane, proof = imported(model)
    assert kinds(sane) == {"Reshape": 1, "MatMul": 1}
    assert {tensor.name: list(tensor.dims) for tensor in sane.graph.initializer} == {
        "target": [2],
        "turned": [3 * HEIGHT * WIDTH, 5],
    }
    assert proof["max_abs_error"] == 0
    assert change(proof, "identities_removed")["count"] == 2
    assert change(proof, "constants_folded")["count"] == 5
    assert change(proof, "unused_removed")["count"] == 2


def test_folding_does_not_make_the_file_larger() -> None:
    """A grid of 6,912 numbers that the graph computes from three stays computed."""
    limits = [
        numpy_helper.from_array(np.array(v, np.float32), n) for v, n in ((0, "from"), (6912, "to"), (1, "by"))
    ]
    target = numpy_helper.from_array(np.array([1, 3, 48, 48]), "target")
    nodes = [
        helper.make_node("Range", ["from", "to", "by"], ["numbers"]),
        helper.make_node("Reshape", ["numbers", "target"], ["grid"]),
        helper.make_node("Add", ["image", "grid"], ["y"]),
    ]
    sane, _ = imported(build(nodes, [*limits, target], {"y": None}, input_shape=(1, 3, 48, 48)))
    assert kinds(sane)["Range"] == 1
    assert sane.ByteSize() < 2_000


def test_identity_before_an_output_keeps_the_outputs_name() -> None:
    nodes = [helper.make_node("Relu", ["image"], ["a"]), helper.make_node("Identity", ["a"], ["y"])]
    sane, proof = imported(build(nodes, [], {"y": None}))
    assert [value.name for value in sane.graph.output] == ["y"]
    assert proof["changes"] == []


def test_branches_see_renamed_and_folded_tensors() -> None:
    output = helper.make_tensor_value_info("t", TensorProto.FLOAT, None)
    branches = [
        helper.make_graph([helper.make_node(op, ["same", "two"], ["t"])], op, [], [output])
        for op in ("Mul", "Add")
    ]
    nodes = [
        helper.make_node("Identity", ["image"], ["same"]),
        helper.make_node("Constant", [], ["one"], value_float=1.0),
        helper.make_node("Add", ["one", "one"], ["two"]),
        helper.make_node("ReduceMax", ["image"], ["most"], keepdims=0),
        helper.make_node("Greater", ["most", "two"], ["condition"]),
        helper.make_node("If", ["condition"], ["y"], then_branch=branches[0], else_branch=branches[1]),
    ]
    sane, proof = imported(build(nodes, [], {"y": None}))
    assert kinds(sane) == {"ReduceMax": 1, "Greater": 1, "If": 1}
    assert proof["max_abs_error"] == 0


def test_functions_are_inlined() -> None:
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    body = [helper.make_node("Sigmoid", ["x"], ["s"]), helper.make_node("Mul", ["x", "s"], ["y"])]
    function = helper.make_function("local", "Silu", ["x"], ["y"], body, imports[:1])
    node = helper.make_node("Silu", ["image"], ["y"], domain="local")
    sane, proof = imported(build([node], [], {"y": None}, functions=[function], opset_imports=imports[1:]))
    assert kinds(sane) == {"Sigmoid": 1, "Mul": 1}
    assert change(proof, "functions_inlined")["count"] == 1


def test_every_node_gets_a_name_of_its_own_and_notes_are_gone() -> None:
    model = detector()
    for node in model.graph.node:
        node.doc_string = "exported from /home/somebody"
    model.metadata_props.add(key="author", value="somebody")
    sane, _ = imported(model)
    names = [node.name for node in sane.graph.node]
    assert len(set(names)) == len(names) == 5
    assert b"somebody" not in sane.SerializeToString()


def test_outputs_of_the_sane_model_are_the_originals(tmp_path: Path, store: Store) -> None:
    """Checked here with an input of our own, not one of the proof's."""
    path = save(detector(opset=11), tmp_path / "m.onnx")
    model = import_onnx(path, None, "m", store)
    tensor = np.random.default_rng(99).random((1, 3, HEIGHT, WIDTH), np.float32)
    (before,), (after,) = (run(p.read_bytes(), [tensor]) for p in (path, model.path))
    for a, b in zip(before, after, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_same_file_twice_is_the_same_bytes(tmp_path: Path) -> None:
    path = save(detector(opset=11), tmp_path / "m.onnx")
    first, second = (import_onnx(path, None, "m", Store(tmp_path / folder)) for folder in ("a", "b"))
    assert first.sha256 == second.sha256 == sha256_of(second.path)
    assert first.spec == second.spec
    again = import_onnx(path, None, "other", Store(tmp_path / "a"))
    assert again.path == first.path


def test_known_family_is_recognised_on_import(tmp_path: Path, store: Store) -> None:
    model = import_file(save(detector(7), tmp_path / "m.onnx"), None, store)
    assert (model.spec.family, model.spec.strides, len(model.spec.labels)) == ("fcos", (8,), 7)
    assert (model.spec.input_width, model.spec.input_height) == (WIDTH, HEIGHT)


def test_unknown_family_is_imported_for_fidelity_alone(tmp_path: Path, store: Store) -> None:
    node = helper.make_node("Relu", ["image"], ["y"])
    model = import_onnx(save(build([node], [], {"y": None}), tmp_path / "m.onnx"), store=store)
    assert (model.spec.family, model.spec.task, model.spec.labels) == ("unknown", "detection", ())
    assert (model.spec.input_width, model.spec.input_height) == (WIDTH, HEIGHT)


def test_one_channel_is_gray(tmp_path: Path, store: Store) -> None:
    nodes = [helper.make_node("Flatten", ["image"], ["a"]), helper.make_node("MatMul", ["a", "w"], ["y"])]
    model = build(nodes, [weights("w", 64, 10)], {"y": None}, input_shape=(1, 1, 8, 8))
    spec = import_onnx(save(model, tmp_path / "m.onnx"), store=store).spec
    assert (spec.color, spec.mean, spec.std, spec.task) == ("GRAY", (0.0,), (1.0,), "classification")
    assert spec_from_json(spec.to_json()) == spec


def test_named_family_takes_labels_and_strides_from_the_outputs(tmp_path: Path, store: Store) -> None:
    given = spec_from_json(
        {"family": "fcos", "input_width": WIDTH, "input_height": HEIGHT, "confidence": 0.3}
    )
    spec = import_file(save(detector(2), tmp_path / "m.onnx"), given, store).spec
    assert (spec.labels, spec.strides, spec.confidence) == (("class_0", "class_1"), (8,), 0.3)


@pytest.mark.parametrize(
    ("noted", "labels"),
    [
        ("{0: 'cat', 1: 'dog'}", ("cat", "dog")),
        ("{0: 'cat', 1: 'dog', 2: 'cow'}", ("class_0", "class_1")),
        ("{0: 'cat', 1: 'cat'}", ("class_0", "class_1")),
        ("__import__('os').abort()", ("class_0", "class_1")),
        ("(" * 5000, ("class_0", "class_1")),
    ],
)
def test_class_names_noted_in_the_file_are_used_if_they_fit(
    tmp_path: Path, store: Store, noted: str, labels: tuple[str, ...]
) -> None:
    model = detector(2)
    model.metadata_props.add(key="names", value=noted)
    assert import_file(save(model, tmp_path / "m.onnx"), None, store).spec.labels == labels


def test_name_of_another_model_is_not_overwritten(tmp_path: Path, store: Store) -> None:
    first = import_onnx(save(detector(2), tmp_path / "a.onnx"), None, "mine", store)
    with pytest.raises(ModelError) as caught:
        import_onnx(save(detector(3), tmp_path / "b.onnx"), None, "mine", store)
    assert caught.value.code == "model_name_taken"
    record = store.get_record("models", "mine")
    assert record is not None
    assert record["sha256"] == first.sha256


@pytest.mark.parametrize("name", ["", "../evil", "a/b", ".hidden", "x" * 65, "m.onnx", "a b"])
def test_names_that_could_be_paths_are_refused(tmp_path: Path, store: Store, name: str) -> None:
    with pytest.raises(ModelError) as caught:
        import_onnx(save(detector(), tmp_path / "m.onnx"), None, name, store)
    assert caught.value.code == "model_name"
    assert not store.root.exists()


def test_name_of_a_catalogue_model_is_reserved(tmp_path: Path, store: Store) -> None:
    with pytest.raises(ModelError) as caught:
        import_onnx(save(detector(), tmp_path / "yolox-nano.onnx"), store=store)
    assert caught.value.code == "name_reserved"


def test_default_name_is_made_from_the_files(tmp_path: Path, store: Store) -> None:
    assert import_onnx(save(detector(), tmp_path / "我的 model (1).onnx"), store=store).name == "我的-model-1"
