"""A run of a search: what was asked, when it stops, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from edgeslim.errors import StudyError

SamplerName = Literal["nsga2", "tpe", "random", "grid"]
SAMPLERS: tuple[SamplerName, ...] = get_args(SamplerName)
LEARNING: tuple[SamplerName, ...] = ("nsga2", "tpe")
"""Those that learn from results: they begin with ready recipes."""
End = Literal["time", "trials", "patience", "space"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRun:
    """It ends when any of its limits is reached: `minutes` of searching (timing all files at the end comes on top),
    `trials` proposed, `patience` proposals measured without more hypervolume; or when the space has no recipe left.
    """

    sampler: SamplerName = "nsga2"
    minutes: float | None = None
    trials: int | None = None
    patience: int | None = None
    multi_fidelity: bool = True
    """Measure cheaply first, and fully only what is promising."""
    preset: str | None = "techniques"
    """The ready recipes that a sampler which learns begins with."""
    seed: int = 0
    first: int = 0
    """The number of the first trial that may belong to it."""
    spent: float = 0.0
    """Seconds searched so far, over all interruptions."""
    ended: End | None = None

    def __post_init__(self) -> None:
        if self.sampler not in SAMPLERS:
            raise StudyError("sampler", name=self.sampler, choices=", ".join(SAMPLERS))
        limits = {"minutes": self.minutes, "trials": self.trials, "patience": self.patience}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        for name, limit in given.items():
            if not limit > 0:
                raise StudyError("stop_rule_value", name=name, value=limit)
        if not given:
            raise StudyError("stop_rule")
