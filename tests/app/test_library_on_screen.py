"""The library's page over a real model and real data: a wrong specification is seen, and mended."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from edgeslim import visitors, workbench
from edgeslim.artifacts.store import Store
from edgeslim.detections import Annotations
from edgeslim.jobs import errand
from edgeslim.jobs.errands import ReadImages, TryPreprocessing
from edgeslim.models import conversion
from edgeslim.progress import silent

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "compression" / "edgeslim" / "ui" / "frame.py"
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two street scenes as 'scenes', and the small sample as 'swapped', its colour order wrong."""
    home = tmp_path_factory.mktemp("home")
    store = Store(home)
    images, boxes, content = [], [], io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, (name, image, truth) in enumerate(
            workbench.gallery_images("street-signs", count=2, store=store)
        ):
            assert isinstance(truth, Annotations)
            file = io.BytesIO()
            PIL.Image.fromarray(image).save(file, "PNG")
            archive.writestr(f"{name}.png", file.getvalue())
            height, width = image.shape[:2]
            images.append({"id": number, "file_name": f"{name}.png", "width": width, "height": height})
            for box, kind in zip(truth.boxes.tolist(), truth.classes.tolist(), strict=True):
                x, y, right, bottom = box
                size = {"bbox": [x, y, right - x, bottom - y], "area": (right - x) * (bottom - y)}
                boxes.append(
                    {"id": len(boxes) + 1, "image_id": number, "category_id": kind, "iscrowd": 0, **size}
                )
        labels = workbench.model_spec("street-signs-small", store=store).labels
        kinds = [{"id": number, "name": name} for number, name in enumerate(labels)]
        archive.writestr(
            "instances.json", json.dumps({"images": images, "annotations": boxes, "categories": kinds})
        )
    workbench.import_dataset(content.getvalue(), name="scenes", store=store)
    right = workbench.model_spec("street-signs-small", store=store)
    workbench.copy_model("street-signs-small", "swapped", replace(right, color="BGR"), store)
    return home


@pytest.fixture
def library(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the page as a browser does: `library(model="swapped")`."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setenv("EDGESLIM_HOME", str(furnished))

    def open_(locale: str = "en-US", **parameters: str) -> AppTest:
        app = AppTest.from_file(SCRIPT, default_timeout=60)
        app.context["locale"] = locale
        for name, value in parameters.items():
            app.query_params[name] = value
        app.switch_page(str(ROOT / "pages" / "make" / "library.py"))
        return app.run()

    return open_


def said(app: AppTest, words: str) -> str:
    return next(one.value for one in app.markdown if words in one.value)


def field(app: AppTest, kind: str, name: str) -> Any:
    return next(one for one in getattr(app, kind) if str(one.key).endswith(f"_{name}"))


def test_models_and_datasets_are_listed_with_what_is_known_of_them(library: Open) -> None:
    app = library(model="street-signs-small")
    assert not app.exception
    assert app.title[0].value == "7 models and 3 datasets are here; 2 more models can be fetched"
    rows = app.dataframe[0].value.set_index("name")
    assert rows.loc["swapped", "origin"] == "imported" and rows.loc["yolox-nano", "licence"] == "Apache-2.0"
    assert rows["here"].value_counts().to_dict() == {"yes": 7, "to be fetched": 2}
    assert rows.loc["yolox-nano", "family"] == "YOLOX"
    assert "86.2 K parameters" in said(app, "MACs")
    data = library(kind="data").dataframe[0].value.set_index("name")
    assert data.loc["scenes", "validation"] == 2 and data.loc["street-signs", "train"] == 6000


def test_an_untouched_form_is_the_stored_specification(library: Open) -> None:
    app = library(model="street-signs-small", set="scenes")
    assert any("as it is stored" in one.value for one in app.caption)
    assert said(app, "Boxes with").endswith(": 6")


def test_a_wrong_colour_order_is_seen_beside_the_picture_mended_and_kept(
    library: Open, furnished: Path
) -> None:
    app = library(model="swapped", set="scenes")
    before = int(said(app, "Boxes with").split()[-1])
    field(app, "selectbox", "color").set_value("RGB")
    app.run()
    assert not app.exception
    assert said(app, "instead of").endswith(f": 6 instead of {before}**")
    next(one for one in app.button if one.label == "Save the specification").click().run()
    assert not app.exception
    assert workbench.model_spec("swapped", store=Store(furnished)).color == "RGB"
    assert said(app, "Boxes with").endswith(": 6")


def test_a_value_that_cannot_be_used_is_named_and_no_picture_is_shown(library: Open) -> None:
    app = library(model="street-signs-small", set="scenes")
    field(app, "text_input", "std").set_value("1, 0, 1").run()
    assert not app.exception and "std" in app.error[0].value
    assert not app.get("bidi_component")


def test_renaming_and_deleting_change_the_list(library: Open, furnished: Path) -> None:
    store = Store(furnished)
    workbench.copy_model("street-signs-small", "spare", workbench.model_spec("street-signs-small"), store)
    app = library(model="spare")
    field(app, "text_input", "rename_spare").set_value("kept").run()
    next(one for one in app.button if one.label == "Rename").click().run()
    assert not app.exception and app.query_params["model"] == "kept"
    field(app, "checkbox", "sure_kept").check().run()
    next(one for one in app.button if one.label == "Delete").click().run()
    assert not app.exception
    assert not {"spare", "kept"} & {model.name for model in workbench.list_models(store)}


def test_a_hint_names_the_swap_with_its_scores_and_puts_it_into_the_form(
    library: Open, furnished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(furnished)
    right = workbench.model_spec("street-signs-small", store=store)
    wrong = replace(right, color="BGR", scale=1.0)
    workbench.copy_model("street-signs-small", "hinted", wrong, store)
    asked: list[TryPreprocessing] = []
    monkeypatch.setattr(errand, "begin", lambda _, asking: asked.append(asking))
    app = library(model="hinted", set="scenes")
    next(one for one in app.button if one.label == "Try other ways on scenes").click().run()
    asked[0].run(store, silent)
    app.run()
    assert not app.exception
    (told,) = [one.value for one in app.warning]
    assert told.startswith("Colour order BGR → RGB, Scale 1 → 0.003922") and "2 images of scenes" in told
    take = next(one for one in app.button if one.label == "Put it into the form")
    take.click().run()
    assert field(app, "selectbox", "color").value == "RGB"
    assert "of 1" in app.success[0].value and "usual ways" in app.success[0].value


def test_classes_are_matched_by_hand_and_scores_take_them(library: Open, furnished: Path) -> None:
    store = Store(furnished)
    spec = workbench.model_spec("street-signs-small", store=store)
    other = replace(spec, labels=("halt", *spec.labels[1:]))
    workbench.copy_model("street-signs-small", "halting", other, store)
    app = library(model="halting", set="scenes")
    assert said(app, "matched by name").startswith("9 of the dataset's 10")
    assert any("Unknown to the model, so not scored (1): stop" in one.value for one in app.caption)
    field(app, "selectbox", "stop_None").set_value("halt")
    next(one for one in app.button if one.label == "Keep this matching").click().run()
    assert not app.exception
    assert said(app, "said by hand").startswith("10 of the dataset's 10 classes are matched, 1 of them")
    kept = workbench.kept_classes(spec.labels, other.labels, store)
    assert kept == (("stop", "halt"),)
    boxes = []
    for classes in ((), kept):
        images = workbench.Images("scenes", classes=classes)
        truths = workbench.scored_images(images, "halting", store=store).truths or ()
        boxes.append(sum(len(truth) for truth in truths if isinstance(truth, Annotations)))
    assert boxes[1] == boxes[0] + 2, "two stop signs stand in these scenes"
    next(one for one in app.button if one.label == "Match by names alone").click().run()
    assert workbench.kept_classes(spec.labels, other.labels, store) == ()


def test_a_dataset_shows_its_pictures_with_boxes_and_counts_them(
    library: Open, furnished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ReadImages] = []
    monkeypatch.setattr(errand, "begin", lambda _, asking: asked.append(asking))
    app = library(kind="data", data="scenes")
    assert not app.exception
    assert said(app, "boxes on 2 images").startswith("11 boxes on 2 images; 0 images have none")
    counts = app.dataframe[1].value.set_index("class")["objects"]
    assert counts["stop"] == 2 and counts.sum() == 11
    (shown,) = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    assert [len(one["models"][0]["boxes"]) // 6 for one in shown["pictures"]] == boxes_of(furnished)
    next(one for one in app.button if one.label == "Read every image").click().run()
    asked[0].run(Store(furnished), silent)
    app.run()
    assert any("every image of this split can be read" in one.value for one in app.caption)


def boxes_of(home: Path) -> list[int]:
    truths = [truth for _, _, truth in workbench.gallery_images("scenes", "validation", store=Store(home))]
    return [len(truth) for truth in truths if isinstance(truth, Annotations)]


def test_the_page_speaks_chinese(library: Open) -> None:
    assert library("zh-CN", model="swapped", set="scenes").title[0].value.startswith("本机有 ")


def test_a_keras_file_says_what_to_install(library: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.writestr(name, "{}")
    app = library()
    app.file_uploader(key="library_onnx").upload("mine.keras", content.getvalue(), "application/zip").run()
    next(button for button in app.button if button.label == "Import").click().run()
    assert not app.exception
    assert (
        "pip install -r requirements-keras.txt" in app.error[0].value and "mine.keras" in app.error[0].value
    )


def test_networks_of_keras_are_offered_where_one_is_at_the_machine(
    library: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)
    app = library()
    assert "pip install -r requirements-keras.txt" in [one.value for one in app.code]
    monkeypatch.setattr(conversion, "has_keras", lambda: True)
    app = library()
    network = app.selectbox(key="keras_network")
    assert {"VGG16", "MobileNetV2"} <= set(network.options)
    network.set_value("InceptionV3").run()
    assert app.number_input(key="keras_side_InceptionV3").value == 299
    visitors.ask(lambda: "somebody")
    try:
        app = library()
        assert "keras_network" not in [one.key for one in app.selectbox]
    finally:
        visitors.ask(lambda: None)
