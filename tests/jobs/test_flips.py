"""How far an int8 file's score moves on inputs that differ by rounding errors, and its interval with that in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.progress import silent
from edgeslim.recipe import Recipe
from edgeslim.report.certainty import certainty_lines
from edgeslim.report.flips import flips_line, flips_values
from edgeslim.runtime.nudged import DIFFERENCE, NudgedSession
from edgeslim.studies.flips import RUNS, Flips
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.workbench import flips

pytestmark = pytest.mark.usefixtures("own_machine")
SPREAD = Flips(
    metric="mAP", images=57, scored=0.330, runs=(0.320, 0.322, 0.324, 0.322), deviation=0.0016, further=0.006
)


def test_the_interval_stands_around_the_runs_mean_and_is_wider() -> None:
    low, high = SPREAD.interval(0.330, (0.322, 0.346))
    assert (low, high) == pytest.approx((0.322 - 0.010, 0.322 + np.hypot(0.016, 0.006)))
    still = replace(SPREAD, runs=(0.33,) * 4, deviation=0.0, further=0.0)
    assert still.interval(0.330, (0.322, 0.346)) == pytest.approx((0.322, 0.346)), "what does not flip stays"


def test_an_int8_files_score_is_measured_on_nudged_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "home")
    recipes = [Recipe.from_json({"steps": steps}) for steps in ([], [{"step": "static_int8"}])]
    made = workbench.compress("digits-cnn", "digits", recipes, tmp_path / "out", limit=60, store=store)
    trials = tuple(replace(trial, number=number) for number, trial in enumerate(made))
    study = StudyResult(
        name="s", state="complete", model="digits-cnn", dataset="digits", baseline=0, trials=trials
    )
    plan = StudyPlan(model="digits-cnn", dataset="digits", limit=60, name="s", held_out=0.0)
    monkeypatch.setattr(flips, "plan_of", lambda *_: plan)
    monkeypatch.setattr(flips.errand, "begin", lambda store, asked: asked.run(store, silent))
    assert "can move with rounding errors of the inputs" in certainty_lines(study)
    assert flips.flips_of(study, 1, store) is None
    flips.begin_flips(study, 1, store)
    found = flips.flips_of(study, 1, store)
    assert found is not None and (found.metric, found.images, len(found.runs)) == ("top1", 60, RUNS)
    assert found.scored == trials[1].figure("top1"), "as the study scored it"
    assert found.deviation == pytest.approx(np.std(found.runs, ddof=1))
    assert found.further == pytest.approx(3.182 * found.deviation * np.sqrt(1.25), rel=1e-3, abs=1e-9)
    told = flips_line(found, trials[1])
    assert f"in {RUNS} runs" in told and flips_values(found, trials[1])["interval"] in told
    with pytest.raises(StudyError) as caught:
        flips.begin_flips(study, 0, store)
    assert caught.value.code == "nothing_flips", (
        "a float network passes such a difference on as small as it was"
    )


def test_inputs_differ_by_rounding_alone_and_the_same_in_every_repetition() -> None:
    given: list[np.ndarray] = []

    class Looks:
        inputs = ()

        def run(self, tensor: np.ndarray, seconds: float | None = None) -> list[np.ndarray]:
            given.append(tensor)
            return [tensor]

    image = np.linspace(1, 255, 300, dtype=np.float32).reshape(1, 3, 10, 10)
    for seed in (0, 0, 1):
        NudgedSession(Looks(), seed).run(image)  # type: ignore[arg-type]
    apart = np.abs(given[0] - image) / image
    assert 0 < apart.max() < 2 * DIFFERENCE
    assert np.array_equal(given[0], given[1]) and not np.array_equal(given[0], given[2])
