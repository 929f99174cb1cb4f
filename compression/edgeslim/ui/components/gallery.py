"""What files see on pictures, for the picture component; and the picture that shows best what a trial changed."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.detections import Detections, Image
from edgeslim.metrics.fidelity import Fidelity, diff
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.tasks.base import Prediction
from edgeslim.ui import data
from edgeslim.ui.picture.payload import Item, ModelTitle
from edgeslim.ui.state import t
from edgeslim.units import format_bytes, format_ms

SCENES = 24
"""Pictures of the gallery among which the most changed one is looked for."""


def seen(
    study: StudyResult, trials: Sequence[TrialResult], title: str, image: Image, truth: data.Truth
) -> Item:
    """A picture with what the files of `trials` say about it."""
    views = [data.predicted(trial.sha256 or "", *data.reading(study, trial), image)[0] for trial in trials]
    return Item(title, image, views, truth)


def model_title(trial: TrialResult, title: str) -> ModelTitle:
    """A file's name with its size and, where it was timed, its latency."""
    note = t("compare.size", size=format_bytes(trial.sizes.download if trial.sizes else None))
    return ModelTitle(title, f"{note} · {format_ms(trial.latency.median_ms)}" if trial.latency else note)


def most_changed(study: StudyResult, number: int, confidence: float) -> tuple[int, int] | None:
    """(index, number of images): where in the gallery a trial's boxes changed most; None without boxes."""
    plan = data.sources(study)
    hashes = [trial.sha256 for trial in (study.original, study.trial(number)) if trial and trial.sha256]
    images = data.pictures(plan.dataset, None, 0, SCENES)
    damage: list[tuple[int, int]] = []
    for _, image, _ in images:
        views = [data.predicted(sha256, plan.model, plan.spec, image)[0] for sha256 in hashes]
        found = changes(views[0], views[1], confidence)
        if found is None:
            return None
        damage.append((found.severity, -len(found.kept)))  # of equally changed ones the clearest
    return (damage.index(max(damage)), len(images)) if images else None


def changes(original: Prediction, compressed: Prediction, confidence: float) -> Fidelity | None:
    """What became of the original's boxes; None where there are no boxes."""
    if isinstance(original, Detections) and isinstance(compressed, Detections):
        return diff(original, compressed, confidence=confidence)
    return None
