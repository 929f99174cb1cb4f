"""How many steps fit a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable


def fitting_steps(
    seconds: float, step: Callable[[], object], judge: Callable[[], object], judgements: int, epoch: int
) -> int:
    """At least one. `step` and `judge` are rehearsed and timed; they must change nothing.

    A step costs more in the first `epoch` steps, when images are read and the teacher looks at them for the first time.
    """
    judged = min(_seconds(judge), _seconds(judge))
    first = _seconds(step)
    again = min(_seconds(step), _seconds(step))
    left = seconds - judgements * judged
    fit = left / first if left < epoch * first else epoch + (left - epoch * first) / again
    return max(1, math.floor(fit))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
