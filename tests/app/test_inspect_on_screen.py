"""Inspect on the sample study's own files: what is selected is told in numbers, and a difference with its reasons."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from test_screens import words

from edgeslim import workbench
from edgeslim.analysis.layer_weights import look, noise
from edgeslim.analysis.results import TechniqueSensitivity
from edgeslim.metrics.graph import load
from edgeslim.ui.inspect.graph.component import folded_in_address, follow

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Weights are there without a process of their own."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setenv("EDGESLIM_HOME", str(tmp_path))
    monkeypatch.setattr(
        workbench, "layer_weights", lambda sha256: look(load(workbench.artifact_bytes(sha256), sha256))
    )
    monkeypatch.setattr(
        workbench,
        "weight_noise",
        lambda before, after: noise(
            *(load(workbench.artifact_bytes(each), each) for each in (before, after))
        ),
    )
    yield
    st.cache_resource.clear()


def show(locale: str = "en-US", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "compression" / "edgeslim" / "ui" / "frame.py", default_timeout=60)
    app.context["locale"] = locale
    for name, value in parameters.items():
        app.query_params[name] = value
    app.switch_page(str(ROOT / "pages" / "inspect" / "inspect.py"))
    return app.run()


def numbers() -> dict[str, int]:
    """Trials of the sample study by what their recipes do last, where their files come with it."""
    study = workbench.sample_study()
    assert study is not None
    return {
        "+".join(step["step"] for step in trial.recipe.steps): trial.number
        for trial in study.trials
        if trial.sha256 and workbench.has_artifact(trial.sha256)
    }


def graph(app: AppTest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(app.get("bidi_component")[0].proto.json)
    return found


def test_a_selected_layer_is_told_in_numbers_and_drawn() -> None:
    app = show(trial=str(numbers()["static_int8"]), layer="stage16.0.0")
    assert not app.exception and not app.error
    assert app.title[0].value.startswith("Of 29 layers: 2")
    assert show().title[0].value == "4 of 29 layers hold half of the file"
    assert {each.label: each.value for each in app.metric} == {
        "Bytes": "43.1 KB", "Parameters": "41.6 K", "MACs": "8.96 M", "Bits": "8.0",
        "Stored as": "int8", "Computes in": "int8",
    }  # fmt: skip
    assert [each.delta for each in app.metric][:2] == ["was 166 KB", ""]
    assert len(app.get("plotly_chart")) == 5  # sizes, and four of the layer's weights
    given = graph(app)
    assert given["selected"] == "stage16.0.0" and len(given["boxes"]) == 38
    assert {each["name"] for each in given["measures"]} == {
        "bytes", "params", "macs", "bits", "entropy", "rank", "zeros", "sqnr", "change",
    }  # fmt: skip


def test_the_difference_tells_reasons_in_both_languages() -> None:
    number = str(numbers()["low_rank+fine_tuning+mixed_low_bit_weights+robust_int8"])
    app = show(trial=number, section="difference", layer="stage4.0.0.1")
    assert "split into 3" in words(app) and "which keeps 94.2 % of the energy" in words(app)
    assert graph(app)["colour"] == "change"
    rows = app.dataframe[0].value
    assert len(rows) == 29 and rows["why"].str.contains("not recorded").sum() == 0
    assert graph(show(trial=number, layer="stage4.0.0"))["selected"] == "stage4.0.0.0"
    chinese = words(show("zh-CN", trial=number, section="difference", layer="stage4.0.0.1"))
    assert "拆成 3 层" in chinese and "低秩分解" in chinese


def test_a_packed_file_has_the_originals_names() -> None:
    app = show(trial=str(numbers()["mixed_low_bit_weights"]), section="layers")
    assert list(app.dataframe[0].value["name"])[:2] == ["stem.0", "stage4.0.0"]
    assert set(app.dataframe[0].value["computes"]) == {"float32"}


def test_a_library_model_needs_no_study_and_an_unknown_one_is_told() -> None:
    app = show(model="digits-cnn", section="difference")
    assert not app.exception
    assert "This is a model on its own" in words(app)
    assert "no-such-model" in show(model="no-such-model").error[0].value


def test_folding_goes_into_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    address = {"trial": "3", "layer": "stem.0"}
    monkeypatch.setattr(st, "query_params", address)
    follow({"folded": ["stage4", "head8"], "count": 1})
    assert address["folded"] == "stage4~head8" and folded_in_address() == {"stage4", "head8"}
    follow({"folded": []})
    assert folded_in_address() == frozenset()
    follow({"layer": None, "colour": "macs"})
    assert address == {"trial": "3", "folded": "-", "colour": "macs"}


def test_boxes_are_coloured_by_sensitivity_once_it_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    given = graph(show(trial=str(numbers()["mixed_low_bit_weights"])))
    assert "sensitivity" not in {each["name"] for each in given["measures"]}
    st.cache_resource.clear()
    values = {"stem.0.weight": 0.5, "stage8.0.0.weight": 0.005}
    four = TechniqueSensitivity(
        technique="low_bit_weights", strength=4.0, unit="bits", values=values, ranks={}
    )
    found = SimpleNamespace(sensitivity=SimpleNamespace(techniques=(four,)))
    monkeypatch.setattr(workbench, "inside", lambda _: found)
    given = graph(show(trial=str(numbers()["mixed_low_bit_weights"])))
    measure = next(each for each in given["measures"] if each["name"] == "sensitivity")
    told = {
        box["title"]: (level, text)
        for box, level, text in zip(given["boxes"], measure["levels"], measure["texts"], strict=True)
    }
    assert told["stem.0"] == (1.0, "0.5") and told["stage8.0.0"] == (0.0, "0.005")
    assert told["stage4.0.0"] == (None, "")


def test_a_folded_block_is_one_box_that_sums_its_layers() -> None:
    assert len(graph(show(folded="*"))["boxes"]) == 13
    given = graph(show(folded="stage16"))
    box = next(k for k, each in enumerate(given["boxes"]) if each["title"] == "stage16")
    assert given["boxes"][box]["note"] == "5 layers"
    measure = next(each for each in given["measures"] if each["name"] == "macs")
    assert measure["texts"][box] == "28.9 M"
    assert next(each for each in given["measures"] if each["name"] == "bits")["levels"][box] is None


def test_the_doctor_and_the_x_ray_offer_themselves_and_begin_an_errand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[Any] = []
    monkeypatch.setattr(workbench, "begin_looking", begun.append)
    monkeypatch.setattr(workbench, "begin_examining", begun.append)
    for section, button in (("inside", "look_inside"), ("doctor", "examine")):
        app = show(trial="3", section=section)
        app.button(key=button).click().run()
        assert not app.exception
    assert [each.name for each in begun] == ["look_inside", "diagnose"]
    assert begun[0].plan.model == begun[1].plan.model == "street-signs-medium"
