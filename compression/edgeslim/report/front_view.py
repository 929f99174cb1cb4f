"""What the chart of a study shows at first: its axes, and which points have words beside them."""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.report.pareto import ParetoInfo
from edgeslim.report.study_words import StudyWords
from edgeslim.studies.figures import FIGURES, axes
from edgeslim.studies.study import StudyResult
from edgeslim.units import BYTES

SPEED = "latency_ratio"


def usual_axes(study: StudyResult) -> tuple[str, str, str | None]:
    """Names of the cost across, the quality up, and the cost as colour, by the study's objectives."""
    weighed = weighed_figures(study)
    costs, qualities = (axis_names(study, cost) for cost in (True, False))
    x, y = (next((name for name in weighed if name in names), names[0]) for names in (costs, qualities))
    return x, y, SPEED if SPEED in costs else None


def weighed_figures(study: StudyResult) -> list[str]:
    """The study's objectives as figures that a chart can show: accuracy is the headline measure."""
    primary = next((trial.primary_metric for trial in study.trials if trial.primary_metric), "mAP")
    return [name if FIGURES.get(name).axis else primary for name in study.objectives]


def axis_names(study: StudyResult, cost: bool) -> list[str]:
    """Costs, or qualities, that the chart can show."""
    return [figure.name for figure in axes(study.trials, cost)]


def chart_labels(
    info: ParetoInfo, baseline: int | None, given: Mapping[int, str], words: StudyWords
) -> dict[int, str]:
    """Words for the few points that matter: the given ones, the recommended file, the original, the smallest in sight."""
    found: dict[int, list[str]] = {number: [told] for number, told in given.items()}
    low = info.band[0] if info.band else float("-inf")
    on_front = [point for number in info.front if (point := info.point(number)) and point.y >= low]
    named = [(p.number, "recommended") for p in info.points if p.mark == "recommended"]
    named += [] if baseline is None else [(baseline, "original")]
    if on_front and info.x.kind is BYTES:
        first = on_front[0].number
        named.append((first, "smallest" if first == info.front[0] else "smallest_shown"))
    for number, role in named:
        if not role.startswith("smallest") or number not in found:
            found.setdefault(number, []).append(words.t(f"chart.{role}"))
    return {number: " · ".join(told) for number, told in found.items()}
