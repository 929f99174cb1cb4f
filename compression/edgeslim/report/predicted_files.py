"""The X-ray's predictions for whole files against what a study measured of them: which loses least, which most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.analysis.results import Correlation, Inside
from edgeslim.analysis.scoring import score_files
from edgeslim.report.inside import decibels
from edgeslim.studies.study import StudyResult


@dataclass(frozen=True, slots=True)
class PredictedFile:
    """A trial. `place` and `predicted_place` count from 1, the file that loses least; equal ones share a place."""

    number: int
    predicted: float
    """Output SQNR in dB."""
    loss: float | None
    """Share of the headline metric, as a fraction."""
    disagreement: float | None
    """1 − agreement with the original, without labels."""
    predicted_place: int
    place: int


@dataclass(frozen=True, slots=True)
class PredictedFiles:
    """`measure` is what was measured of the files: 'loss', or 'disagreement' where there are no labels."""

    files: tuple[PredictedFile, ...]
    measure: str
    correlation: Correlation | None
    left_out: int
    """Trials for which there is no prediction."""


def predicted_files(study: StudyResult, found: Inside) -> PredictedFiles:
    """All trials of the study that the predictions cover, best prediction first."""
    scores = score_files(found.xray.predictions or {}, study.trials)
    measure = "loss" if scores.loss is not None else "disagreement"
    known = [each for each in scores.trials if getattr(each, measure) is not None]
    promised = [each.predicted for each in known]
    measured = [getattr(each, measure) for each in known]
    files = [
        PredictedFile(
            number=each.number,
            predicted=decibels(each.predicted),
            loss=each.loss,
            disagreement=each.disagreement,
            predicted_place=_place(each.predicted, promised),
            place=_place(value, measured),
        )
        for each, value in zip(known, measured, strict=True)
    ]
    files.sort(key=lambda each: (each.predicted_place, each.place))
    return PredictedFiles(tuple(files), measure, getattr(scores, measure), len(scores.left_out))


def _place(value: float, values: Sequence[float]) -> int:
    return 1 + sum(each < value for each in values)
