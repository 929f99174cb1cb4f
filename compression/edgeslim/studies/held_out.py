"""Held-out evaluation: scores on images that nothing was chosen by, and the selection bias of the others.

The best of many files on some images is partly the luckiest. So the candidates for the final choice are scored, after all
choosing, on the held-out part of the validation images:

* optimism = score when choosing − held-out score. The original has one too, though it was not chosen: how much harder the
  held-out images are.
* optimism of the change = (score − original's score) when choosing − the same on the held-out images. The difficulty of
  the images cancels: what remains is chance and selection bias.

Both parts are resampled independently, and the intervals are percentile bootstrap intervals of the differences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Split
from edgeslim.evaluation import score
from edgeslim.metrics import resamples
from edgeslim.metrics.bootstrap import HELD_OUT_SEED, Resampled
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.studies.file_scores import FileScore, FileScores
from edgeslim.studies.groups import HeldOut, HeldOutScore, Mean
from edgeslim.studies.statistics import contenders
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult


def held_out_scores(
    study: StudyResult,
    images: Split,
    spec: ModelSpec,
    labels: tuple[str, ...] | None,
    store: Store,
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> HeldOut | None:
    """Score every trial that a choice could fall on, and the original, on the held-out `images`.

    Trials that were scored before are scored again.
    None if nothing has resamples that could be compared. Raises ModelError, DatasetError, StoreError.
    """
    before = study.held_out
    known = {each.number for each in before.trials} if before else set()
    numbers = contenders(study) | known
    trials = [trial for trial in study.trials if trial.number in numbers and trial.sha256 is not None]
    chosen = {trial.number: figure for trial in trials if (figure := _chosen(trial, store)) is not None}
    original = next((trial for trial in trials if trial.number == study.baseline), None)
    if original is None or original.number not in chosen:
        return None
    assert original.sha256 is not None, "only trials with a file are looked at"
    found: dict[int, Resampled] = {}
    scored = [trial for trial in trials if trial.number in chosen]
    for done, trial in enumerate(scored):
        progress("held_out", done, len(scored))
        assert trial.sha256 is not None, "only trials with a file are looked at"
        figure = score(
            store.path(trial.sha256),
            spec,
            images,
            labels,
            store,
            baseline=store.path(original.sha256),
            threads=threads,
            seed=HELD_OUT_SEED,
        ).primary
        if figure is not None:
            found[trial.number] = figure
    if original.number not in found:
        return None
    return HeldOut(
        metric=original.primary_metric,
        images=len(images),
        looks=(before.looks if before else 0) + bool(set(found) - known),
        optimism=_mean_optimism(sorted(set(found) - {original.number}), original.number, chosen, found),
        trials=tuple(_score(number, original.number, chosen, found) for number in found),
    )


def file_scores(
    files: Sequence[str],
    images: Split,
    spec: ModelSpec,
    labels: tuple[str, ...] | None,
    store: Store,
    *,
    progress: Progress = silent,
) -> FileScores:
    """Score files of the store, the original's first, on held-out images. Raises ModelError, DatasetError, StoreError."""
    original, found = store.path(files[0]), {}
    for done, sha256 in enumerate(files):
        progress("held_out", done, len(files))
        primary = score(
            store.path(sha256), spec, images, labels, store, baseline=original, seed=HELD_OUT_SEED
        ).primary
        if primary is not None:
            found[sha256] = primary
    if files[0] not in found:
        return FileScores(images=len(images), files={})
    changes = {sha256: primary - found[files[0]] for sha256, primary in found.items()}
    return FileScores(
        images=len(images),
        files={
            sha256: FileScore(
                value=primary.value,
                ci95=primary.ci95,
                paired_delta=changes[sha256].value,
                paired_ci95=changes[sha256].paired_ci95,
            )
            for sha256, primary in found.items()
        },
    )


def _chosen(trial: TrialResult, store: Store) -> Resampled | None:
    return None if trial.resamples is None else resamples.load(store, trial.resamples)


def _score(
    number: int, original: int, chosen: dict[int, Resampled], found: dict[int, Resampled]
) -> HeldOutScore:
    optimism = chosen[number] - found[number]
    change = found[number] - found[original]
    change_optimism = (chosen[number] - chosen[original]) - change
    return HeldOutScore(
        number=number,
        chosen=chosen[number].value,
        value=found[number].value,
        ci95=found[number].ci95,
        paired_delta=change.value,
        paired_ci95=change.paired_ci95,
        optimism=optimism.value,
        optimism_ci95=optimism.ci95,
        change_optimism=change_optimism.value,
        change_optimism_ci95=change_optimism.paired_ci95,
    )


def _mean_optimism(
    numbers: Sequence[int], original: int, chosen: dict[int, Resampled], found: dict[int, Resampled]
) -> Mean | None:
    """Of the change, over the trials. None if nothing but the original was scored."""
    if not numbers:
        return None
    each = [(chosen[n] - chosen[original]) - (found[n] - found[original]) for n in numbers]
    mean = Resampled(
        float(np.mean([one.value for one in each])),
        np.mean([one.resamples for one in each], axis=0),
        each[0].images,
    )
    return Mean(mean.value, mean.paired_ci95)
