"""Ways to prepare images, as text: one way, its score, and all that were tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeslim.report.text import table

if TYPE_CHECKING:
    from edgeslim.measurement.preprocessing import TriedPreprocessing, Way
    from edgeslim.models.base import ModelSpec

_VERDICTS = {
    "confirmed": "No way is clearly better than the model's own.",
    "found": "Another way is clearly better than the model's own.",
    "unclear": "Other ways are clearly better than the model's own, but not which of them.",
    "none": "No way gives anything: suspect the order of the classes, the family, or images of another kind.",
}


def feeding_words(spec: ModelSpec) -> str:
    """A way to prepare images in the terms of a specification: 'BGR, scale 1, mean 0, std 1, stretch, bilinear'."""
    mean, std = (_numbers(values) for values in (spec.mean, spec.std))
    return (
        f"{spec.color}, scale {spec.scale:.4g}, mean {mean}, std {std}, {spec.resize}, {spec.resize_filter}"
    )


def score_text(tried: TriedPreprocessing, score: float) -> str:
    """Points, or certainty."""
    return f"{score:.2f}" if tried.measure == "certainty" else f"{100 * score:.1f}"


def preprocessing_table(tried: TriedPreprocessing) -> str:
    """All ways, the best first, and what follows."""
    rows = [[*_row(tried, way), feeding_words(way.spec)] for way in tried.ways]
    headers = ["", f"{tried.measure} on {tried.images} images", "behind (95 %)", "best in", "way"]
    return "\n".join([table(rows, headers), f"* to be taken. {_VERDICTS[tried.verdict]}"])


def _row(tried: TriedPreprocessing, way: Way) -> list[str]:
    behind = score_text(tried, way.behind)
    if way.behind_ci95 is not None:
        low, high = (score_text(tried, bound) for bound in way.behind_ci95)
        behind = f"{behind} ({low} … {high})"
    mark = "*" if way.spec == tried.chosen else ""
    return [mark, score_text(tried, way.score), behind, f"{100 * way.best_share:.0f} %"]


def _numbers(values: Sequence[float]) -> str:
    return f"{values[0]:.4g}" if len(set(values)) == 1 else "/".join(f"{value:.4g}" for value in values)
