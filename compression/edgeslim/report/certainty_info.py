"""How far a study's figures carry, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.report.info import noisy
from edgeslim.studies.choice import Choice
from edgeslim.studies.groups import Pair
from edgeslim.studies.study import StudyResult


@dataclass(frozen=True, slots=True)
class Certainty:
    """`pairs` are neighbours in rank, and what a budget's choice was between; the latency ratios
    of `noisy` trials are too uncertain to be relied on."""

    pairs: tuple[Pair, ...]
    noisy: tuple[int, ...]


def certainty(study: StudyResult, choice: Choice | None = None) -> Certainty:
    """What is known of a study's differences; `choice` is that under its budget."""
    groups, values = study.groups, headline_values(study)
    pairs = list(groups.neighbours(values)) if groups else []
    if groups and choice is not None and choice.pick is not None and choice.runner_up is not None:
        chosen = {choice.pick, choice.runner_up}
        pair = groups.pair(choice.pick, choice.runner_up, values)
        if pair is not None and all({one.first, one.second} != chosen for one in pairs):
            pairs.append(pair)
    return Certainty(tuple(pairs), noisy(study))


def headline_values(study: StudyResult) -> dict[int, float]:
    """The figure that trials were compared by, by their number."""
    metric = study.groups.metric if study.groups else None
    values = ((t.number, t.figure(metric)) for t in study.trials) if metric else ()
    return {number: value for number, value in values if value is not None}
