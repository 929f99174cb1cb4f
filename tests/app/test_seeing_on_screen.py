"""A file that was never run on the images is run elsewhere: the page waits with progress, and says where that failed."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.errors import ErrorRecord
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.records import ProgressRecord

ERRORS = {"section": "errors", "trials": "6"}


@pytest.fixture
def asked(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """For whom which file was begun to be run; none was ever run."""
    found: list[tuple[str, str | None]] = []
    monkeypatch.setattr(workbench, "kept_predictions", lambda *_, **__: None)
    monkeypatch.setattr(workbench, "see", lambda who, sha256, *_, **__: found.append((who, sha256)))
    return found


def test_the_first_who_asks_has_the_file_run_and_sees_how_far_it_is(
    show: Any, world: dict[str, Any], asked: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = ErrandStatus(
        state="running", pid=1, started="", current=ProgressRecord("evaluating", 76, 304), left=65.0
    )
    monkeypatch.setattr(workbench, "seeing_status", lambda *_, **__: running if asked else None)
    app = show("compare", **ERRORS)
    assert not app.exception
    assert asked == [(world["name"], world["trials"][0]["sha256"])]
    (bar,) = app.get("progress")
    assert bar.proto.value == 25
    assert "76 / 304 · 1:05 left" in bar.proto.text
    assert not app.get("plotly_chart"), "nothing is told before it is known"
    app.run()
    assert len(asked) == 1, "it runs already"


def test_images_that_are_still_to_be_drawn_are_drawn_elsewhere_too(
    show: Any, world: dict[str, Any], asked: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "images_there", lambda _: False)
    monkeypatch.setattr(workbench, "scored_images", lambda *_, **__: pytest.fail("the page would draw them"))
    running = ErrandStatus(
        state="running", pid=1, started="", current=ProgressRecord("rendering_scenes", 100, 400)
    )
    monkeypatch.setattr(workbench, "seeing_status", lambda *_, **__: running if asked else None)
    for section in ("errors", "damage"):
        asked.clear()
        app = show("compare", section=section, trials="6")
        assert not app.exception
        assert asked == [(world["name"], None)]
        assert "Preparing the images" in app.get("progress")[0].proto.text


def test_what_went_wrong_is_told_and_tried_again_only_when_asked_to(
    show: Any, asked: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ErrorRecord("disk_full", {"path": "/x", "variable": "EDGESLIM_HOME"})
    states = [ErrandStatus(state="failed", pid=1, started="", error=error)]
    monkeypatch.setattr(workbench, "seeing_status", lambda *_, **__: states[-1])
    app = show("compare", **ERRORS)
    assert len(app.error) == 1
    assert asked == []
    monkeypatch.setattr(
        workbench,
        "see",
        lambda who, sha256, *_, **__: (
            asked.append((who, sha256)),
            states.append(ErrandStatus(state="running", pid=2, started="")),
        ),
    )
    app.button(key="see_again").click().run()
    assert not app.exception
    assert len(asked) == 1
    assert any("Running" in each.value for each in app.caption)
