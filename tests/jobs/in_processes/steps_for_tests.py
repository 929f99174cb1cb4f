"""A step that does what a test tells it to, in whatever process it runs, and writes down that it ran."""

from __future__ import annotations

import errno
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import onnx
from onnx import numpy_helper

from edgeslim.errors import InfeasibleError
from edgeslim.params import param
from edgeslim.steps.base import OnnxStep, StepContext

LOG = "EDGESLIM_TEST_LOG"
"""Environment variable: the file that receives a line for each time the step runs."""
WHAT = ("nothing", "sleep", "hang", "eat", "die", "raise", "infeasible", "fill_disk")


@dataclass(frozen=True, kw_only=True, slots=True)
class Act(OnnxStep):
    """Change one weight by `change`, and do `what`."""

    name: ClassVar[str] = "act"
    group: ClassVar[str] = "test"
    source: ClassVar[str] = "tests"
    changes: ClassVar[frozenset[str]] = frozenset({"accuracy"})
    makes: ClassVar[frozenset[str]] = frozenset()
    destroys: ClassVar[frozenset[str]] = frozenset()

    change: float = param(0.0, low=-10.0, high=10.0)
    what: str = param("nothing", choices=WHAT)
    seconds: float = param(0.0, low=0.0, high=600.0)
    once: bool = param(False)

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        log = Path(os.environ[LOG])
        ran_before = log.exists() and str(self.change) in log.read_text().split()
        with log.open("a") as file:
            file.write(f"{self.change}\n")
        if not (self.once and ran_before):
            self._act(context)
        changed = onnx.ModelProto()
        changed.CopyFrom(model)
        weight = next(tensor for tensor in changed.graph.initializer if len(tensor.dims) == 2)
        values = numpy_helper.to_array(weight).copy()
        values[20, 0] += np.float32(self.change)
        weight.CopyFrom(numpy_helper.from_array(values, weight.name))
        return changed

    def _act(self, context: StepContext) -> None:
        if self.what == "sleep":
            for tick in range(round(self.seconds * 20)):
                context.progress(self.name, tick, round(self.seconds * 20))
                time.sleep(0.05)
        elif self.what == "hang":
            time.sleep(self.seconds)
        elif self.what == "eat":
            eaten = [np.ones(10**8, np.uint8) for _ in range(12)]
            time.sleep(self.seconds)
            del eaten
        elif self.what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.what == "raise":
            raise RuntimeError("a defect")
        elif self.what == "infeasible":
            raise InfeasibleError("too_much", limit=3)
        elif self.what == "fill_disk":
            os.fsync = _no_space


def _no_space(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
