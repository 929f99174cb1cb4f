"""Pictures that a visitor brings to the compare page."""

import io
import json
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from streamlit.testing.v1 import AppTest

from edgeslim import workbench


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


def test_a_folder_is_looked_through(show: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []
    gallery = workbench.gallery_images

    def images(dataset: str, *given: Any, **options: Any) -> Any:
        asked.append(dataset)
        return gallery(dataset, *given, **options)

    monkeypatch.setattr(workbench, "gallery_images", images)
    app = show("compare", **{"from": "folder", "folder": str(tmp_path)})
    assert not app.exception
    assert asked == [str(tmp_path)] and titles(app) == ["scene-0", "scene-1"]
