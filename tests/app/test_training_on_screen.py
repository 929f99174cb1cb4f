"""The page that trains a detector: what is asked for, how a run is watched and stopped, what is told of its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from edgeslim.artifacts.store import Store
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import TrainDetector
from edgeslim.measurement.trainings import (
    DetectorPlan,
    Epoch,
    FormerData,
    TrainingRun,
    asked_to_stop,
    read_run,
    write_run,
)
from edgeslim.records import ProgressRecord
from edgeslim.workbench import own_detector

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "compression" / "edgeslim" / "ui" / "frame.py"
Open = Callable[..., AppTest]
PLAN = DetectorPlan(
    dataset="street-signs", dataset_name="street-signs", name="mine", start="street-signs-small", epochs=30
)
EPOCHS = tuple(
    Epoch(number=number, loss=3 / number, score=score, seconds=60.0 * number)
    for number, score in ((1.0, 0.1), (2.0, 0.4), (3.0, 0.3))
)
RUN = TrainingRun(plan=PLAN, began="2026-01-01T00:00:00+00:00", epochs=EPOCHS, taught=180, watched=25)
DONE = replace(
    RUN,
    state="early",
    validated=159,
    metrics={"mAP": 0.556, "AP50": 0.853},
    forgotten=("yield", "stop"),
    former=FormerData(
        dataset="street-signs",
        classes=("ahead",),
        images=200,
        before=0.753,
        after=0.058,
        change_ci95=(-0.72, -0.66),
    ),
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("EDGESLIM_HOME", str(tmp_path))
    return Store(tmp_path)


@pytest.fixture
def train_page(store: Store) -> Open:
    def open_(**parameters: str) -> AppTest:
        st.cache_data.clear()
        st.cache_resource.clear()
        app = AppTest.from_file(SCRIPT, default_timeout=60)
        app.context["locale"] = "en-US"
        for name, value in parameters.items():
            app.query_params[name] = value
        app.switch_page(str(ROOT / "pages" / "make" / "train.py"))
        return app.run()

    return open_


def button(app: AppTest, words: str) -> object:
    return next(each for each in app.button if each.label == words)


def texts(app: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*app.markdown, *app.caption))


def test_a_run_is_begun_as_the_address_says(train_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[errand.Errand] = []
    monkeypatch.setattr(errand, "begin", lambda store, asked: begun.append(asked))
    app = train_page(data="street-signs", start="model", model="street-signs-small", epochs="7")
    assert not app.exception
    assert "whose weights go on: " in texts(app), "said before anything is computed"
    button(app, "Start training").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    (asked,) = begun
    assert isinstance(asked, TrainDetector)
    assert (asked.plan.start, asked.plan.epochs, asked.plan.dataset_name) == (
        "street-signs-small",
        7,
        "street-signs",
    )
    assert app.query_params["run"] == asked.plan.key


def test_a_taken_name_is_told_before_anything_is_trained(
    train_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errand, "begin", lambda store, asked: pytest.fail("it was begun"))
    app = train_page(size="small")
    app.text_input[0].set_value("street-signs-small").run()
    button(app, "Start training").click().run()  # type: ignore[attr-defined]
    assert any("already another model" in each.value for each in app.error)


def test_a_run_is_watched_and_stopped(
    train_page: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(store, RUN)
    doing = ErrandStatus(
        state="running", pid=1, started="", current=ProgressRecord("training", 40, 400), left=300.0
    )
    monkeypatch.setattr(own_detector.errand, "status", lambda store, key: doing)
    app = train_page(run=PLAN.key)
    assert not app.exception and app.get("plotly_chart")
    assert "25 training images that are not" in texts(app)
    button(app, "Stop, keep the best").click().run()  # type: ignore[attr-defined]
    assert asked_to_stop(store, PLAN.key)


def test_what_came_out_is_told_with_what_was_lost(
    train_page: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(store, DONE)
    assert read_run(store, PLAN.key) == DONE
    assert DONE.best == EPOCHS[1]
    app = train_page()
    told = texts(app)
    assert "mAP 55.6 %, AP50 85.3 % on 159 validation images" in told
    assert "Ended early after 3 epochs" in told and "kept: epoch 2" in told
    assert "2 classes of the former model are not in the new one" in told
    assert "−72.0 … −66.0 (95 % interval, 200 images)" in told
    assert "was 75.3 % and is 5.8 % now" in told
    begun: list[errand.Errand] = []
    monkeypatch.setattr(errand, "begin", lambda store, asked: begun.append(asked))
    button(app, "Go on").click().run()  # type: ignore[attr-defined]
    (asked,) = begun
    assert (asked.key, asked.who) == (PLAN.key, "mine-2"), "the same run, and a model of its own"
