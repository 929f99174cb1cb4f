"""Parameters that several steps share, declared once: `images: int = fields.images()`."""

from __future__ import annotations

from typing import Any

from edgeslim.params import param

VECTORS = ("float16", "float32")


def images(count: int = 64) -> Any:
    return param(
        count,
        low=1,
        high=1000,
        unit="images",
        help="Number of calibration images, spread evenly over the split.",
    )


def statistics() -> Any:
    return param(
        True,
        help="Match the mean and standard deviation of each output channel to the original's, layer by layer.",
    )


def special_bits(which: str, others: str) -> Any:
    """Bit width of layers that are treated differently from the rest."""
    return param(8, low=0, high=8, unit="bits", help=f"Bit width for {which}; 0: {others}.")


def vectors(which: str = "scales and biases") -> Any:
    return param("float16", choices=VECTORS, help=f"Number format in which {which} are stored.")


def updates(help: str = "Number of weight updates.", high: int = 5000) -> Any:
    return param(200, search=(60, 600), log=True, low=0, high=high, unit="steps", help=help)


def learning_rate(
    rate: float,
    help: str = "Peak learning rate; it decays along a cosine.",
    search: tuple[float, float] | None = None,
    always: bool = True,
) -> Any:
    """Searched from rate / 4 to 4 · rate, or in `search`; not searched unless the step `always` trains."""
    tried = search or (rate / 4, rate * 4)
    return param(rate, search=tried if always else None, log=True, low=1e-6, high=0.1, help=help)


def batch() -> Any:
    return param(8, low=1, high=256, unit="images", help="Images per update, where the step trains.")


def label_weight() -> Any:
    return param(
        0.0,
        low=0.0,
        high=100.0,
        help="Weight of the task loss on labelled images; 0: no labels are used.",
    )
