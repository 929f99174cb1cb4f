"""What gradient-based importances listen to: a parameter that several steps have, and what it needs."""

from __future__ import annotations

from typing import Any

from compression.params import param
from compression.steps.base import Need

SIGNALS = ("outputs", "labels")


def signal() -> Any:
    return param(
        "outputs",
        choices=SIGNALS,
        help="What a weight matters for: the network's own outputs on images without labels, or the task's loss with "
        "labels.",
    )


def needs_of(signal: str) -> tuple[Need, ...]:
    return ("train", "loss") if signal == "labels" else ("calibration",)
