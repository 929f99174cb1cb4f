"""Lessons through the façade: kept outcomes, what came true, computing a missing one in a process of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError
from edgeslim.jobs import launching
from edgeslim.jobs.errands import RunExperiment
from edgeslim.lessons import LESSONS, kept
from edgeslim.lessons.distillation import Logits, Unseen
from edgeslim.lessons.why_shrink.traffic import Traffic
from edgeslim.progress import silent
from edgeslim.workbench import lessons


@pytest.fixture(autouse=True)
def ended_processes() -> Iterator[None]:
    """No process of a test outlives it."""
    yield
    for process in launching.STARTED:
        process.wait(60)


@pytest.fixture
def nothing_ships(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kept, "_shipped", lambda path: {})


def test_what_ships_is_all_there_in_the_order_of_the_course(tmp_path: Path) -> None:
    found = lessons.list_lessons(Store(tmp_path))
    assert [one.name for one in found] == list(LESSONS.names())
    assert all(one.missing == 0 and one.settings >= one.experiments for one in found)


def test_the_truth_of_a_number_has_its_interval(tmp_path: Path) -> None:
    found = lessons.found("distillation", Unseen, Store(tmp_path))
    assert found is not None and found.interval is not None
    fact = found.outcome.facts["soft"]
    assert found.truth == fact.value and found.interval == (fact.low, fact.high)
    inside = (found.interval[0] + found.interval[1]) / 2
    assert lessons.verdict(Unseen, inside, found).right
    wrong = lessons.verdict(Unseen, 0.0, found)
    assert not wrong.right and wrong.off == pytest.approx(fact.value)


def test_nothing_came_true_while_an_outcome_is_missing(nothing_ships: None, tmp_path: Path) -> None:
    assert lessons.found("distillation", Unseen, Store(tmp_path)) is None
    with pytest.raises(EdgeSlimError, match="never computed"):
        lessons.publish_lesson("distillation", Store(tmp_path), tmp_path)


def test_those_who_want_the_same_outcome_share_one_process(tmp_path: Path) -> None:
    store, setting = Store(tmp_path / "store"), Traffic()
    assert lessons.outcome_status("why_shrink", setting, store) is None
    lessons.begin_outcome("why_shrink", setting, store)
    lessons.begin_outcome("why_shrink", setting, store)
    assert len(launching.STARTED) == 1
    status = lessons.outcome_status("why_shrink", setting, store)
    while status is not None and status.state == "running":
        time.sleep(0.1)
        status = lessons.outcome_status("why_shrink", setting, store)
    assert status is not None and status.state == "complete"


def test_an_errand_computes_and_keeps_what_was_missing(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    shipped = lessons.lesson_outcome("distillation", Logits(), store)
    asked = RunExperiment(lesson="distillation", experiment="logits", values={}, key="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "_shipped", lambda path: {})
        assert lessons.lesson_outcome("distillation", Logits(), store) is None
        asked.run(store, silent)
        computed = lessons.lesson_outcome("distillation", Logits(), store)
    assert computed is not None and shipped is not None
    assert (computed.on, len(computed.views)) == (shipped.on, 1) and computed.seconds > 0


def test_values_from_a_shell_are_typed_and_checked(tmp_path: Path) -> None:
    found = lessons.run_setting("distillation", "unseen", {"temperature": "16.0"}, Store(tmp_path))
    assert found == lessons.lesson_outcome("distillation", Unseen(temperature=16.0), Store(tmp_path))
    with pytest.raises(EdgeSlimError, match="no experiment"):
        lessons.run_setting("distillation", "nothing", {}, Store(tmp_path))
    with pytest.raises(EdgeSlimError):
        lessons.run_setting("distillation", "unseen", {"temperature": "hot"}, Store(tmp_path))
    with pytest.raises(EdgeSlimError, match=r"experiment “unseen” has no control “wrong”.*temperature"):
        lessons.run_setting("distillation", "unseen", {"wrong": "1"}, Store(tmp_path))


def test_published_outcomes_are_read_back_the_same(tmp_path: Path) -> None:
    path = lessons.publish_lesson("distillation", Store(tmp_path / "store"), tmp_path)
    shipped = json.loads((kept.SHIPPED / "distillation.json").read_bytes())
    assert json.loads(path.read_bytes()).keys() <= shipped.keys()
