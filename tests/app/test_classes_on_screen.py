"""The compare page's section on classes and sizes."""

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from edgeslim import workbench

CHANGED = {"section": "classes", "trials": "12"}


@pytest.mark.parametrize(("language", "words"), [("en", "classes changed"), ("zh-CN", "个类别")])
def test_classes_and_sizes_are_drawn_under_what_was_found(show: Any, language: str, words: str) -> None:
    app: AppTest = show("compare", language, **CHANGED)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert words in app.title[0].value


def test_of_equal_files_nothing_is_distinguishable(show: Any) -> None:
    app: AppTest = show("compare", section="classes", trials="12", base="3")
    assert app.title[0].value.startswith("None of 3 classes changed")


def test_a_classifier_has_recall_and_no_sizes(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = tuple("0123456789")
    known = workbench.ScoredImages("classification", ("a", "b"), labels, (1, 2))
    monkeypatch.setattr(workbench, "scored_images", lambda *_, **__: known)
    monkeypatch.setattr(
        workbench, "kept_predictions", lambda *_, **__: tuple(np.eye(10, dtype=np.float32)[[1, 3]])
    )
    app: AppTest = show("compare", **CHANGED)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
