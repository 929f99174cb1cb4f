"""A run that cannot end worse than it began: the best state on held-out images is kept, and gone back to."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

from torch import nn

LOOKS = 10
"""So many times a run is compared with its best state."""
BACK_OFF = 0.25
"""Without improvement, a run continues from its best state with its learning rate multiplied by this."""


class Guard:
    """The best state of a module so far, the initial one included; `loss` measures it on held-out images."""

    def __init__(self, module: nn.Module, steps: int, loss: Callable[[], float]) -> None:
        self._module, self._loss = module, loss
        self._steps, self._every = steps, max(1, steps // LOOKS)
        self._kept = copy.deepcopy(module.state_dict())
        self.best = loss()

    def better(self, step: int) -> bool:
        """Whether the module is better than before, or it is not time to look; if it is worse, the best is restored."""
        if step % self._every and step < self._steps:
            return True
        now = self._loss()
        if math.isfinite(now) and now < self.best:
            self.best, self._kept = now, copy.deepcopy(self._module.state_dict())
            return True
        self.restore()
        return False

    def restore(self) -> None:
        self._module.load_state_dict(self._kept)
