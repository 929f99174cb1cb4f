"""A made-up world for searches: a journal as it is on disk, results by formula, and time that passes as told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from edgeslim.artifacts.store import Store
from edgeslim.recipe import Recipe
from edgeslim.records import Latency
from edgeslim.search.policy import Search
from edgeslim.studies import storage
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.storage import PlannedTrial, StudyJournal
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.task import Timing, TrialTask

STEPS = ("channel_pruning", "magnitude_pruning", "fine_tuning", "static_int8", "low_bit_weights", "float16")
SIZE = 1_000_000


def result(recipe: Recipe, images: int | None = None) -> dict[str, Any]:
    """What a worker would have measured: pruning costs accuracy, fine-tuning brings it back, bits make small."""
    steps = {step.name: step for step in recipe.steps}
    accuracy, size, seconds = 0.8, float(SIZE), 2.0
    lost = 0.0
    if "channel_pruning" in steps:
        size *= 1 - steps["channel_pruning"].ratio
        lost += steps["channel_pruning"].ratio
    if "magnitude_pruning" in steps:
        size *= 1 - 0.8 * steps["magnitude_pruning"].sparsity
        lost += 0.6 * steps["magnitude_pruning"].sparsity
    if "fine_tuning" in steps:
        lost *= 0.15 + 0.85 * 60 / (60 + steps["fine_tuning"].steps)
        seconds += 0.2 * steps["fine_tuning"].steps
    if "static_int8" in steps:
        size, lost = size * 0.28, lost + 0.005
    if "low_bit_weights" in steps:
        bits = steps["low_bit_weights"].bits
        size, lost = size * bits / 32 * 1.1, lost + 0.5 / bits**2
    if "float16" in steps:
        size *= 0.5
    accuracy *= max(0.0, 1 - lost)
    stages = [
        {
            "step": step.name,
            "parameters": {key: value for key, value in step.to_json().items() if key != "step"},
            "sha256": "0" * 64,
            "seconds": seconds - 1.0 if step.name == "fine_tuning" else 0.1,
            "info": {},
        }
        for step in recipe.steps
    ]
    return {
        "sha256": hashlib.sha256(f"{recipe.fingerprint()}".encode()).hexdigest(),
        "seconds": seconds,
        "stages": stages,
        "sizes": {"download": round(size), "file": round(size * 1.1), "entropy_bound": 1},
        "params": 1,
        "nonzero": 1,
        "macs": 1000,
        "memory": {"peak_activation": 500},
        "accuracy": {"mAP": accuracy + (0.05 if images else 0.0), "paired_delta": accuracy - 0.8},
        "fidelity": {"agreement": accuracy / 0.8},
        "primary_metric": "mAP",
    }


class World:
    """A study whose original is measured, and one worker."""

    def __init__(self, store: Store, images: int = 400, **plan: Any) -> None:
        self.store, self.images = store, images
        self.ran: list[TrialTask] = []
        self._plan = plan

    def plan(self, search_run: SearchRun) -> None:
        plan = StudyPlan(
            name="s", model="m", model_name="m", dataset="d", dataset_name="d", created="", **self._plan
        )
        storage.create(self.store, plan, [planned(Recipe())], search_run)
        journal = StudyJournal(self.store, "s")
        journal.note(images=self.images, primary_metric="mAP")
        journal.start(0)
        journal.record(0, result(Recipe()))
        journal.complete(0, timed(1.0), [0.8, float(SIZE)][: len(plan.objectives)])

    def begin(self, steps: Sequence[str] = ()) -> Search:
        """The search as a process that starts now finds it."""
        self.journal = StudyJournal(self.store, "s")
        return Search(self.journal, self.read(), steps or STEPS)

    def read(self) -> StudyResult:
        return storage.read(self.store, "s")

    def run(self, search: Search, stop: Callable[[], bool] = lambda: False) -> None:
        """Until nothing is left to do, or `stop` says so (then the process is gone, without a word)."""
        while (todo := search.next()) is not None:
            if isinstance(todo, Timing):
                search.work(1.0)
                search.timed({sha256: latency(sha256) for sha256 in todo.files})
            else:
                self.journal.start(todo.number)
                self.ran.append(todo)
                if stop():
                    return
                self.perform(search, todo)
        search.finish()
        self.complete()

    def perform(self, search: Search, task: TrialTask) -> None:
        found = result(task.recipe, task.images)
        search.work(found["seconds"])
        search.done(task, found)

    def complete(self) -> None:
        """Time everything at the end."""
        journal = StudyJournal(self.store, "s")
        for trial in self.read().trials:
            if trial.state == "waiting" and trial.sha256 is not None:
                assert trial.objective is not None and trial.sizes is not None
                journal.complete(trial.number, latency(trial.sha256), [trial.objective, trial.sizes.download])


def latency(sha256: str) -> Latency:
    return timed(0.5 + int(sha256[:2], 16) / 256)


def timed(ratio: float) -> Latency:
    return Latency(median_ms=ratio, p95_ms=ratio, ratio=ratio, ratio_ci95=(ratio, ratio), rounds=30)


def planned(recipe: Recipe) -> PlannedTrial:
    return PlannedTrial(recipe.record(), recipe.title, recipe.fingerprint())
