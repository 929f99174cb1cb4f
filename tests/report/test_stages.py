"""What each stage of a recipe saved and cost, from the trials of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from as_kept import of

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.recipe import Recipe
from edgeslim.report.palette import GAIN, LOSS, faint
from edgeslim.report.stages import StageInfo, StageRow, points_chart, stage_info

PRUNE = {"step": "magnitude_pruning", "sparsity": 0.8}
INT8 = {"step": "static_int8"}


@pytest.fixture
def apart(study: dict[str, Any]) -> dict[str, Any]:
    """The trials of a recipe taken apart: pruned, then int8; and int8 alone, which is the other way to begin."""
    recipes = {0: [], 6: [PRUNE], 12: [PRUNE, INT8], 3: [INT8]}
    trials = {trial["number"]: trial for trial in study["trials"]}
    study["trials"] = [trials[number] for number in sorted(recipes)]
    for number, steps in recipes.items():
        trials[number]["recipe"] = {"name": "", "seed": 0, "steps": steps}
        trials[number]["recipe_fingerprint"] = Recipe.from_json(trials[number]["recipe"]).fingerprint()
    return study


def info(study: dict[str, Any], store: Store) -> StageInfo:
    found = of(study)
    whole = next(trial for trial in found.trials if len(trial.recipe.steps) == 2)
    return stage_info(workbench.stage_effects(found, whole.recipe, store))


def test_each_stage_is_told_against_the_one_before(apart: dict[str, Any], tmp_path: Path) -> None:
    found = info(apart, Store(tmp_path))
    assert (found.original, found.metric, found.missing) == (1_182_660, "mAP", 0)
    first, second = found.stages
    assert (first.step, first.number, first.saved) == ("magnitude_pruning", 6, 1_182_660 - 391_200)
    assert (second.step, second.number, second.saved) == ("static_int8", 12, 391_200 - 121_906)
    maps = {trial["number"]: trial["accuracy"]["mAP"] for trial in apart["trials"]}
    assert first.change == pytest.approx(maps[6] - maps[0])
    assert second.change == pytest.approx(maps[12] - maps[6])
    assert second.interval is None, "without resamples there is no paired interval"


def test_a_step_left_out_is_told_against_the_whole_recipe(apart: dict[str, Any], tmp_path: Path) -> None:
    without_pruning, without_int8 = info(apart, Store(tmp_path)).without
    assert (without_pruning.step, without_pruning.number, without_pruning.saved) == (
        "magnitude_pruning",
        3,
        121_906 - 287_330,
    )
    assert (without_int8.number, without_int8.saved) == (6, 121_906 - 391_200)


def test_what_is_not_measured_is_counted_and_what_cannot_be_made_is_not(
    apart: dict[str, Any], tmp_path: Path
) -> None:
    apart["trials"] = [trial for trial in apart["trials"] if trial["number"] not in (3, 6)]
    found = info(apart, Store(tmp_path))
    assert found.missing == 2
    assert [row.saved for row in found.stages] == [None, None]
    assert found.orders == (), "int8 stays last"


def test_points_have_intervals_and_are_pale_where_these_span_zero() -> None:
    def row(change: float, interval: tuple[float, float] | None) -> StageRow:
        return StageRow(
            step="x",
            steps=("x",),
            number=1,
            download=1,
            saved=1,
            change=change,
            interval=interval,
            ratio=None,
        )

    rows = [row(-0.02, (-0.03, -0.01)), row(0.01, (-0.01, 0.02)), row(0.03, None)]
    figure = points_chart(rows, ("a", "b", "c"))
    (bars,) = figure.data
    assert list(bars.x) == pytest.approx([-2.0, 1.0, 3.0])
    assert list(bars.error_x.array[:2]) == pytest.approx([1.0, 1.0])
    assert list(bars.error_x.arrayminus[:2]) == pytest.approx([1.0, 2.0])
    assert bars.error_x.array[2] is None, "no caps where no interval is known"
    assert list(bars.marker.color) == [LOSS, faint(GAIN), faint(GAIN)]
    assert [note.text for note in figure.layout.annotations] == [
        "a<br><b>−2.0</b> (−3.0 … −1.0)",
        "b<br><b>+1.0</b> (−1.0 … +2.0)",
        "c<br><b>+3.0</b>",
    ]
