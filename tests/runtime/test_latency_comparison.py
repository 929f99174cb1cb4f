from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeslim.ort import OrtSession, open_session
from edgeslim.records import Latency
from edgeslim.runtime.benchmark import MOST_ROUNDS, SAMPLE_SECONDS, compare_latency, summarise
from edgeslim.sessions import Input


def square_product(side: int) -> OrtSession:
    """x · w, both side × side: side³ multiply-accumulates."""
    shape = [side, side]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.ones(shape, np.float32), "w")],
    )
    return open_session(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))


def test_more_work_takes_longer() -> None:
    """32,768 times the work; the order in which the models are given does not matter."""
    sessions = {"large": square_product(512), "small": square_product(16)}
    found = compare_latency(sessions, "small", rounds=9, warmup=2)
    assert list(found) == ["large", "small"]
    assert found["small"].ratio == 1.0
    assert found["small"].ratio_ci95 == (1.0, 1.0)
    assert found["large"].ratio > 3
    assert found["large"].ratio_ci95[0] > 3
    assert found["large"].rounds == 9
    assert 0 < found["small"].median_ms <= found["small"].p95_ms


def test_progress_counts_rounds() -> None:
    told: list[tuple[str, int, int]] = []
    compare_latency({"a": square_product(8)}, "a", rounds=3, progress=lambda *said: told.append(said))
    assert told == [("latency", 0, 3), ("latency", 1, 3), ("latency", 2, 3)]


class Sleeper:
    """A session of another runtime: it takes longer than a sample, and writes down when it ran."""

    inputs = (Input("image", ("batch", 3), np.dtype(np.float16)),)

    def __init__(self, name: str, log: list[str]) -> None:
        self._name, self._log = name, log

    def run(self, tensor: np.ndarray) -> list[np.ndarray]:
        assert (tensor.shape, tensor.dtype) == ((1, 3), np.float16)
        self._log.append(self._name)
        time.sleep(SAMPLE_SECONDS)
        return []


def test_sessions_of_any_runtime_take_turns() -> None:
    log: list[str] = []
    found = compare_latency({name: Sleeper(name, log) for name in "ab"}, "a", rounds=5, warmup=1)
    assert list(found) == ["a", "b"]
    timed = log[-5 * 2 * 2 :]  # two runs a round: one warms up
    rounds = [set(timed[at : at + 4]) for at in range(0, len(timed), 4)]
    assert rounds == [{"a", "b"}] * 5


def test_figures_of_known_samples() -> None:
    baseline = np.array([0.010, 0.0101, 0.0099, 0.010, 0.010])
    found = summarise(baseline / 2, baseline)
    assert found.median_ms == pytest.approx(5.0)
    assert found.p95_ms == pytest.approx(5.04)
    assert found.ratio == pytest.approx(0.5)
    assert found.ratio_ci95 == pytest.approx([0.5, 0.5])
    assert not found.noisy


def test_interval_covers_the_true_ratio_of_scattered_samples() -> None:
    rng = np.random.default_rng(0)
    baseline = 0.010 * rng.lognormal(0, 0.03, 30)
    low, high = summarise(0.008 * rng.lognormal(0, 0.03, 30), baseline).ratio_ci95
    assert 0.77 < low < 0.8 < high < 0.83


def test_noise_is_judged_by_the_interval_of_the_ratio() -> None:
    """Runs that scatter by a third tell little as thirty, and enough as three hundred."""
    rng = np.random.default_rng(0)

    def timed(ratio: float, rounds: int) -> Latency:
        model, baseline = (0.010 * rng.lognormal(0, 0.3, rounds) for _ in range(2))
        return summarise(ratio * model, baseline)

    assert timed(0.5, 30).noisy
    assert not timed(0.5, 300).noisy
    steady = np.full(30, 0.010)
    half_disturbed = np.where(np.arange(30) % 2 == 0, 0.015, 0.010)
    assert summarise(steady, half_disturbed).noisy, "the baseline's noise is in every ratio"
    assert not summarise(steady, np.where(np.arange(30) < 4, 0.090, 0.010)).noisy, "four interruptions"


def test_same_speed_is_an_interval_that_holds_one() -> None:
    known = [(0.98, (0.95, 1.01)), (0.98, (0.97, 0.99)), (1.1, (1.05, 1.2))]
    assert [Latency(1.0, 1.0, *each, rounds=30).same_speed for each in known] == [True, False, False]


def test_more_rounds_are_timed_where_there_is_time() -> None:
    log: list[str] = []
    sessions = {name: Sleeper(name, log) for name in "ab"}
    assert compare_latency(sessions, "a", rounds=3, seconds=0.001)["b"].rounds == 3
    assert 3 < compare_latency(sessions, "a", rounds=3, seconds=0.5)["b"].rounds <= MOST_ROUNDS


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="needs a system that keeps processes to cores"
)
def test_a_busy_core_is_noticed() -> None:
    """A process that computes without end on the very core where the models are timed."""
    allowed = os.sched_getaffinity(0)
    core = {max(allowed)}
    sessions = {"a": square_product(192), "b": square_product(160)}
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        os.sched_setaffinity(busy.pid, core)
        os.sched_setaffinity(0, core)
        found = compare_latency(sessions, "a")
    finally:
        os.sched_setaffinity(0, allowed)
        busy.kill()
        busy.wait()
    low, high = found["b"].ratio_ci95
    assert high - low > 0.02
