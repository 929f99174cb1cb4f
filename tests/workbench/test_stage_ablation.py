"""Taking a recipe apart by a study of its own: what is started, under what name, and what it would take."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.artifacts.artifact import Stage
from edgeslim.artifacts.store import Store
from edgeslim.recipe import Recipe
from edgeslim.studies.budget import Budget
from edgeslim.studies.folders import NAME
from edgeslim.studies.study import StudyPlan
from edgeslim.studies.trial import TrialResult

RECIPE = Recipe.from_json(
    {
        "name": "mine",
        "steps": [
            {"step": "magnitude_pruning", "sparsity": 0.6},
            {"step": "fine_tuning", "steps": 10},
            {"step": "static_int8"},
        ],
    }
)
PLAN = StudyPlan(
    model="digits-cnn",
    dataset="digits",
    name="one",
    preset="quick",
    seeds=3,
    limit=40,
    budget=Budget.of(loss=0.1),
)


def test_the_variants_are_the_recipes_of_a_study_with_the_same_model_and_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Any, ...]] = []

    def start(plan: StudyPlan, recipes: list[Recipe], store: Store | None = None) -> str:
        started.append((plan, recipes))
        return plan.name

    monkeypatch.setattr("edgeslim.workbench.ablation.start_study", start)
    store = Store(tmp_path)
    name = workbench.start_ablation(PLAN, RECIPE.record(), store)
    ((plan, recipes),) = started
    assert (plan.name, plan.preset, plan.seeds, plan.limit, plan.budget) == (name, None, 1, 40, Budget())
    steps = [tuple(step.name[0] for step in recipe.steps) for recipe in recipes]
    assert set(steps) == {(), ("m",), ("m", "f"), ("m", "f", "s"), ("f", "s"), ("m", "s"), ("f", "m", "s")}


def test_the_name_follows_from_model_images_and_recipe(tmp_path: Path) -> None:
    store = Store(tmp_path)
    name = workbench.ablation_name(PLAN, RECIPE.record(), store)
    other_name = dataclasses.replace(RECIPE, name="theirs")
    same = dataclasses.replace(PLAN, name=name, preset=None, seeds=1, created="2026", budget=Budget())
    assert workbench.ablation_name(same, other_name.record(), store) == name
    assert name.startswith("ablation-digits-cnn-")
    uploaded = dataclasses.replace(PLAN, model=str(tmp_path / f"My Model ü {'x' * 90}.onnx"))
    assert NAME.fullmatch(workbench.ablation_name(uploaded, RECIPE.record(), store))
    different = [
        (dataclasses.replace(PLAN, limit=41), RECIPE),
        (dataclasses.replace(PLAN, model="digits-mlp"), RECIPE),
        (dataclasses.replace(PLAN, calibration="digits"), RECIPE),
        (PLAN, dataclasses.replace(RECIPE, seed=1)),
        (PLAN, dataclasses.replace(RECIPE, steps=RECIPE.steps[:2])),
    ]
    names = {workbench.ablation_name(plan, recipe.record(), store) for plan, recipe in different}
    assert len(names | {name}) == 6


def test_the_estimate_counts_each_beginning_once_and_each_file() -> None:
    """Stages of 1, 10 and 100 s and 5 s of scoring; variants: m mf mfs | fs ms fms and the original."""
    took = zip(("m", "f", "s"), (1.0, 10.0, 100.0), strict=True)
    trial = TrialResult(
        number=1,
        state="complete",
        recipe=RECIPE.record(),
        title="",
        recipe_fingerprint="",
        model="",
        stages=tuple(Stage(step, {}, "", seconds, {}) for step, seconds in took),
        seconds=116.0,
    )
    scoring = 7 * 5
    stages = (1 + 10 + 100) + (10 + 100) + 100 + (1 + 100)  # m mf mfs, f fs, ms, fm fms
    assert workbench.ablation_seconds(trial, made=False) == pytest.approx(stages + scoring)
    assert workbench.ablation_seconds(trial, made=True) == pytest.approx(stages - 111 + scoring)
    assert workbench.ablation_seconds(dataclasses.replace(trial, seconds=None), made=True) is None
