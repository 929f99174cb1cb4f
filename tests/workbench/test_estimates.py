"""How long a study will take, told before it is started."""

from __future__ import annotations

from pathlib import Path

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.studies.study import StudyPlan


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
