"""How long a study will take, told before it is started."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.runtime import ONNXRUNTIME
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.planning import _pass_seconds


def test_more_work_is_told_to_take_longer(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def high(preset: str, **more: object) -> float:
        asked = {"model": "digits-cnn", "dataset": "digits", "preset": preset, "workers": 1, **more}
        found = workbench.estimate(StudyPlan(**asked), store=store)
        assert 0 < found.low < found.high
        return found.high

    quick = high("quick")
    assert quick < high("quick", seeds=2) < high("sample")
    assert high("quick", workers=2) < quick
    assert high("quick", model="street-signs-medium", dataset="street-signs") > 3 * quick
    own = workbench.estimate(
        StudyPlan(model="digits-cnn", dataset="digits"), [workbench.read_recipe({"steps": []})], store
    )
    assert own.high < quick


def test_waiting_for_a_core_is_not_part_of_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    image = SimpleNamespace(fixed_shape=(1, 3, 8, 8), dtype=np.float32)
    waiting = SimpleNamespace(inputs=[image], run=lambda values: time.sleep(0.02))
    monkeypatch.setattr(type(ONNXRUNTIME), "open", lambda self, path: waiting)
    assert _pass_seconds("waits.onnx", "0" * 64) < 0.01
