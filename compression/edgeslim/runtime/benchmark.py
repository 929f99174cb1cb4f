"""Latency of model files against a baseline, measured so that a busy machine disturbs all of them alike.

In every round each model is timed once, in random order, so drift (heat, other processes) meets all models;
the ratio to the baseline compares medians over the same rounds. A sample is the mean of as many runs as take
about 2 ms, after one run that is not timed and brings the model back into the caches.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from edgeslim.detections import Doubles
from edgeslim.metrics.bootstrap import interval
from edgeslim.progress import Progress, silent
from edgeslim.records import Latency
from edgeslim.sessions import Session

Key = TypeVar("Key")

SAMPLE_SECONDS = 0.002
RESAMPLES = 2000
MOST_ROUNDS = 300
"""However much time there is: the interval narrows with the root of their number."""


def compare_latency(
    sessions: Mapping[Key, Session],
    baseline: Key,
    rounds: int = 30,
    warmup: int = 5,
    seed: int = 0,
    progress: Progress = silent,
    seconds: float = 0.0,
) -> dict[Key, Latency]:
    """Time all sessions, of whatever runtimes, on seeded random input of their own shape. Raises ModelError.

    `warmup` untimed runs of each come before the first round. There are at least `rounds`, and as many more as fit into
    `seconds`.
    """
    assert baseline in sessions, "the baseline is one of the models"
    timers = {name: _timer(session, seed) for name, session in sessions.items()}
    repeats = {name: _repeats(timer, warmup) for name, timer in timers.items()}
    samples: dict[Key, list[float]] = {name: [] for name in sessions}
    order = np.random.default_rng(seed)
    names = list(sessions)
    began, done = time.monotonic(), 0
    while done < rounds:
        progress("latency", done, rounds)
        for index in order.permutation(len(names)):
            name = names[index]
            timers[name](1)
            samples[name].append(timers[name](repeats[name]) / repeats[name])
        done += 1
        fitting = int(seconds * done / (time.monotonic() - began))
        rounds = max(rounds, min(fitting, MOST_ROUNDS)) if done == 1 else rounds
    arrays = {name: np.array(taken) for name, taken in samples.items()}
    return {name: summarise(arrays[name], arrays[baseline], seed) for name in sessions}


def summarise(seconds: Doubles, baseline: Doubles, seed: int = 0) -> Latency:
    """Figures from a model's and the baseline's seconds per run, (rounds,) each, of the same rounds.

    The interval of the ratio is a percentile bootstrap over rounds, drawn together for both.
    """
    rounds = len(seconds)
    drawn = np.random.default_rng(seed).integers(0, rounds, size=(RESAMPLES, rounds))
    spread = interval(np.median(seconds[drawn], axis=1) / np.median(baseline[drawn], axis=1))
    assert spread is not None, "times are positive"
    return Latency(
        median_ms=float(np.median(seconds)) * 1000,
        p95_ms=float(np.quantile(seconds, 0.95)) * 1000,
        ratio=float(np.median(seconds) / np.median(baseline)),
        ratio_ci95=(spread[0], spread[1]),
        rounds=rounds,
    )


def _timer(session: Session, seed: int) -> Callable[[int], float]:
    """A function that runs the model so many times and returns the seconds that took."""
    image = session.inputs[0]
    values = np.random.default_rng(seed).random(image.fixed_shape, dtype=np.float32).astype(image.dtype)

    def seconds(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            session.run(values)
        return time.perf_counter() - start

    return seconds


def _repeats(timer: Callable[[int], float], warmup: int) -> int:
    """Warm up; return how many runs make a sample of SAMPLE_SECONDS."""
    timer(warmup)
    quickest = min(timer(1) for _ in range(3))
    return max(1, math.ceil(SAMPLE_SECONDS / quickest))
