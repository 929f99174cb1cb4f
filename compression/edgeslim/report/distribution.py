"""What a class predicted, in both rounds: plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from edgeslim.lessons.predictions import Answer, Choice, Curve, Number, Prediction, judge

BINS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of answers. `right` of `answers`; None while the truth is not told."""

    answers: int
    right: int | None
    counts: tuple[int, ...] = ()
    """Of the options, or of the numbers between two edges."""
    curves: tuple[tuple[float, ...], ...] = ()
    """The lower quartile, the median and the upper quartile of the heights; empty without answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """`options` of a choice, `edges` between which numbers are counted; neither for a curve."""

    rounds: tuple[Round, ...]
    truth: Answer | None
    options: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()


def distribution(
    prediction: Prediction,
    rounds: Sequence[Sequence[Answer]],
    truth: Answer | None = None,
    interval: tuple[float, float] | None = None,
) -> Distribution:
    """Answers of each round, counted; `interval` is the truth's own uncertainty."""
    options = prediction.options if isinstance(prediction, Choice) else ()
    edges = _edges(prediction) if isinstance(prediction, Number) else ()
    found = []
    for answers in rounds:
        right = None
        if truth is not None:
            right = sum(judge(prediction, answer, truth, interval).right for answer in answers)
        counts: tuple[int, ...] = ()
        if isinstance(prediction, Choice):
            counts = tuple(list(answers).count(option) for option in options)
        elif isinstance(prediction, Number):
            counts = tuple(map(int, np.histogram(np.array(answers, float), edges)[0]))
        curves = _quartiles(answers) if isinstance(prediction, Curve) and answers else ()
        found.append(Round(answers=len(answers), right=right, counts=counts, curves=curves))
    return Distribution(rounds=tuple(found), truth=truth, options=options, edges=edges)


def _edges(prediction: Number) -> tuple[float, ...]:
    """Bins of whole steps, so that no bin can hold more of the possible answers than another by chance."""
    steps = max(1, round((prediction.high - prediction.low) / prediction.step))
    width = -(-steps // BINS) * prediction.step
    count = int(np.ceil((prediction.high - prediction.low) / width - 1e-9))
    return tuple(round(prediction.low + place * width, 9) for place in range(count + 1))


def _quartiles(answers: Sequence[Answer]) -> tuple[tuple[float, ...], ...]:
    heights = np.array([cast(tuple[float, ...], answer) for answer in answers])
    return tuple(tuple(map(float, row)) for row in np.quantile(heights, (0.25, 0.5, 0.75), axis=0))
