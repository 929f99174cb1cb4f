"""One piece of a study's work, as it is given to a worker."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.recipe import Recipe


@dataclass(frozen=True, slots=True)
class TrialTask:
    """Run `recipe`; then, unless it is only a prefix that others share, evaluate it as trial `number`.

    Of a search's task, `rung` is that of search.halving, and `images` the number to score on, None for all.
    """

    number: int
    """The trial; of a shared prefix the first trial that waits for it."""
    recipe: Recipe
    evaluate: bool
    rung: int | None = None
    images: int | None = None
    full: bool = True


@dataclass(frozen=True, slots=True)
class Timing:
    """SHA-256 of files to time while the search goes on, the original's first."""

    files: tuple[str, ...]
