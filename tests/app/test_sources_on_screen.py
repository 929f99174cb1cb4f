"""Pictures that a visitor brings to the compare page."""

import io
import json
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from streamlit.testing.v1 import AppTest

from edgeslim import workbench
from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.records import Sizes
from edgeslim.workbench import dataset_view, datasets
from edgeslim.workbench.models import ModelInfo

LABELS = (
    "stop", "yield", "no_entry", "speed_30", "speed_50", "parking", "crossing", "priority", "light_red", "light_green",
)  # fmt: skip


def titles(app: AppTest) -> list[str]:
    (component,) = app.get("bidi_component")
    return [one["title"] for one in json.loads(component.proto.json)["pictures"]]


def clip() -> bytes:
    frames = [PIL.Image.new("RGB", (30, 20), (40 * k, 0, 0)) for k in range(3)]
    content = io.BytesIO()
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:])
    return content.getvalue()


def test_before_anything_is_uploaded_the_page_says_what_to_do(show: Any) -> None:
    app = show("compare", **{"from": "upload"})
    assert any("Drop pictures of your own" in one.value for one in app.caption)
    assert not app.get("bidi_component")


def test_several_pictures_and_a_clip_make_a_strip(show: Any) -> None:
    app = show("compare", **{"from": "upload", "grid": "1"})
    still = io.BytesIO()
    PIL.Image.new("RGB", (30, 20)).save(still, "PNG")
    app.file_uploader(key="own_images").upload("still.png", still.getvalue(), "image/png").upload(
        "walk.gif", clip(), "image/gif"
    ).run()
    assert not app.exception
    assert titles(app) == ["still.png", "walk.gif · 1 / 3", "walk.gif · 2 / 3", "walk.gif · 3 / 3"]


def test_a_broken_picture_is_named(show: Any) -> None:
    app = show("compare", **{"from": "upload"})
    app.file_uploader(key="own_images").upload("broken.png", b"PNG?", "image/png").run()
    assert "broken.png" in app.error[0].value
    assert not app.get("bidi_component")


def test_a_broken_picture_does_not_hide_the_others(show: Any) -> None:
    app = show("compare", **{"from": "upload", "grid": "1"})
    still = io.BytesIO()
    PIL.Image.new("RGB", (30, 20)).save(still, "PNG")
    app.file_uploader(key="own_images").upload("broken.png", b"PNG?", "image/png").upload(
        "still.png", still.getvalue(), "image/png"
    ).run()
    assert ["broken.png" in one.value for one in app.error] == [True]
    assert titles(app) == ["still.png"]


def test_a_folder_is_looked_through(show: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []
    gallery = workbench.gallery_images

    def images(dataset: str, *given: Any, **options: Any) -> Any:
        asked.append(dataset)
        return gallery(dataset, *given, **options)

    monkeypatch.setattr(workbench, "gallery_images", images)
    app = show("compare", **{"from": "folder", "folder": str(tmp_path)})
    assert asked == [], "a link makes the server read no folder"
    app.text_input(key="pictures_folder").set_value(str(tmp_path)).run()
    assert not app.exception
    assert asked == [str(tmp_path)] and titles(app) == ["scene-0", "scene-1"]


def test_unreadable_pictures_of_a_folder_are_named_and_the_others_shown(
    show: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for place in range(4):
        PIL.Image.effect_noise((64, 64), 80).save(tmp_path / f"{place}.jpg")
    content = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "0.jpg").write_bytes(content[:1300])
    (tmp_path / "2.jpg").write_bytes(content.replace(b"\xff\xda", b"\xff\xd9"))
    monkeypatch.setattr(workbench, "readable_images", dataset_view.readable_images)
    monkeypatch.setattr(workbench, "describe_dataset", datasets.describe_dataset)
    app = show("compare", **{"from": "folder", "grid": "1"})
    app.text_input(key="pictures_folder").set_value(str(tmp_path)).run()
    assert not app.exception
    told = [one.value for one in app.warning]
    assert ["0.jpg" in text for text in told] == [True, False]  # torn; and damaged within, as decoding tells
    assert all("left out" in text for text in told) and "(2.jpg)" in told[1]
    assert titles(app) == ["1.jpg", "3.jpg"]


def other(name: str, classes: int = 10) -> Any:
    """A listed model that names `classes` classes, as the page reads it."""
    spec = ModelSpec(input_width=288, input_height=192, labels=LABELS[:classes])
    sizes = Sizes(file=500_000, download=400_000, entropy_bound=300_000)
    return ModelInfo(
        name=name,
        sha256="f" * 64,
        origin="imported",
        spec=spec,
        proof={},
        trainable=False,
        params=1000,
        macs=2000,
        sizes=sizes,
    )


def test_a_model_of_ones_own_is_compared_with_the_studys_files(
    show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "stored_model", lambda name, *_: other(name))
    app = show("compare", trials="12", other="model:mine")
    assert not app.exception and not app.warning
    (component,) = app.get("bidi_component")
    models = json.loads(component.proto.json)["models"]
    assert [model["title"].partition(" ")[0] for model in models] == ["#0", "mine", "#12"]
    assert models[1]["note"] == "Download 400 KB"
    app.button(key="other_none").click().run()
    assert "other" not in app.query_params


def test_a_model_with_other_classes_is_refused_with_the_reason(
    show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "stored_model", lambda name, *_: other(name))
    few = ModelSpec(input_width=288, input_height=192, labels=LABELS[:3])
    own = ModelSpec(input_width=288, input_height=192, labels=LABELS)
    monkeypatch.setattr(workbench, "model_spec", lambda name, *_: few if name == "mine" else own)
    app = show("compare", trials="12", other="model:mine")
    assert "names other classes" in app.warning[0].value


@pytest.mark.parametrize("given", ["model:nobody", "study:nobody:3", "study:nobody:x", "junk"])
def test_what_is_not_here_is_said(show: Any, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    def nobody(name: str, *_: Any) -> Any:
        raise ModelError("unknown_model", name=name, choices="digits")

    monkeypatch.setattr(workbench, "stored_model", nobody)
    app = show("compare", trials="12", other=given)
    assert not app.exception and "is not here" in app.warning[0].value
