"""When how much is pruned, while a network trains."""

from __future__ import annotations

PRUNINGS = 25
"""How often weights are taken while the sparsity rises, at most."""


def sparsity_at(step: int, until: int, final: float) -> float:
    """Sparsity after `step` updates of a cubic rise from 0 to `final`, reached after `until`.

    Fast at first, when much is redundant, then ever slower. Source: Zhu and Gupta 2017, arXiv 1710.01878.
    """
    progress = min(1.0, step / until)
    return final * (1 - (1 - progress) ** 3)


def is_due(step: int, until: int) -> bool:
    """Whether weights are taken after `step` updates: so often while it rises, and when it is reached."""
    every = max(1, until // PRUNINGS)
    return step <= until and (step % every == 0 or step == until)
