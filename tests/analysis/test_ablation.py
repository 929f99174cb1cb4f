"""Which recipes an ablation measures, and how their figures are set against each other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.analysis.ablation import Ablation, AblationPlan, MeasuredVariant, ablation, change, plan
from edgeslim.artifacts.store import Store
from edgeslim.errors import ErrorRecord
from edgeslim.metrics import resamples
from edgeslim.metrics.bootstrap import Resampled
from edgeslim.recipe import Recipe
from edgeslim.records import Latency, Sizes, encoded
from edgeslim.steps.base import Step
from edgeslim.steps.pruning import MagnitudePruning
from edgeslim.steps.quantization import Float16
from edgeslim.studies.trial import TrialResult


def pruning(sparsity: float) -> Step:
    return MagnitudePruning(sparsity=sparsity)


THREE = Recipe((pruning(0.1), pruning(0.2), pruning(0.3)), name="three")


def orders(planned: AblationPlan, kind: str) -> list[tuple[int, ...]]:
    return [variant.order for variant in planned.variants if variant.kind == kind]


def test_prefixes_leave_one_out_and_other_orders_are_planned() -> None:
    planned = plan(THREE)
    assert orders(planned, "stage") == [(), (0,), (0, 1), (0, 1, 2)]
    assert orders(planned, "without") == [(1, 2), (0, 2), (0, 1)]
    assert orders(planned, "order") == [(1, 0, 2), (0, 2, 1), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    assert (planned.sensible, planned.tried, planned.complete) == (5, 5, True)
    assert [v.against for v in planned.variants if v.kind == "stage"] == [None, (), (0,), (0, 1)]
    assert {v.against for v in planned.variants if v.kind != "stage"} == {(0, 1, 2)}


def test_the_limit_keeps_the_nearest_orders_and_tells_how_many_there_are() -> None:
    planned = plan(THREE, orders=2)
    assert orders(planned, "order") == [(1, 0, 2), (0, 2, 1)]
    assert planned.sensible == 5
    assert orders(plan(THREE, orders=0), "order") == []


def test_senseless_orders_are_not_measured() -> None:
    planned = plan(Recipe((pruning(0.1), pruning(0.2), Float16())))
    assert orders(planned, "order") == [(1, 0, 2)]  # float16 stays last
    assert (planned.sensible, planned.tried) == (1, 5)


def test_equal_steps_in_another_order_are_the_same_recipe() -> None:
    planned = plan(Recipe((pruning(0.1), pruning(0.1), pruning(0.3))))
    assert orders(planned, "order") == [(0, 2, 1), (2, 0, 1)]


def test_many_steps_are_not_all_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeslim.analysis.ablation.LOOKED_AT", 50)
    planned = plan(Recipe(tuple(pruning(k / 20) for k in range(9))))
    assert (planned.tried, planned.complete) == (50, False)
    assert orders(planned, "order")[0] == (1, 0, 2, 3, 4, 5, 6, 7, 8)


def measured(store: Store, recipe: Recipe, accuracy: float, download: int) -> TrialResult:
    key = recipe.fingerprint()
    resampled = accuracy + np.random.default_rng(download).normal(scale=0.01, size=100)
    resamples.keep(store, key, Resampled(accuracy, resampled, 50))
    return TrialResult(
        number=0,
        state="complete",
        recipe=recipe.record(),
        title=recipe.title,
        recipe_fingerprint=key,
        model="m",
        primary_metric="mAP",
        accuracy={"mAP": accuracy},
        resamples=key,
        sizes=Sizes(file=2 * download, download=download, entropy_bound=download - 10),
        params=100,
        nonzero=90,
        macs=1000,
        latency=Latency(median_ms=accuracy * 10, p95_ms=20.0, ratio=1.0, ratio_ci95=(0.9, 1.1), rounds=30),
    )


def compared(planned: AblationPlan, trials: dict[str, TrialResult], store: Store, **errors: Any) -> Ablation:
    return ablation(planned, trials, errors, store, model="m", dataset="d", images=50)


def delta(variant: MeasuredVariant) -> float:
    assert variant.change is not None and variant.change.primary is not None
    return variant.change.primary.delta


def test_the_changes_of_all_stages_add_up_to_the_whole(tmp_path: Path) -> None:
    store, planned = Store(tmp_path), plan(THREE, orders=1)
    figures = iter([(0.8, 1000), (0.7, 800), (0.75, 810), (0.6, 400), (0.5, 500), (0.55, 510), (0.65, 600)])
    trials: dict[str, TrialResult] = {}
    for variant in planned.variants:
        assert variant.recipe is not None
        if variant.recipe.fingerprint() not in trials:
            trials[variant.recipe.fingerprint()] = measured(store, variant.recipe, *next(figures))
    found = compared(planned, trials, store)
    assert (found.model, found.metric, found.title, found.orders_limit) == ("m", "mAP", "three", 1)
    assert found.stages[0].change is None
    deltas = [delta(stage) for stage in found.stages[1:]]
    assert deltas == pytest.approx([-0.1, 0.05, -0.15])
    assert found.total is not None and found.total.primary is not None
    assert sum(deltas) == pytest.approx(found.total.primary.delta) == pytest.approx(-0.2)
    for name in ("download", "file", "entropy_bound", "latency", "params", "mAP"):
        changes = [stage.change.figures[name] for stage in found.stages if stage.change]
        assert sum(changes) == pytest.approx(found.total.figures[name])
    assert found.total.figures["download"] == -600
    assert "memory" not in found.total.figures, "it was not measured"
    assert [stage.step for stage in found.stages] == [None, *["magnitude_pruning"] * 3]
    last = found.without[2]  # without the third step: the second prefix, seen from the whole
    assert delta(last) == pytest.approx(0.15)
    assert last.change is not None and last.change.figures["download"] == 410
    assert found.orders[0].order == (1, 0, 2)
    for line in (*found.stages[1:], *found.without, *found.orders):
        assert line.change is not None and line.change.primary is not None and line.change.primary.ci95
        low, high = line.change.primary.ci95
        assert low < delta(line) < high


def test_an_interval_is_paired_not_that_of_two_models(tmp_path: Path) -> None:
    """Both swing by ten points together, and differ by one point always."""
    store = Store(tmp_path)
    swing = np.random.default_rng(0).normal(scale=0.1, size=200)
    trials = []
    for name, value in (("a", 0.5), ("b", 0.49)):
        resamples.keep(store, name, Resampled(value, value + swing, 50))
        trials.append(replace(measured(store, THREE, value, 100), resamples=name, sizes=None, latency=None))
    found = change(trials[0], trials[1], store)
    assert found.primary is not None
    assert found.primary.ci95 == pytest.approx((-0.01, -0.01))
    assert not {"download", "latency"} & set(found.figures)


def test_what_cannot_be_made_is_listed_with_its_reason(tmp_path: Path) -> None:
    store, planned = Store(tmp_path), plan(THREE, orders=0)
    trials = {
        THREE.fingerprint(): measured(store, THREE, 0.6, 400),
        Recipe().fingerprint(): measured(store, Recipe(), 0.8, 1000),
    }
    error = ErrorRecord("infeasible", {})
    found = compared(planned, trials, store, **{THREE.prefix(1).fingerprint(): error})
    assert found.stages[1].error == error
    assert found.stages[1].trial is found.stages[2].change is None
    assert found.total is not None and found.total.primary is not None
    assert found.total.primary.delta == pytest.approx(-0.2)


def test_an_ablation_as_json_holds_its_trials_and_changes(tmp_path: Path) -> None:
    store, planned = Store(tmp_path), plan(Recipe((pruning(0.1),)), orders=0)
    trials = {
        recipe.fingerprint(): measured(store, recipe, accuracy, 100)
        for recipe, accuracy in ((planned.recipe, 0.6), (Recipe(), 0.8))
    }
    told = json.loads(json.dumps(encoded(compared(planned, trials, store)), allow_nan=False))
    assert [step["sparsity"] for step in told["recipe"]["steps"]] == [0.1]
    assert told["stages"][1]["trial"]["sizes"]["file"] == 200
    assert told["stages"][1]["change"]["primary"]["delta"] == pytest.approx(-0.2)
