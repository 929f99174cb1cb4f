"""Which trials a table shows, and in what order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from edgeslim.report.pareto import ParetoInfo
from edgeslim.report.pointless import pointless
from edgeslim.report.study_words import StudyWords
from edgeslim.studies.figures import FIGURES, Figure, columns
from edgeslim.studies.notes import TrialNotes
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult, TrialState


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFilter:
    """What a trial must have to be shown; empty: no condition.

    `low` and `high` limit a figure in drawn units, and who lacks it is left out. `text` is looked for in title, number
    and notes. Sorted by a figure the best come first, and those without it last.
    """

    text: str = ""
    steps: tuple[str, ...] = ()
    """All of them in the recipe."""
    states: tuple[TrialState, ...] = ()
    figure: str | None = None
    low: float | None = None
    high: float | None = None
    starred: bool = False
    sort: str | None = None


def filtered(study: StudyResult, chosen: TableFilter, notes: Mapping[int, TrialNotes]) -> tuple[int, ...]:
    """Numbers of the trials to show, in their order."""
    found = [
        trial for trial in study.trials if _keeps(trial, study, chosen, notes.get(trial.number, TrialNotes()))
    ]
    if chosen.sort is not None:
        figure = FIGURES.get(chosen.sort)
        sign = 1.0 if figure.cost else -1.0
        values = {trial.number: figure.value(trial, study.original) for trial in found}
        found.sort(key=lambda trial: inf if (v := values[trial.number]) is None else sign * v)
    return tuple(trial.number for trial in found)


def steps_of(study: StudyResult) -> tuple[str, ...]:
    """Names of all steps in the study's recipes, sorted."""
    return tuple(sorted({step["step"] for trial in study.trials for step in trial.recipe.steps}))


def states_of(study: StudyResult) -> tuple[TrialState, ...]:
    """All states that occur, sorted."""
    return tuple(sorted({trial.state for trial in study.trials}))


def _keeps(trial: TrialResult, study: StudyResult, chosen: TableFilter, notes: TrialNotes) -> bool:
    if chosen.starred and not notes.star:
        return False
    if chosen.states and trial.state not in chosen.states:
        return False
    if not {step["step"] for step in trial.recipe.steps}.issuperset(chosen.steps):
        return False
    words = f"#{trial.number} {trial.title} {notes.text}".casefold()
    if not all(word in words for word in chosen.text.casefold().split()):
        return False
    if chosen.figure is None or (chosen.low is None and chosen.high is None):
        return True
    return _inside(FIGURES.get(chosen.figure), trial, study, chosen)


def _inside(figure: Figure, trial: TrialResult, study: StudyResult, chosen: TableFilter) -> bool:
    value = figure.value(trial, study.original)
    if value is None:
        return False
    drawn = value * figure.kind.scale
    return (chosen.low is None or drawn >= chosen.low) and (chosen.high is None or drawn <= chosen.high)


def standings(study: StudyResult, info: ParetoInfo, words: StudyWords) -> dict[int, str]:
    """What each trial is on the chart, in words, or its state where it has no place there."""
    marks, shorter = {point.number: point.mark for point in info.points}, pointless(study)

    def standing(trial: TrialResult) -> str:
        if trial.number not in marks:
            return words.t(f"state.{trial.state}")
        mark = words.t(f"mark.{marks[trial.number]}")
        if trial.number not in shorter:
            return mark
        return words.t("table.pointless", mark=mark, other=shorter[trial.number])

    return {trial.number: standing(trial) for trial in study.trials}


def shown_figures(study: StudyResult, y: str) -> tuple[str, ...]:
    """What a table of the trials shows at first, what is on the chart's y axis in front."""
    return y, *(figure.name for figure in columns(study.trials) if figure.name != y)
