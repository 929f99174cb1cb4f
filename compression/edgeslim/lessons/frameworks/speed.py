"""How fast the same network runs, and how fast it is ready: PyTorch against what runs files."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.frameworks.sizes import MODELS
from edgeslim.lessons.predictions import Number
from edgeslim.lessons.views import Axis, Bars, Series, Table
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab

ROUNDS, OPENED = 40, 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed(Experiment):
    """PyTorch, operator by operator, and every file in its runtime, timed in turns on one core."""

    name = "speed"
    uses = MODELS
    predicts = Number(
        of="faster", unit=Axis(name="faster", unit="ratio"), low=0.5, high=15, step=0.1, near=0.5
    )

    model: str = param("street-signs-small", choices=MODELS)

    def run(self, lab: Lab) -> Outcome:
        import torch

        from edgeslim.lessons.frameworks.made import opened
        from edgeslim.measurement.machine import alone
        from edgeslim.runtime.benchmark import compare_latency
        from edgeslim.runtime.environment import environment

        before = torch.get_num_threads()
        sessions = opened(lab, self.model)
        try:
            with alone("lesson", lab.progress):
                found = compare_latency(sessions, "onnx", ROUNDS)
                loads = self._loads(lab)
        finally:
            torch.set_num_threads(before)
        slower = found["torch"]
        low, high = slower.ratio_ci95
        quickest = min(found, key=lambda name: found[name].median_ms)
        return Outcome(
            facts={
                "faster": Fact(value=slower.ratio, unit="ratio", low=low, high=high),
                "torch": Fact(value=slower.median_ms, unit="ms"),
                "onnx": Fact(value=found["onnx"].median_ms, unit="ms"),
                "quickest": Fact(value=found[quickest].median_ms, unit="ms"),
                "torch_load": Fact(value=loads["torch"], unit="ms"),
                "onnx_load": Fact(value=loads["onnx"], unit="ms"),
            },
            views=(
                Bars(
                    y=Axis(name="latency", unit="ms"),
                    groups=tuple(found),
                    series=(Series(name="latency", y=tuple(each.median_ms for each in found.values())),),
                ),
                Table(
                    columns=(
                        Axis(name="latency", unit="ms"),
                        Axis(name="ratio", unit="ratio"),
                        Axis(name="ratio_low", unit="ratio"),
                        Axis(name="ratio_high", unit="ratio"),
                        Axis(name="load", unit="ms"),
                    ),
                    rows=tuple(found),
                    values=tuple(
                        (each.median_ms, each.ratio, *each.ratio_ci95, loads[name])
                        for name, each in found.items()
                    ),
                ),
            ),
            on=MeasuredOn(model=self.model, machine=environment()["cpu"]),
        )

    def _loads(self, lab: Lab) -> dict[str, float]:
        """Milliseconds from the file to what can run, the libraries being imported: the median of a few."""
        from edgeslim.lessons.frameworks.made import files, torch_network

        openers: dict[str, Callable[[], object]] = {"torch": lambda: torch_network(self.model)}
        for each in files(lab, self.model):
            openers[each.name] = lambda made=each: made.runtime.open(made.path)  # type: ignore[misc]
        return {name: _median_ms(opener) for name, opener in openers.items()}


def _median_ms(opener: Callable[[], object]) -> float:
    taken = []
    for _ in range(OPENED):
        began = time.perf_counter()
        opener()
        taken.append(1000 * (time.perf_counter() - began))
    return sorted(taken)[OPENED // 2]
