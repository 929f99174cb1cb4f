"""Why a file lost what it lost, on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.analysis.doctor.records import Diagnosis, Finding, Mend
from edgeslim.analysis.results import PairedChange
from edgeslim.records import RecipeRecord
from edgeslim.workbench import ErrandStatus
from edgeslim.workbench.doctor import Trial

MENDED = RecipeRecord(({"step": "static_int8", "keep_float": "outputs"},), 0, "")
LOSS = PairedChange(delta=-0.121, ci95=(-0.163, -0.068))
SCALE = Finding(
    cause="shared_scale",
    verdict="found",
    evidence={"step": 1.115, "span": 1.0, "others": 288.0, "levels": 0.9, "all": 256},
    back=PairedChange(delta=0.133, ci95=(0.08, 0.17)),
    share=1.1,
    mend=Mend(kind="recipe", recipe=MENDED, values={"step": "static_int8", "keep_float": "outputs"}),
)
THRESHOLD = Finding(
    cause="threshold",
    verdict="found",
    evidence={
        "threshold": 0.5, "best": 0.15, "shift": -0.43, "before": 0.82, "after": 0.35, "there": 0.83,
        "boxes_before": 150, "boxes_after": 28, "judged": 24,
    },
    back=PairedChange(delta=0.48, ci95=(0.34, 0.61)),
    share=1.0,
    mend=Mend(kind="threshold", threshold=0.15, values={"threshold": 0.15}),
)  # fmt: skip
CLEARED = Finding(cause="per_tensor", verdict="cleared", reason="per_channel", evidence={"layers": 27})


def diagnosis(*findings: Finding) -> Diagnosis:
    return Diagnosis(metric="mAP", images=48, original=0.56, file=0.439, loss=LOSS, findings=findings)


def words(app: Any) -> str:
    assert not app.exception
    return "\n".join(
        str(each.value) for kind in (app.markdown, app.caption, app.info, app.success) for each in kind
    )


@pytest.fixture
def examined(own: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the doctor has found; nothing yet."""
    kept: dict[str, Any] = {"diagnosis": None, "asked": []}
    kept |= {"so_far": None, "status": None}
    monkeypatch.setattr(workbench, "diagnosis", lambda asked: kept["diagnosis"])
    monkeypatch.setattr(workbench, "diagnosis_so_far", lambda asked: kept["so_far"])
    monkeypatch.setattr(workbench, "examining_status", lambda asked: kept["status"])
    monkeypatch.setattr(workbench, "begin_examining", kept["asked"].append)
    return kept


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_the_original_has_nothing_to_explain(show: Callable[..., Any], own: Any, locale: str) -> None:
    app = show("study", locale, section="doctor", trial="0")
    assert "Choose a measured file" in words(app) or "请选择" in words(app)
    assert not [button for button in app.button if button.key == "examine"]


def test_a_file_is_examined_at_the_threshold_of_the_address(
    show: Callable[..., Any], examined: dict[str, Any]
) -> None:
    app = show("study", section="doctor", trial="12", confidence="0.3")
    app.button(key="examine").click().run()
    assert not app.exception
    (asked,) = examined["asked"]
    assert (asked.plan.model, asked.threshold) == ("street-signs-medium", 0.3)
    assert asked.recipe is not None and asked.recipe.steps


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_how_long_it_takes_is_said_before_and_what_is_found_is_told_while_it_runs(
    show: Callable[..., Any], examined: dict[str, Any], locale: str
) -> None:
    before = words(show("study", locale, section="doctor", trial="12"))
    assert ("That takes about 0:" if locale == "en-US" else "约需 0:") in before
    examined["so_far"] = diagnosis(SCALE, CLEARED)
    examined["status"] = ErrandStatus(state="running", pid=1, started="")
    told = words(show("study", locale, section="doctor", trial="12"))
    assert "288" in told and "27" in told and "43.9" in told
    assert ("You can leave this page" if locale == "en-US" else "可以离开此页") in told


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_causes_are_told_with_their_evidence_and_what_was_checked(
    show: Callable[..., Any], examined: dict[str, Any], locale: str
) -> None:
    examined["diagnosis"] = diagnosis(SCALE, THRESHOLD, CLEARED)
    app = show("study", locale, section="doctor", trial="12")
    found = words(app)
    for number in ("43.9", "−12.1", "288", "0.9", "+13.3", "110 %", "0.15", "+48.0", "27"):
        assert number in found, number


def test_the_mend_is_tried_and_the_trial_is_named(
    show: Callable[..., Any], examined: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    examined["diagnosis"] = diagnosis(SCALE)
    tried: list[Any] = []

    def try_mend(study: Any, number: int, mend: Mend) -> Trial:
        tried.append((number, mend.recipe))
        return Trial(study=study.name, number=31)

    monkeypatch.setattr(workbench, "try_mend", try_mend)
    app = show("study", section="doctor", trial="12")
    app.button(key="try_shared_scale").click().run()
    assert tried == [(12, MENDED)]
    assert "Trial 31" in words(app)


def test_nothing_found_is_said(show: Callable[..., Any], examined: dict[str, Any]) -> None:
    examined["diagnosis"] = diagnosis(CLEARED)
    assert "Nothing found" in words(show("study", section="doctor", trial="12"))
