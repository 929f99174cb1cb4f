"""What a study says of files that learnt from labels, and of files that compute in int8: before it starts and after."""

from dataclasses import replace
from typing import Any

import pytest
from app_world import Started

from edgeslim import workbench
from edgeslim.studies.estimate import Estimate, FormerCheck
from edgeslim.studies.flips import Flips
from edgeslim.workbench import flips


def captions(app: Any) -> str:
    assert not app.exception and not app.error
    return "\n".join(each.value for each in app.caption).replace("\\", "")


def test_that_files_are_scored_on_the_models_former_data_too_is_said_before_the_start(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "list_studies", lambda *_: pytest.fail("it reads every journal"))
    found = Estimate(60.0, 90.0, former=FormerCheck(dataset="street-signs", images=200, recipes=2))
    monkeypatch.setattr(workbench, "estimate", lambda *_: found)
    told = "scored on 200 images of street-signs too"
    assert told in captions(show("new"))
    monkeypatch.setattr(workbench, "estimate", lambda *_: replace(found, former=None))
    assert told not in captions(show("new"))


def test_a_loss_on_former_data_stands_on_the_files_panel(world: dict[str, Any], show: Any) -> None:
    former = {"dataset": "scenes", "classes": ["a"], "images": 200, "before": 0.753, "after": 0.058}
    world["trials"][9]["former"] = {**former, "metric": "mAP", "change_ci95": [-0.73, -0.66]}
    told = captions(show("study", trial="9"))
    assert "learnt from scenes: mAP was 75.3 there and is 5.8 now" in told
    assert "−73.0 … −66.0 points, 200 images" in told
    assert "learnt from" not in captions(show("study", trial="8"))


def test_an_int8_files_panel_names_the_flips_or_tells_what_was_measured_of_them(
    world: dict[str, Any], show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = "its score can move when inputs differ by rounding alone"
    assert unknown in captions(show("study", trial="3"))
    assert unknown not in captions(show("study", trial="1")), "float16 computes no integers"
    found = Flips(
        metric="mAP",
        images=304,
        scored=0.66,
        runs=(0.65, 0.652, 0.654, 0.652),
        deviation=0.0016,
        further=0.006,
    )
    monkeypatch.setattr(flips, "flips_of", lambda *_: found)
    told = captions(show("study", trial="3"))
    assert unknown not in told
    assert "in 4 runs on inputs that differ by rounding alone, mAP was 65.0 … 65.4" in told
    assert "standard deviation 0.16 points, mean 65.2" in told
