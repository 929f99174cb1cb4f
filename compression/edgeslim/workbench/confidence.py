"""How sure a study's differences are: any two trials, compared on the same images."""

from __future__ import annotations

from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.jobs import supervisor
from edgeslim.studies.groups import ComparedTrial, TrialComparison, images_needed
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult


def compare_trials(name: str, first: int, second: int, store: Store | None = None) -> TrialComparison:
    """The headline measure of two trials of a study, compared. Raises StudyError (no_trial, no_resamples)."""
    import numpy as np

    from edgeslim.metrics import resamples
    from edgeslim.studies.statistics import standard_errors

    store = store or Store()
    study = supervisor.load(store, name)
    trials = [trial_of(study, number) for number in (first, second)]
    figures = []
    for trial in trials:
        figure = None if trial.resamples is None else resamples.load(store, trial.resamples)
        if figure is None:
            raise StudyError("no_resamples", name=name, number=trial.number)
        figures.append(figure)
    difference = figures[0] - figures[1]
    table = np.stack([figure.resamples for figure in figures])
    error = float(standard_errors(table[:, np.isfinite(table).all(axis=0)])[0, 1])
    interval = difference.paired_ci95
    assert interval is not None, "a figure that was kept has resamples"
    both = [
        ComparedTrial(
            number=trial.number,
            title=trial.title,
            value=figure.value,
            ci95=figure.ci95,
        )
        for trial, figure in zip(trials, figures, strict=True)
    ]
    return TrialComparison(
        metric=trials[0].primary_metric or "",
        images=difference.images,
        first=both[0],
        second=both[1],
        difference=difference.value,
        ci95=interval,
        distinguishable=not interval[0] <= 0.0 <= interval[1],
        images_80=images_needed(difference.value, error, difference.images, 0.80),
        images_95=images_needed(difference.value, error, difference.images, 0.95),
    )


def trial_of(study: StudyResult, number: int) -> TrialResult:
    """The study's trial of that number. Raises StudyError (no_trial)."""
    found = study.trial(number)
    if found is None:
        raise StudyError("no_trial", name=study.name, number=number)
    return found
