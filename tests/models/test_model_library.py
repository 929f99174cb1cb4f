"""Opening by name or path, and listing: samples, imported models, the catalogue."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from models_for_tests import HEIGHT, WIDTH, detector, save

from edgeslim.artifacts.store import Store, sha256_of
from edgeslim.errors import ModelError
from edgeslim.models.catalogue import open_sample, sample_names
from edgeslim.models.importing import import_onnx
from edgeslim.models.library import list_models, open_model
from edgeslim.models.spec import spec_from_json
from edgeslim.records import encoded

SPEC = {
    "family": "fcos",
    "input_width": WIDTH,
    "input_height": HEIGHT,
    "strides": [8],
    "labels": ["a", "b", "c"],
}


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    folder = tmp_path / "samples"
    folder.mkdir()
    path = save(detector(), folder / "tiny.onnx")
    entry = {
        "name": "tiny",
        "task": "detection",
        "file": "tiny.onnx",
        "sha256": sha256_of(path),
        "spec": SPEC,
    }
    (folder / "manifest.json").write_text(
        json.dumps({"models": [{**entry, "parameters": 1234, "metrics": {"mAP": 0.5}}]})
    )
    return folder


def test_sample_opens_by_name_without_being_copied(samples: Path, store: Store) -> None:
    model = open_model("tiny", store, samples=samples)
    assert (model.name, model.origin, model.path) == ("tiny", "sample", samples / "tiny.onnx")
    assert model.sha256 == sha256_of(model.path)
    assert model.spec.labels == ("a", "b", "c")
    assert model.proof["metrics"] == {"mAP": 0.5}
    assert sample_names(samples) == ("tiny",)


def test_changed_sample_is_refused(samples: Path) -> None:
    with (samples / "tiny.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError) as caught:
        open_sample("tiny", samples)
    assert caught.value.code == "sample_damaged"
    assert "tiny.onnx" in str(caught.value)


@pytest.mark.parametrize(
    "manifest", ["{", "[]", '{"models": 3}', '{"models": [{"name": "x"}]}', '{"models": [3]}']
)
def test_damaged_manifest_is_named(samples: Path, store: Store, manifest: str) -> None:
    (samples / "manifest.json").write_text(manifest)
    with pytest.raises(ModelError) as caught:
        list_models(store, samples)
    assert "manifest.json" in str(caught.value)


def test_no_samples_is_no_error(tmp_path: Path, store: Store) -> None:
    assert sample_names(tmp_path) == ()
    assert {entry.origin for entry in list_models(store, tmp_path)} == {"catalogue"}


def test_imported_model_opens_by_name(tmp_path: Path, store: Store) -> None:
    model = import_onnx(save(detector(opset=11), tmp_path / "m.onnx"), None, "mine", store)
    assert open_model("mine", store) == model
    assert model.origin == "imported"


def test_file_is_imported_as_it_is_opened_but_not_listed(tmp_path: Path, store: Store) -> None:
    path = save(detector(), tmp_path / "m.onnx")
    model = open_model(str(path), store)
    assert (model.name, model.origin, model.spec.family) == ("m", str(path), "fcos")
    assert model.path.is_relative_to(store.root)
    assert "m" not in [entry.name for entry in list_models(store)]
    assert open_model(path, store) == model


@pytest.mark.parametrize("name", ["m.spec.json", "m.onnx.spec.json"])
def test_specification_beside_the_file_is_used(tmp_path: Path, store: Store, name: str) -> None:
    path = save(detector(), tmp_path / "m.onnx")
    (tmp_path / name).write_text(json.dumps({**SPEC, "confidence": 0.33}))
    assert open_model(path, store).spec.confidence == 0.33
    given = spec_from_json({**SPEC, "confidence": 0.44})
    assert open_model(path, store, given).spec.confidence == 0.44


def test_given_specification_replaces_the_stored_one(tmp_path: Path, store: Store) -> None:
    import_onnx(save(detector(), tmp_path / "m.onnx"), None, "mine", store)
    model = open_model("mine", store, spec_from_json({**SPEC, "labels": ["x", "y", "z"]}))
    assert (model.name, model.origin, model.spec.labels) == ("mine", "imported", ("x", "y", "z"))
    assert open_model("mine", store).spec.labels == ("class_0", "class_1", "class_2")


def test_unknown_name_lists_the_nearest(store: Store) -> None:
    with pytest.raises(ModelError) as caught:
        open_model("yolox-nanno", store)
    assert caught.value.code == "unknown_model"
    assert "yolox-nano" in str(caught.value)


def test_catalogue_model_that_is_not_downloaded_says_how(store: Store) -> None:
    with pytest.raises(ModelError) as caught:
        open_model("yolox-tiny", store)
    assert caught.value.code == "not_downloaded"


@pytest.mark.parametrize("name", ["missing.onnx", "no/such/model", "../models"])
def test_missing_path_is_named(store: Store, name: str) -> None:
    with pytest.raises(ModelError) as caught:
        open_model(name, store)
    assert caught.value.code == "model_unreadable"
    assert name in str(caught.value)


def test_list_tells_origin_size_and_parameters(samples: Path, tmp_path: Path, store: Store) -> None:
    import_onnx(save(detector(), tmp_path / "m.onnx"), None, "mine", store)
    listed = {entry.name: entry for entry in list_models(store, samples)}
    assert list(listed) == ["tiny", "mine", "yolox-nano", "yolox-tiny"]
    parameters = 6 * 3 * 64 + 2 * 6 + 7 * 6
    mine, nano = listed["mine"], listed["yolox-nano"]
    assert (mine.params, mine.classes, mine.ready) == (parameters, 3, True)
    assert mine.bytes == open_model("mine", store).path.stat().st_size
    assert listed["tiny"].params == 1234
    assert listed["tiny"].bytes == (samples / "tiny.onnx").stat().st_size
    assert (nano.bytes, nano.sha256, nano.ready, nano.licence) == (3_659_407, None, False, "Apache-2.0")
    assert json.loads(json.dumps(encoded(nano)))["sha256"] is None


def test_listing_imports_neither_torch_nor_onnxruntime(store: Store) -> None:
    code = (
        "import sys; from pathlib import Path; from edgeslim.models.library import list_models, Store;"
        f"list_models(Store(Path({str(store.root)!r})));"
        "print([m for m in ('torch', 'onnxruntime', 'requests', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_samples_that_come_with_the_product_open_and_are_listed(store: Store) -> None:
    listed = {entry.name: entry for entry in list_models(store)}
    for model in map(open_sample, sample_names()):
        assert open_model(model.name, store) == model
        assert model.spec.family != "unknown"
        assert listed[model.name].params
