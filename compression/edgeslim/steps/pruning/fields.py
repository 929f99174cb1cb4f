"""Parameters that several pruning steps have, declared once, and what they need."""

from __future__ import annotations

from typing import Any

from edgeslim.params import param
from edgeslim.steps.base import Need

SIGNALS = ("outputs", "labels")
SCOPES = ("global", "layer", "filter")


def sparsity(
    share: float = 0.5,
    search: tuple[float, float] = (0.2, 0.9),
    help: str = "How many of the weights become zero.",
) -> Any:
    return param(share, search=search, low=0.0, high=0.99, unit="fraction of weights", help=help)


def scope() -> Any:
    return param(
        "global",
        choices=SCOPES,
        help="Rank all weights of the network together, each layer by itself, or whole filters at a time.",
    )


def signal() -> Any:
    """What gradient-based importances listen to."""
    return param(
        "outputs",
        choices=SIGNALS,
        help="What a weight matters for: the network's own outputs on images without labels, or the task's loss with "
        "labels.",
    )


def needs_of(signal: str) -> tuple[Need, ...]:
    return ("train", "loss") if signal == "labels" else ("calibration",)
