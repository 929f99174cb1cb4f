"""Imagined machines: the sample study, many times over, through the engine's own schedule (scaling.py simulate)."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from edgeslim import workbench
from edgeslim.jobs.schedule import Schedule
from edgeslim.recipe import Recipe
from edgeslim.studies.task import TrialTask
from edgeslim.studies.trial import TrialResult

MACHINES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass
class Server:
    """Something that serves one at a time, in the order of asking."""

    free: float = 0.0
    busy: float = 0.0

    def serve(self, now: float, seconds: float) -> float:
        """When it is done with what is asked for now."""
        self.free = max(now, self.free) + seconds
        self.busy += seconds
        return self.free


@dataclass
class Durations:
    """What the sample study's stages and scoring took, by recipe."""

    after: dict[str, float] = field(default_factory=dict)
    scoring: dict[str, float] = field(default_factory=dict)

    def learn(self, trial: TrialResult) -> None:
        recipe = Recipe.from_json(replace(trial.recipe, seed=0).to_json())
        for length in range(len(recipe.steps)):
            seconds = sum(stage.seconds for stage in trial.stages[: length + 1])
            self.after[recipe.prefix(length + 1).fingerprint()] = seconds
        self.scoring[recipe.fingerprint()] = (trial.seconds or 0.0) - sum(s.seconds for s in trial.stages)

    def of(self, task: TrialTask, made: set[str]) -> float:
        """Seconds of the task where the beginnings in `made` lie in the store."""
        steps = task.recipe.steps
        whole = Recipe(steps)
        done = next((n for n in range(len(steps), 0, -1) if task.recipe.prefix(n).fingerprint() in made), 0)
        before = self.after[whole.prefix(done).fingerprint()] if done else 0.0
        scoring = self.scoring[whole.fingerprint()] if task.evaluate else 0.0
        return (self.after[whole.fingerprint()] if steps else 0.0) - before + scoring


def simulate(
    trials: list[tuple[int, Recipe]], durations: Durations, machines: int, costs: dict[str, float]
) -> dict[str, Any]:
    """One study on so many machines with one worker each."""
    schedule, supervisor, link = Schedule(trials), Server(), Server()
    events: list[tuple[float, int, str, TrialTask]] = []
    order, idle, cold, compute, now = count(), machines, machines, 0.0, 0.0
    made: set[str] = set()

    def give(now: float) -> None:
        nonlocal idle, cold, compute
        while idle and len(schedule):
            task = schedule.next()
            idle -= 1
            sent = supervisor.serve(now, costs["choose"] + costs["submit"])
            begins, start = sent, 0.0
            if cold:  # a machine that has not got the model yet
                cold -= 1
                begins, start = link.serve(sent, costs["transfer_bundle"]), costs["start"]
            seconds = durations.of(task, made)
            compute += seconds
            heapq.heappush(events, (begins + start + seconds + costs["worker"], next(order), "made", task))

    give(0.0)
    while events:
        now, _, kind, task = heapq.heappop(events)
        if kind == "made":
            heapq.heappush(events, (link.serve(now, costs["home"]), next(order), "home", task))
        elif kind == "home":
            handled = supervisor.serve(now, costs["handle"])
            heapq.heappush(events, (handled, next(order), "handled", task))
        else:
            made.add(task.recipe.fingerprint())
            schedule.finish(task)
            idle += 1
            give(now)
    timing = costs["latency"] * len(trials)
    shares = {
        "supervisor": supervisor.busy / now,
        "link": link.busy / now,
        "workers": compute / now / machines,
    }
    return {
        "machines": machines,
        "minutes": round(now / 60, 1),
        "speed_up": round(compute / now, 1),
        "busy": {name: round(share, 3) for name, share in shares.items()},
        "timing_minutes": round(timing / 60, 1),
        "speed_up_with_timing": round((compute + timing) / (now + timing), 1),
    }


def choosing(trials: list[tuple[int, Recipe]]) -> float:
    """CPU seconds in which the schedule says what is next, on average over a whole study."""
    schedule, calls, began = Schedule(trials), 0, time.process_time()
    while len(schedule):
        schedule.finish(schedule.next())
        calls += 1
    return (time.process_time() - began) / calls


def scenario(
    measured: dict[str, Any],
    sizes: dict[str, Any],
    copies: int,
    gigabits: float,
    recovers: bool,
    start: float,
) -> dict[str, Any]:
    """The sample study so many times over, with or without the recipes that train.

    Bytes and timing are taken from `sizes`, measured with such a model; all else costs the same for every model.
    """
    sample = workbench.sample_study()
    assert sample is not None
    known = [trial for trial in sample.trials if recovers or (trial.seconds or 0.0) < 20]
    durations, trials = Durations(), []
    for trial in known:
        durations.learn(trial)
    for copy in range(copies):
        for trial in known:
            trials.append((len(trials), Recipe.from_json(replace(trial.recipe, seed=copy).to_json())))
    far = measured["cluster"]
    rate = gigabits * 1e9 / 8
    serial = far["supervisor_cpu_ms"] / 1000
    costs = {
        "choose": choosing(trials),
        "submit": serial / 2,
        "handle": serial / 2 + measured["journal_ms"] / 1000,
        "home": sizes["cluster"]["bytes_home_a_trial"] / rate,
        "transfer_bundle": sizes["freight_bytes"] / rate,
        "worker": max(far["dask_worker_cpu_ms"] / 1000, far["seconds_a_trial"] - far["own_seconds_a_trial"]),
        "latency": sizes["cluster"]["latency_seconds_a_file"],
        "start": start,
    }
    found = [simulate(trials, durations, machines, costs) for machines in MACHINES]
    return {
        "trials": len(trials),
        "mean_seconds": round(sum(trial.seconds or 0.0 for trial in known) / len(known), 1),
        "costs": {name: round(value, 4) for name, value in costs.items()},
        "machines": found,
    }
