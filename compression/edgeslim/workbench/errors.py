"""What two files get wrong on the same labelled images, and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.detections import READING_SCORE
from edgeslim.errors import DatasetError, ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.workbench.workload import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeslim.analysis.errors import Matrix, Mistakes
    from edgeslim.analysis.parts import Parts
    from edgeslim.analysis.scores import Confidence
    from edgeslim.detections import Target
    from edgeslim.tasks.base import Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReport:
    """A classifier makes no mistakes of place: it has a confusion matrix, and no TIDE."""

    labels: tuple[str, ...]
    mistakes: Mistakes | None
    confusion: tuple[Matrix, Matrix]
    confidence: Confidence
    parts: Parts


def compare_errors(
    first: Path,
    second: Path,
    model: str | Path,
    dataset: str | Path,
    *,
    threshold: float = READING_SCORE,
    spec: ModelSpec | None = None,
    limit: int | None = None,
    held_out: float = 0.0,
    store: Store | None = None,
    progress: Progress = silent,
) -> ErrorReport:
    """Two ONNX files that are fed and read as `model` is, on the dataset's validation images.

    `held_out` is the share of them that is left out, as a study does. Raises ModelError (not_scorable), DatasetError
    (no_labels).
    """
    from edgeslim.predictions import predict

    store = store or Store()
    with store.in_use():
        work = opened(
            model,
            dataset,
            store,
            calibration=None,
            spec=spec,
            progress=progress,
            limit=limit,
            held_out=held_out,
        )
        split = work.evaluation
        if work.labels is None:
            raise DatasetError("no_labels", dataset=work.dataset)
        seen = [predict(file, work.model.spec, split, store, progress=progress) for file in (first, second)]
    if any(each is None for each in seen[0]):
        raise ModelError("not_scorable", model=work.model.name)
    truths = [split.target(place) for place in range(len(split))]
    return _report(truths, seen[0], seen[1], work.labels, threshold)


def _report(
    truths: Sequence[Target],
    first: Sequence[Prediction],
    second: Sequence[Prediction],
    labels: tuple[str, ...],
    threshold: float,
) -> ErrorReport:
    from edgeslim.analysis import errors, parts, scores

    if (boxes := errors.boxes_of(truths, first, second)) is not None:
        known, before, after = boxes
        count = len(labels)
        return ErrorReport(
            labels=labels,
            mistakes=errors.mistakes(known, before, after, count, threshold),
            confusion=(
                errors.box_confusion(known, before, count, threshold),
                errors.box_confusion(known, after, count, threshold),
            ),
            confidence=scores.box_confidence(known, before, after, labels, threshold),
            parts=parts.box_parts(known, before, after, labels),
        )
    truth, p, q = errors.chances_of(truths, first, second)
    return ErrorReport(
        labels=labels,
        mistakes=None,
        confusion=(errors.class_confusion(truth, p), errors.class_confusion(truth, q)),
        confidence=scores.class_confidence(truth, p, q, threshold),
        parts=parts.class_parts(truth, p, q, labels),
    )
