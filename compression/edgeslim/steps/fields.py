"""Parameters that several steps have, declared once: `images: int = fields.images()`."""

from __future__ import annotations

from typing import Any

from edgeslim.params import param

VECTORS = ("float16", "float32")


def images(count: int = 64) -> Any:
    return param(count, low=1, high=1000, unit="images", help="Calibration images, spread over the split.")


def statistics() -> Any:
    return param(
        True, help="Match each channel's output mean and deviation to the original's, layer by layer."
    )


def special_bits(which: str, others: str) -> Any:
    """Width of layers that are not coded like all others."""
    return param(8, low=0, high=8, unit="bits", help=f"Width for {which}; 0: {others}.")


def vectors(which: str = "scales and biases") -> Any:
    return param("float16", choices=VECTORS, help=f"How {which} are stored.")


def updates(help: str, high: int = 5000) -> Any:
    return param(200, search=(60, 600), log=True, low=0, high=high, unit="steps", help=help)


def learning_rate(
    rate: float,
    help: str = "Peak of the learning rate; it falls along a cosine.",
    search: tuple[float, float] | None = None,
    always: bool = True,
) -> Any:
    """Searched from a quarter of `rate` to four times it, or in `search`; not unless the step `always` trains."""
    tried = search or (rate / 4, rate * 4)
    return param(rate, search=tried if always else None, log=True, low=1e-6, high=0.1, help=help)


def batch() -> Any:
    return param(8, low=1, high=256, unit="images", help="Images for one update, where something is trained.")


def label_weight() -> Any:
    return param(
        0.0,
        low=0.0,
        high=100.0,
        help="Weight of the task's own loss on labelled images; 0: no labels at all.",
    )
