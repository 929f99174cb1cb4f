"""How a model wants images prepared, found by trying every usual way on a few pictures.

With labels a way is worth its score on them. Without, it is worth what the model is sure of: the scores of boxes that it
finds again in the mirrored picture, less those of boxes that it does not. A network that is fed wrongly finds little, or
much that it does not find again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from edgeslim import __version__
from edgeslim.artifacts.store import Store
from edgeslim.datasets import any_images
from edgeslim.datasets.base import Dataset, Part, Split
from edgeslim.detections import Annotations, Detections, Image
from edgeslim.errors import DatasetError, ModelError
from edgeslim.measurement.workload import make_workload
from edgeslim.metrics.bootstrap import Resampled, resampled_mean
from edgeslim.metrics.detection import resampled, resampled_map
from edgeslim.metrics.fidelity import CONFIDENCE, box_iou
from edgeslim.metrics.matching import match
from edgeslim.models.base import Model, ModelSpec
from edgeslim.models.families import UNKNOWN
from edgeslim.models.feeding import colours_and_ranges, filters, published, resizings
from edgeslim.progress import Progress, silent
from edgeslim.records import ClassMap, decoded, encoded
from edgeslim.runtime import ONNXRUNTIME
from edgeslim.sessions import Session
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prediction

IMAGES = 48
_AGAIN = 0.7
"""IoU from which a box of the mirrored picture is the same."""
_PLENTY = 10.0
"""More certain boxes than this in a picture are no better: a saturated network sees them everywhere."""
_SURE = 1.0
"""Certainty below which, as on strange pictures, only ways with less than half of it are worse."""
NOTHING = 0.01
"""A score below this is none: mAP, top-1, or mean certainty."""
RECORDS = "preprocessing"
Verdict = Literal["confirmed", "found", "unclear", "none"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to prepare images, and what the model is worth on images prepared so."""

    spec: ModelSpec
    published: bool
    """Models of the family were published with it."""
    score: float
    behind: float
    """How much less than the best way scores, ≥ 0; and its 95 % interval, paired over images."""
    behind_ci95: tuple[float, float] | None
    """None for the best, and for ways with less than half of its score."""
    best_share: float
    """In which share of resamples of the images it scores best."""
    clearly_worse: bool
    """Than the best way."""


@dataclass(frozen=True, slots=True)
class TriedPreprocessing:
    """All ways that were tried, the best first, and what follows.

    `verdict` is 'confirmed' if no way is clearly better than the one that was given, 'found' if another one is and it is
    known which, 'unclear' if another one is but not which of several, and 'none' if no way scores anything.
    """

    measure: Literal["mAP", "top1", "certainty"]
    images: int
    ways: tuple[Way, ...]
    verdict: Verdict
    chosen: ModelSpec | None
    """What to take; None where that is a question: which of the `rivals`?"""

    @property
    def rivals(self) -> tuple[Way, ...]:
        """The ways that are not clearly worse than the best."""
        return tuple(way for way in self.ways if not way.clearly_worse)


def try_on(
    model: Model,
    dataset: Dataset,
    store: Store,
    *,
    images: int = IMAGES,
    classes: ClassMap = (),
    progress: Progress = silent,
) -> TriedPreprocessing:
    """`try_ways` on a dataset: by score if it has labels that the model knows, or those of `classes`.

    Raises ModelError, DatasetError.
    """
    strange = False
    if dataset.has_labels and model.spec.labels and dataset.task == model.spec.task:
        try:
            work = make_workload(model, dataset, classes=classes)
            return try_ways(work.model, work.evaluation, work.labels, store, images=images, progress=progress)
        except DatasetError as error:
            if error.code != "no_common_labels":
                raise
            strange = True
    split = any_images(dataset)
    return try_ways(model, split, None, store, images=images, strange=strange, progress=progress)


def try_ways(
    model: Model,
    split: Split,
    labels: tuple[str, ...] | None,
    store: Store,
    *,
    images: int = IMAGES,
    strange: bool = False,
    progress: Progress = silent,
) -> TriedPreprocessing:
    """Try the ways on so many images of the split, those with objects if it has `labels` (the model's).

    They are `strange` if they are known to show other things than the model knows. Found once, it is kept. Raises
    ModelError, DatasetError.
    """
    if model.spec.task == "detection" and model.spec.family == UNKNOWN:
        raise ModelError("nothing_to_try", name=model.name)
    few = _few(split, images, labels is not None)
    decisive = [__version__, model.sha256, model.spec.to_json(), few.fingerprint, labels, strange]
    key = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    kept = store.computed(
        RECORDS, key, lambda: encoded(_Trial(model, few, labels, strange, progress).result()), progress
    )
    return decoded(TriedPreprocessing, kept)


def _few(split: Split, images: int, labelled: bool) -> Split:
    """Images spread evenly over the split."""
    places = list(range(len(split)))
    if labelled:
        told = [place for place in places if _tells(split, place)]
        places = told or places
    chosen = [places[i] for i in sorted({round(i) for i in np.linspace(0, len(places) - 1, images)})]
    return Part(split, chosen, f"{len(chosen)} of {images} to try")


def _tells(split: Split, place: int) -> bool:
    target = split.target(place)
    return len(target) > 0 if isinstance(target, Annotations) else target is not None


@dataclass
class _Worth:
    spec: ModelSpec
    value: float
    draw: Callable[[], Resampled]
    """A thousand resamples of mAP take longer than running the model."""

    @cached_property
    def resampled(self) -> Resampled:
        return self.draw()

    @staticmethod
    def of(spec: ModelSpec, figure: Resampled) -> _Worth:
        return _Worth(spec, figure.value, lambda: figure)


class _Trial:
    def __init__(
        self, model: Model, split: Split, labels: tuple[str, ...] | None, strange: bool, progress: Progress
    ) -> None:
        self._strange = strange
        self._spec, self._split, self._labels, self._progress = model.spec, split, labels, progress
        self._task = task_for(model.spec)
        self._session: Session = ONNXRUNTIME.open(model.path)
        self._images = [split.image(place) for place in range(len(split))]
        self._tried: list[_Worth] = []

    def result(self) -> TriedPreprocessing:
        """Colours and range first, which decide all; then how images are resized, a difference that only labels tell."""
        usual = published(self._spec)
        self._try(colours_and_ranges(self._spec))
        found = self._judged(usual)
        if found.chosen is None or found.verdict == "none":
            return found
        chosen = found.chosen
        for others in () if self._labels is None else (resizings, filters):
            self._try(others(chosen))
            chosen = self._best_of(others(chosen))
        ways = self._ways(usual)
        verdict: Verdict = "confirmed" if chosen == self._spec else "found"
        return dataclasses.replace(found, ways=ways, verdict=verdict, chosen=chosen)

    def _judged(self, usual: Sequence[ModelSpec]) -> TriedPreprocessing:
        ways = self._ways(usual)
        good = [way.spec for way in ways if not way.clearly_worse]
        verdict: Verdict = "none"
        chosen: ModelSpec | None = None
        if ways[0].score >= NOTHING:
            known = usual if self._tells(ways[0].score) else usual[:1]
            chosen = next((spec for spec in known if spec in good), good[0] if len(good) == 1 else None)
            verdict = "unclear" if chosen is None else "found"
        measure = self._task.primary_metric if self._labels is not None else "certainty"
        return TriedPreprocessing(measure, len(self._images), ways, verdict, chosen)  # type: ignore[arg-type]

    def _tells(self, best: float) -> bool:
        """Whether small differences tell anything: with labels, or where the model sees what it knows."""
        return self._labels is not None or (best >= _SURE and not self._strange)

    def _best_of(self, specs: Sequence[ModelSpec]) -> ModelSpec:
        """The first, unless another one is clearly better."""
        first, *others = (next(each for each in self._tried if each.spec == spec) for spec in specs)
        best = max(others, key=lambda each: each.value)
        if best.value <= first.value:
            return first.spec
        more = (best.resampled - first.resampled).paired_ci95
        return best.spec if more is not None and more[0] > 0 else first.spec

    def _ways(self, usual: Sequence[ModelSpec]) -> tuple[Way, ...]:
        ranked = sorted(self._tried, key=lambda each: -each.value)
        best = ranked[0]
        close = [each for each in ranked if each is best or each.value >= abs(best.value) / 2]
        drawn = np.nan_to_num(np.stack([each.resampled.resamples for each in close]), nan=-1.0)
        shares = dict(enumerate(np.bincount(drawn.argmax(axis=0)) / drawn.shape[1]))
        told = self._tells(best.value)
        ways = []
        for place, each in enumerate(ranked):
            interval = None
            if 0 < place < len(close):
                interval = (best.resampled - each.resampled).paired_ci95
            worse = place >= len(close) or (told and interval is not None and interval[0] > 0)
            behind, share = best.value - each.value, float(shares.get(place, 0.0))
            ways.append(Way(each.spec, each.spec in usual, each.value, behind, interval, share, worse))
        return tuple(ways)

    def _try(self, specs: Sequence[ModelSpec]) -> None:
        known = [each.spec for each in self._tried]
        for number, spec in enumerate(new := [spec for spec in specs if spec not in known]):
            self._progress("trying_preprocessing", number, len(new))
            self._tried.append(self._worth(spec))

    def _worth(self, spec: ModelSpec) -> _Worth:
        seen = [self._seen(image, spec) for image in self._images]
        if self._labels is None:
            mirrored = (self._seen(np.ascontiguousarray(image[:, ::-1]), spec) for image in self._images)
            told = zip(seen, mirrored, self._images, strict=True)
            return _Worth.of(spec, resampled_mean(np.array([_certainty(*each) for each in told])))
        if self._task.name == "classification":
            primary = self._task.score(seen, self._split, self._labels).primary
            return _Worth.of(spec, primary or resampled_mean(np.zeros(len(seen))))
        pairs = [
            (truth, found)
            for place, found in enumerate(seen)
            if isinstance(found, Detections) and isinstance(truth := self._split.target(place), Annotations)
        ]
        matches = match([truth for truth, _ in pairs], [found for _, found in pairs], len(self._labels))
        once = float(resampled_map(matches, np.ones((matches.images, 1), np.int64))[0])
        return _Worth(
            spec,
            once if np.isfinite(once) else 0.0,
            lambda: resampled(matches) or resampled_mean(np.zeros(1)),
        )

    def _seen(self, image: Image, spec: ModelSpec) -> Prediction:
        prepared = self._task.prepare(image, spec)
        return self._task.decode(self._session.run(prepared.tensor), prepared, spec)


def _certainty(seen: Prediction, mirrored: Prediction, image: Image) -> float:
    """Of one image; of a classifier the likeliest class's probability, 0 if the mirrored picture is of another class."""
    if isinstance(seen, Detections) and isinstance(mirrored, Detections):
        seen = seen.from_score(CONFIDENCE)
        again = mirrored.from_score(CONFIDENCE / 2).boxes.copy()
        again[:, [0, 2]] = image.shape[1] - again[:, [2, 0]]
        found = (box_iou(seen.boxes, again) >= _AGAIN).any(axis=1)
        return min(float(seen.scores[found].sum()), _PLENTY) - float(seen.scores[~found].sum())
    assert isinstance(seen, np.ndarray) and isinstance(mirrored, np.ndarray), (
        "without a decoder nothing is tried"
    )
    return float(seen.max()) if seen.argmax() == mirrored.argmax() else 0.0
