"""A Keras file comes in through the screens as an ONNX file does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras")

import streamlit as st  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402

from edgeslim import workbench  # noqa: E402
from edgeslim.artifacts.store import Store  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    st.cache_data.clear()
    monkeypatch.setenv("EDGESLIM_HOME", str(tmp_path / "home"))

    def open_(page: str, **parameters: str) -> AppTest:
        app = AppTest.from_file(ROOT / "compression" / "edgeslim" / "ui" / "frame.py", default_timeout=300)
        app.context["locale"] = "en-US"
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.switch_page(str(ROOT / "pages" / page)).run()

    return open_


def test_a_keras_file_is_uploaded_for_a_study_and_listed_in_the_library(
    show: Callable[..., AppTest], tmp_path: Path
) -> None:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.save(tmp_path / "mine.keras")
    app = show("study/new.py", model_from="file")
    app.file_uploader(key="onnx_file").upload(
        "mine.keras", (tmp_path / "mine.keras").read_bytes(), "application/zip"
    ).run()
    assert not app.exception and not app.error
    assert any("24×24" in one.value and "3 classes" in one.value for one in app.markdown)
    next(button for button in app.button if button.label == "Import").click().run()
    assert not app.exception and not app.error
    assert any("**mine** imported" in one.value for one in app.success)
    store = Store(tmp_path / "home")
    assert workbench.describe_model("mine", store=store).proof["translated_from"] == "keras"
    app = show("make/library.py", model="mine")
    assert not app.exception
    assert "mine" in app.dataframe[0].value["name"].tolist()


def test_a_network_by_name_is_brought_in_while_one_looks(
    show: Callable[..., AppTest], tmp_path: Path
) -> None:
    app = show("make/library.py")
    app.number_input(key="keras_side_MobileNetV2").set_value(32).run()
    app.toggle(key="keras_weights").set_value(False).run()
    app.button(key="keras_bring").click().run()
    assert not app.exception and not app.error
    asked = ("MobileNetV2", "mobilenetv2-32", 32)
    store, until = Store(tmp_path / "home"), time.monotonic() + 240
    while (status := workbench.application_status(*asked, weights=False, store=store)) is None or (
        status.state == "running" and time.monotonic() < until
    ):
        time.sleep(0.5)
    assert status.state == "complete" and status.error is None
    app.run()
    assert not app.exception and not app.error
    assert "mobilenetv2-32" in app.dataframe[0].value["name"].tolist()
    assert any("“mobilenetv2-32” is in the library" in one.value for one in app.caption)


def test_a_size_that_a_network_refuses_is_told_on_screen(
    show: Callable[..., AppTest], tmp_path: Path
) -> None:
    workbench.begin_application("InceptionV3", "tiny", 40, weights=False, store=Store(tmp_path / "home"))
    app = show("study/new.py", model_from="file")
    app.selectbox(key="keras_network").set_value("InceptionV3").run()
    app.number_input(key="keras_side_InceptionV3").set_value(40).run()
    app.text_input(key="keras_name_InceptionV3_40").set_value("tiny").run()
    app.toggle(key="keras_weights").set_value(False).run()
    until = time.monotonic() + 240
    while not app.error and time.monotonic() < until:
        time.sleep(0.5)
        app.run()
    assert not app.exception
    assert "Choose 299" in app.error[0].value
