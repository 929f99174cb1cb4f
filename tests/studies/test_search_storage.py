"""What a search keeps on disk, and how fast many trials are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from counting import lines
from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.recipe import Recipe
from edgeslim.records import Latency, RecipeRecord
from edgeslim.search.space import space_of
from edgeslim.studies import storage
from edgeslim.studies.budget import Budget
from edgeslim.studies.front_summary import front_summary
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.storage import PlannedTrial, StudyJournal
from edgeslim.studies.study import StudyPlan

LATENCY = Latency(2.0, 3.0, 1.0, (0.9, 1.1), 30)
SPACE = space_of(["magnitude_pruning", "float16"])
RECIPE = Recipe.from_json({"steps": [{"step": "magnitude_pruning", "sparsity": 0.5}]})
CHEAP = {
    "share": 0.1,
    "images": 96,
    "sha256": "c" * 64,
    "sizes": {"download": 7, "file": 9},
    "accuracy": {"mAP": 0.4},
}


def proposed(**more: Any) -> PlannedTrial:
    point = SPACE.exact_point(RECIPE)
    return PlannedTrial(
        RECIPE.record(), "pruned", RECIPE.fingerprint(), proposed=True, point=point,
        distributions=SPACE.distributions(point), **more,
    )  # fmt: skip


def make(store: Store, **plan: Any) -> StudyJournal:
    known = {"name": "s", "model": "m", "model_name": "m", "dataset": "d", "dataset_name": "d", "created": ""}
    baseline = PlannedTrial(RecipeRecord(), "float32", "0")
    storage.create(store, StudyPlan(**{**known, **plan}), [baseline], SearchRun(trials=3))
    return StudyJournal(store, "s")


def result(score: float, size: int) -> dict[str, Any]:
    return {
        "sha256": "a" * 64,
        "sizes": {"file": size, "download": size},
        "accuracy": {"mAP": score, "by_class": {f"class {i}": score for i in range(80)}},
        "primary_metric": "mAP",
    }


def test_older_studies_are_read_with_the_usual_objectives():
    old = {"name": "s", "model": "m", "model_name": "m", "dataset": "d", "dataset_name": "d", "created": ""}
    plan = StudyPlan.from_json(old)
    assert (plan.objectives, plan.budget, plan.held_out) == (("accuracy", "download"), Budget(), 0.0)
    assert StudyPlan.from_json(plan.to_json()) == plan


def test_reading_twice_as_many_trials_is_twice_the_work_and_adding_one_always_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "fsync", lambda _: None)
    adding, reading, listing = [], [], []
    for count in (150, 300):
        store = Store(tmp_path / str(count))
        journal = make(store, budget=Budget.of(download=900))
        adding += [lines(lambda: journal.add([proposed()])) for _ in range(count)]  # noqa: B023 - called at once
        for number in range(count + 1):
            journal.start(number)
            journal.rung(number, 0, CHEAP)
            journal.record(number, result(0.3 + number / 2000, 500 + number))
            journal.complete(number, LATENCY, (0.3, 500.0))
        assert read_all(store) == count + 1
        reading.append(lines(lambda: read_all(store)))  # noqa: B023
        listing.append(lines(lambda: workbench.list_studies(store)))  # noqa: B023
    assert max(adding[1:]) <= min(adding[1:]) + 10
    assert reading[1] < 2.2 * reading[0] < 1_000_000
    assert listing[1] < 2.2 * listing[0] < 1_000_000


def read_all(store: Store) -> int:
    """The study, its front and what follows from it; returns how many trials are on the front: all, the worst case."""
    study = storage.read(store, "s", "complete")
    choice = front_summary(study).choice
    assert choice is not None and choice.pick is not None
    assert len(study.front) == len(study.trials)
    return len(study.front)
