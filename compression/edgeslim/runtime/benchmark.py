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
MAX_TAIL = 1.25
"""A model is noisy if its p95 is above this multiple of its median …"""
MAX_SPREAD = 0.10
"""… or its interquartile range above this fraction of it."""


def compare_latency(
    sessions: Mapping[Key, Session],
    baseline: Key,
    rounds: int = 30,
    warmup: int = 5,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[Key, Latency]:
    """Time all sessions, of whatever runtimes, on seeded random input of their own shape. Raises ModelError.

    `warmup` untimed runs of each come before the first round.
    """
    assert baseline in sessions, "the baseline is one of the models"
    timers = {name: _timer(session, seed) for name, session in sessions.items()}
    repeats = {name: _repeats(timer, warmup) for name, timer in timers.items()}
    samples = {name: np.zeros(rounds) for name in sessions}
    order = np.random.default_rng(seed)
    names = list(sessions)
    for round_ in range(rounds):
        progress("latency", round_, rounds)
        for index in order.permutation(len(names)):
            name = names[index]
            timers[name](1)
            samples[name][round_] = timers[name](repeats[name]) / repeats[name]
    return {name: summarise(samples[name], samples[baseline], seed) for name in sessions}


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
        noisy=is_noisy(seconds) or is_noisy(baseline),
    )


def is_noisy(seconds: Doubles) -> bool:
    """Whether samples of one model scatter more than MAX_TAIL or MAX_SPREAD allow."""
    low, median, high, tail = np.quantile(seconds, [0.25, 0.5, 0.75, 0.95])
    return bool(tail > MAX_TAIL * median or high - low > MAX_SPREAD * median)


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
