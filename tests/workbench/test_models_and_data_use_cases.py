"""Models and datasets through the façade, and what files see on images."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import PIL.Image
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.detections import Detections
from edgeslim.errors import DatasetError, ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.workbench.datasets import dataset_title


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_model_is_described_with_counts_and_whether_it_trains(store, digits_file):
    found = workbench.describe_model(digits_file, store=store)
    assert (found.name, found.trainable, found.params, found.macs) == ("linear", True, 650, 640)
    assert found.spec.family == "classifier"
    assert found.sizes.file > 0
    unknown = replace(found.spec, task="detection", family="unknown")
    assert workbench.describe_model(digits_file, unknown, store).trainable is False


def test_an_uploaded_model_is_listed_and_opens_by_its_name(store, digits_file):
    found = workbench.import_model(digits_file.read_bytes(), name="My model (2)", store=store)
    assert found.name == "My-model-2"
    listed = {model.name: model for model in workbench.list_models(store)}
    assert (listed["My-model-2"].origin, listed["My-model-2"].ready) == ("imported", True)
    assert workbench.describe_model("My-model-2", store=store).sha256 == found.sha256


def test_a_broken_upload_is_named_and_nothing_is_listed(store):
    with pytest.raises(ModelError, match=r"upload\.onnx"):
        workbench.import_model(b"not a model", file_name="upload.onnx", store=store)
    assert all(model.origin != "imported" for model in workbench.list_models(store))


def zipped(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return content.getvalue()


def picture(width: int = 20, height: int = 10) -> bytes:
    content = io.BytesIO()
    PIL.Image.new("RGB", (width, height), (10, 20, 30)).save(content, "PNG")
    return content.getvalue()


def test_an_uploaded_zip_is_listed_and_opens_by_its_name(store):
    coco = {
        "images": [{"id": 1, "file_name": "a.png", "width": 20, "height": 10}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": [2, 2, 5, 5], "area": 25, "iscrowd": 0}
        ],
        "categories": [{"id": 7, "name": "stop"}],
    }
    content = zipped(a__png=picture(), instances__json=json.dumps(coco).encode())
    found = workbench.import_dataset(content, name="mine", store=store)
    assert (found.name, found.labels, found.sizes) == ("mine", ("stop",), {"validation": 1})
    assert "mine" in [data.name for data in workbench.list_datasets(store)]
    ((name, image, truth),) = workbench.gallery_images("mine", store=store)
    assert image.shape == (10, 20, 3)
    np.testing.assert_allclose(truth.boxes, [[2, 2, 7, 7]])
    assert name


@pytest.mark.parametrize("name", ["digits", "../x", "", "a b"])
def test_names_that_a_dataset_cannot_have_are_refused(store, name):
    with pytest.raises(DatasetError) as caught:
        workbench.import_dataset(zipped(a__png=picture()), name=name, store=store)
    assert caught.value.code == "dataset_name"


def test_what_is_not_there_is_said_before_its_name_is_judged(store, tmp_path):
    with pytest.raises(DatasetError) as caught:
        workbench.import_dataset(tmp_path / "my photos", name="my photos", store=store)
    assert caught.value.code == "path_missing"


def test_a_name_that_is_no_dataset_is_told_as_it_was_given_with_all_names_at_hand(store):
    workbench.import_dataset(zipped(a__png=picture()), name="mine", store=store)
    with pytest.raises(DatasetError, match=r"named “mien”.*mine") as caught:
        workbench.describe_dataset("mien", store)
    assert caught.value.code == "no_dataset"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/data/coco_val/instances.json", "coco_val"),
        ("/data/coco/annotations/instances.json", "coco"),
        ("/data/coco/annotations/instances_val2017.json", "instances_val2017"),
        ("/data/signs.v2", "signs.v2"),
        ("my photos (1).zip", "my-photos-1"),
        ("", ""),
    ],
)
def test_data_is_called_after_what_its_path_says(path, name):
    assert workbench.suggested_name(path) == name


def test_a_study_calls_its_data_as_they_were_named(store, tmp_path):
    (tmp_path / "instances.json").write_text("{}")
    workbench.import_dataset(zipped(a__png=picture()), name="mine", store=store)
    assert dataset_title("mine", store) == "mine"
    assert dataset_title(tmp_path / "instances.json", store) == tmp_path.name


def test_another_dataset_does_not_silently_take_a_name(store, tmp_path):
    content = zipped(a__png=picture())
    first = workbench.import_dataset(content, name="mine", store=store)
    assert workbench.import_dataset(content, name="mine", store=store) == first
    with pytest.raises(DatasetError) as caught:
        workbench.import_dataset(zipped(b__png=picture(9, 9)), name="mine", store=store)
    assert caught.value.code == "dataset_name_taken"


@pytest.mark.parametrize("content", [b"no zip", zipped(a__png=b"broken")])
def test_a_broken_upload_lists_nothing_and_is_called_as_it_was(store, content):
    with pytest.raises(DatasetError) as caught:
        workbench.import_dataset(content, name="mine", file_name="photos.zip", store=store)
    assert "photos.zip" in str(caught.value)
    assert str(store.root) not in f"{caught.value} {caught.value.values}"
    assert [data.name for data in workbench.list_datasets(store) if data.origin == "imported"] == []


def test_an_uploaded_picture_is_read_or_named(store):
    given = workbench.read_pictures([(b"broken", "b.png"), (picture(), "a.png")])
    assert [(title, image.shape) for title, image in given.images] == [("a.png", (10, 20, 3))]
    assert [(one.code, one.values["image"]) for one in given.left_out] == [("broken_image", "b.png")]


def test_pictures_that_are_too_many_together_are_refused_before_they_fill_the_memory():
    content = io.BytesIO()
    PIL.Image.new("L", (7000, 7000)).save(content, "PNG")
    given = workbench.read_pictures([(content.getvalue(), f"{k}.png") for k in range(1000)])
    assert [title for title, _ in given.images] == ["0.png", "1.png"]
    assert [(one.code, one.values["image"]) for one in given.left_out] == [("too_many_pictures", "2.png")]


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_a_short_clip_is_read_frame_by_frame(kind):
    frames = [PIL.Image.new("RGB", (20, 10), (6 * k, 0, 0)) for k in range(40)]
    content = io.BytesIO()
    frames[0].save(content, kind, save_all=True, append_images=frames[1:], lossless=True)
    found = workbench.read_pictures([(content.getvalue(), "clip")]).images
    assert len(found) == 32 and found[0][0] == "clip · 1 / 32"
    reds = [int(image[0, 0, 0]) for _, image in found]
    assert reds == sorted(reds) and (reds[0], reds[-1]) == (0, 6 * 39)


def test_gallery_images_come_in_pages(store):
    ids = [name for name, _, _ in workbench.gallery_images("digits", start=20, count=10, store=store)]
    assert len(ids) == 4
    assert ids == [name for name, _, _ in workbench.gallery_images("digits", store=store)][20:]


def detector(path: Path, rows: list[list[float]]) -> Path:
    """A 'detector' of the end-to-end family that always sees `rows` (x1, y1, x2, y2, score, class)."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["rows", "nothing"], ["boxes"]),
    ]
    values = np.array([rows], np.float32)
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, list(values.shape))],
        [numpy_helper.from_array(values, "rows"), numpy_helper.from_array(np.float32(0), "zero")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_a_detector_finds_boxes_and_a_classifier_tells_probabilities(store, digits_file, tmp_path):
    spec = ModelSpec(family="end_to_end", input_width=64, input_height=64, labels=("a", "b"), confidence=0.01)
    rows = [[0, 0, 10, 10, 0.9, 0], [20, 20, 30, 30, 0.8, 1], [40, 40, 60, 60, 0.001, 0]]
    image = np.zeros((64, 64, 3), np.uint8)
    found, milliseconds = workbench.predict(detector(tmp_path / "d.onnx", rows), image, spec)
    assert isinstance(found, Detections)
    assert (found.classes.tolist(), milliseconds > 0) == ([0, 1], True)
    ((_, digit, truth),) = workbench.gallery_images("digits", count=1, store=store)
    answer, _ = workbench.predict(digits_file, digit, workbench.model_spec(digits_file, store=store))
    assert answer.argmax() == truth


def test_a_file_that_was_replaced_is_opened_again(tmp_path):
    spec = ModelSpec(family="end_to_end", input_width=64, input_height=64, labels=("a",), confidence=0.01)
    image = np.zeros((64, 64, 3), np.uint8)
    file = detector(tmp_path / "x.onnx", [[0, 0, 10, 10, 0.9, 0], [0, 0, 9, 9, 0.9, 0]])
    before, _ = workbench.predict(file, image, spec)
    detector(file, [[0, 0, 30, 30, 0.5, 0], [0, 0, 9, 9, 0.9, 0]])
    after, _ = workbench.predict(file, image, spec)
    assert sorted(before.scores.tolist()) != sorted(after.scores.tolist())


def test_recipes_are_checked_and_completed(tmp_path):
    found = workbench.read_recipe({"steps": [{"step": "magnitude_pruning"}]})
    assert found.record().steps[0]["sparsity"] == 0.5
    assert (found.title, found.seed, len(found.fingerprint())) == ("magnitude_pruning", 0, 16)
    assert workbench.read_recipe(found.record()) == found
    file = tmp_path / "r.json"
    file.write_text('{"recipes": [{"steps": []}, {"name": "x", "steps": [{"step": "float16"}]}]}')
    assert [recipe.title for recipe in workbench.read_recipes(file)] == ["float32", "x"]


def test_a_folder_is_looked_through_without_the_pictures_that_cannot_be_read(store, tmp_path):
    for name in ("a", "c", "e", "f"):
        PIL.Image.effect_noise((64, 64), 80).save(tmp_path / f"{name}.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    for name in ("b", "d"):
        (tmp_path / f"{name}.jpg").write_bytes(content.replace(b"\xff\xda", b"\xff\xd9"))
    found, broken = workbench.readable_images(tmp_path, store=store, start=0, count=2)
    assert [name for name, _, _ in found] == ["a.jpg", "c.jpg"]
    assert {place: Path(problem.values["image"]).name for place, problem in broken.items()} == {1: "b.jpg"}
    found, broken = workbench.readable_images(tmp_path, None, broken, store=store, start=2, count=9)
    assert [name for name, _, _ in found] == ["e.jpg", "f.jpg"]
    assert list(broken) == [3]
