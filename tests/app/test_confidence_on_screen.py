"""The compare page's section on scores."""

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from edgeslim import workbench

CHANGED = {"section": "confidence", "trials": "12"}


def test_it_says_what_happened_at_the_threshold_in_the_address(show: Any) -> None:
    app: AppTest = show("compare", **CHANGED)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 4
    assert any("At the fixed threshold 0.50 it loses 9 objects, of 27." in one.value for one in app.markdown)
    higher = show("compare", **CHANGED, confidence="0.95")
    assert any("At the fixed threshold 0.95 it finds as many objects" in one.value for one in higher.markdown)


def test_it_speaks_chinese(show: Any) -> None:
    app: AppTest = show("compare", "zh-CN", **CHANGED)
    assert not app.exception
    assert any("少检出 9 个目标（共 27 个目标）" in one.value for one in app.markdown)


def test_a_classifier_has_accuracy_and_calibration(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = tuple("0123456789")
    known = workbench.ScoredImages("classification", ("a", "b"), labels, (1, 2))
    monkeypatch.setattr(workbench, "scored_images", lambda *_, **__: known)
    monkeypatch.setattr(
        workbench, "kept_predictions", lambda *_, **__: tuple(np.eye(10, dtype=np.float32)[[1, 3]])
    )
    app: AppTest = show("compare", **CHANGED)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert list(app.table[0].value.iloc[0, 0:2]) == ["50.0", "50.0"]
