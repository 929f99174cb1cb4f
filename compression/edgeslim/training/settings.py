"""The settings of a training run, and the learning rate of each step."""

from __future__ import annotations

import math
from dataclasses import dataclass

LAST_RATE = 0.02
"""The cosine decay ends at this fraction of the learning rate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainSettings:
    """Settings of a run. `ema_decay` None: the last weights are kept instead of their average."""

    steps: int
    batch: int = 16
    learning_rate: float = 2e-3
    warmup_steps: int = 200
    weight_decay: float = 0.02
    seed: int = 0
    ema_decay: float | None = None
    augment: bool = True
    threads: int = 1


def learning_rate(step: int, settings: TrainSettings) -> float:
    """Linear warm-up, then a half cosine down to LAST_RATE of the peak. `step` counts from 0."""
    warmup = min(settings.warmup_steps, settings.steps // 2)
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(settings.steps - warmup, 1)
    return settings.learning_rate * (LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2)
