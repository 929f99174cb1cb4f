"""The compare page's kinds of mistakes: what is drawn, and where clicks lead."""

from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from edgeslim import workbench
from edgeslim.ui.components.error_types import show_crops

CHANGED = {"section": "errors", "trials": "12"}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_kinds_counts_and_matrix_are_drawn(show: Any, language: str) -> None:
    app: AppTest = show("compare", language, **CHANGED)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 3


def test_a_click_leads_to_the_gallery_and_keeps_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    address = {
        "trials": "12",
        "size": "small",
        "image": "3",
        "as": "stop",
        "over": "gallery",
        "section": "errors",
    }
    monkeypatch.setattr(st, "query_params", address)
    show_crops({"of": "compressed", "kind": "missed", "class": "yield"})
    assert address == {
        "trials": "12", "size": "small", "section": "damage", "against": "truth",
        "of": "compressed", "kind": "missed", "class": "yield",
    }  # fmt: skip


def test_a_classifier_is_told_that_its_mistakes_have_no_kinds(
    show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tuple("0123456789")
    known = workbench.ScoredImages("classification", ("a", "b"), labels, (1, 2))
    monkeypatch.setattr(workbench, "scored_images", lambda *_, **__: known)
    monkeypatch.setattr(
        workbench, "kept_predictions", lambda *_, **__: tuple(np.eye(10, dtype=np.float32)[[1, 3]])
    )
    app: AppTest = show("compare", **CHANGED)
    assert not app.exception
    assert app.info[0].value.startswith("A classifier's mistakes have no kinds")
    assert len(app.get("plotly_chart")) == 1


def test_without_labels_nothing_is_called_a_mistake(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known = workbench.ScoredImages("detection", ("a",), ("stop",), None)
    monkeypatch.setattr(workbench, "scored_images", lambda *_, **__: known)
    app: AppTest = show("compare", **CHANGED)
    assert app.info[0].value.startswith("These images have no labels")


def test_the_kind_that_grew_is_told_with_its_interval_and_noise_as_noise(show: Any) -> None:
    def words(app: AppTest) -> str:
        return " ".join(one.value for one in app.markdown)

    assert "missed, from 0 to 9 (95 % interval" in words(show("compare", section="errors", trials="12"))
    assert "“漏检”：由 0 增至 9" in words(show("compare", "zh-CN", section="errors", trials="12"))
    assert show("compare", section="errors", trials="12").title[0].value.endswith(" on 9 images")
    same = show("compare", section="errors", trials="12", base="3")
    assert "No kind of mistake has become more frequent beyond noise." in words(same)
