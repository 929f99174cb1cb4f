"""How long a study will take, from what steps took before."""

from __future__ import annotations

from typing import Any

import pytest
from made_studies import made_study, made_trial

from edgeslim.records import RecipeRecord
from edgeslim.studies.estimate import StepCosts, Workplace, estimated
from edgeslim.studies.study import StudyResult

PRUNE = {"step": "prune", "ratio": 0.5}
TUNE = {"step": "tune", "steps": 100}


def place(**other: Any) -> Workplace:
    usual = {
        "model": "m",
        "params": 1000,
        "pass_seconds": 0.01,
        "image_seconds": 0.0,
        "images": 0,
        "held_out": 0,
        "workers": 1,
    }
    return Workplace(**{**usual, **other})


def recipe(*steps: dict[str, Any]) -> RecipeRecord:
    return RecipeRecord(steps)


def stage(step: dict[str, Any], seconds: float, sha256: str) -> dict[str, Any]:
    parameters = {key: value for key, value in step.items() if key != "step"}
    return {"step": step["step"], "parameters": parameters, "sha256": sha256, "seconds": seconds, "info": {}}


@pytest.fixture
def earlier() -> StudyResult:
    """On a machine where a pass took 20 ms: pruning 2 s (100 passes), tuning 40 s (20 passes a step)."""
    made = [stage(PRUNE, 2.0, "a"), stage(TUNE, 40.0, "b")]
    return made_study(
        [
            made_trial(0, 100, latency={"median_ms": 20.0}),
            made_trial(1, 50, stages=made[:1]),
            made_trial(2, 50, stages=made),
        ]
    )


def test_a_known_step_takes_as_many_passes_as_before(earlier: StudyResult) -> None:
    costs = StepCosts.of([earlier])
    low, high = costs.seconds(TUNE, place())
    assert low < 20.0 < high < 2 * 20.0, "half as long here, where a pass takes half the time"
    assert costs.seconds(TUNE, place(pass_seconds=0.02)) == pytest.approx((2 * low, 2 * high))


def test_training_scales_with_its_steps_and_is_less_sure_on_another_model(earlier: StudyResult) -> None:
    costs = StepCosts.of([earlier])
    exact, other = costs.seconds(TUNE, place()), costs.seconds(TUNE, place(model="other"))
    assert other[0] < exact[0] < exact[1] < other[1]
    assert costs.seconds({**TUNE, "steps": 300}, place(model="other")) == pytest.approx(
        [3 * each for each in other]
    )
    never = costs.seconds({**TUNE, "step": "new"}, place())
    assert never[1] / never[0] > other[1] / other[0]


def test_a_step_that_trains_nothing_does_not_scale_with_the_steps_it_does_not_make() -> None:
    few, many = ({"step": "low", "rounding": "compensated", "steps": n} for n in (10, 900))
    assert StepCosts().seconds(few, place()) == StepCosts().seconds(many, place())
    trained = StepCosts().seconds({**many, "rounding": "trained"}, place())
    assert trained[0] > 10 * StepCosts().seconds(many, place())[0]


def test_shared_prefixes_count_once_and_workers_share_the_rest(earlier: StudyResult) -> None:
    costs = StepCosts.of([earlier])
    again = RecipeRecord((TUNE,), seed=1)
    alone = estimated([recipe(TUNE)], costs, place())
    shared = estimated([recipe(TUNE), recipe(TUNE, PRUNE)], costs, place())
    twice = estimated([recipe(TUNE), again], costs, place())
    assert shared.high - alone.high < 5.0
    assert twice.high - alone.high > 30.0
    both = estimated([recipe(TUNE), again], costs, place(workers=2))
    assert alone.high < both.high < alone.high + 5.0


def test_scoring_and_timing_are_part_of_it() -> None:
    nothing = estimated([recipe()] * 9, StepCosts(), place())
    scored = estimated([recipe()] * 9, StepCosts(), place(images=100, held_out=20, image_seconds=0.01))
    assert scored.low - nothing.low == pytest.approx(10 * 100 * 0.02 + 10 * 20 * 0.02)
    assert nothing.low == pytest.approx(4 + 10 * 0.1 + 10 * 60 * 0.01)


def test_minutes_bound_the_making_but_neither_timing_nor_conclusion(earlier: StudyResult) -> None:
    costs, recipes = StepCosts.of([earlier]), [recipe({**TUNE, "steps": 100 * n}) for n in range(1, 9)]
    data = {"images": 10, "held_out": 5, "pass_seconds": 1.0}
    free = estimated(recipes, costs, place(**data))
    bound = estimated(recipes, costs, place(**data, minutes=1.0))
    assert bound.high == pytest.approx(15 + 51 + 9 * 60 * 1.0 + 9 * 5 * 1.0)
    assert bound.high < free.high and bound.may_leave_out and not free.may_leave_out
    assert not estimated(recipes, costs, place(**data, minutes=10_000.0)).may_leave_out


def test_a_step_that_trains_nothing_takes_as_many_times_longer_as_another_model_has_parameters() -> None:
    made = [stage(PRUNE, 2.0, "a"), stage(TUNE, 40.0, "b")]
    earlier = made_study(
        [made_trial(0, 100, latency={"median_ms": 20.0}, params=500), made_trial(1, 50, stages=made)]
    )
    costs, three = StepCosts.of([earlier]), place(model="other", params=1500)
    assert costs.seconds(PRUNE, three) == pytest.approx([0.5 * 3.0, 2.5 * 3.0])
    assert costs.seconds(TUNE, three) == pytest.approx([0.5 * 20.0, 2.5 * 20.0])


def test_a_step_is_not_taken_to_last_as_long_as_the_same_step_going_another_way(earlier: StudyResult) -> None:
    costs = StepCosts.of([earlier])
    quick, slow = (
        costs.seconds({**PRUNE, "ratio": 0.9}, place()),
        costs.seconds({**PRUNE, "calibration": "entropy"}, place()),
    )
    assert slow[1] > 4 * quick[1], "never measured"
