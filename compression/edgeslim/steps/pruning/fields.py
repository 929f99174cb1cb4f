"""Parameters that several pruning steps share, declared once, and the needs that follow from them."""

from __future__ import annotations

from typing import Any

from edgeslim.params import param
from edgeslim.steps.base import Need

SIGNALS = ("outputs", "labels")
SCOPES = ("global", "layer", "filter")


def sparsity(
    share: float = 0.5,
    search: tuple[float, float] = (0.2, 0.9),
    help: str = "Share of the weights that become zero.",
) -> Any:
    return param(share, search=search, low=0.0, high=0.99, unit="fraction of weights", help=help)


def scope() -> Any:
    return param(
        "global",
        choices=SCOPES,
        help="global: rank all weights of the network together; layer: each layer separately; filter: whole "
        "filters (all weights of one output channel).",
    )


def signal() -> Any:
    """The quantity whose gradients decide importance."""
    return param(
        "outputs",
        choices=SIGNALS,
        help="What decides importance by gradients: the network's own outputs on images without labels, or the task "
        "loss with labels.",
    )


def needs_of(signal: str) -> tuple[Need, ...]:
    return ("train", "loss") if signal == "labels" else ("calibration",)
