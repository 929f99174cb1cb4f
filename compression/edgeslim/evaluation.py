"""(file, data) → Evaluation: every figure of a trial except latency, which is measured apart and alone."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgeslim import __version__
from edgeslim.artifacts.store import Store, sha256_of, write_atomically
from edgeslim.datasets.base import Split
from edgeslim.detections import Detections
from edgeslim.export import packed
from edgeslim.metrics import resamples
from edgeslim.metrics.bootstrap import SEED, Resampled
from edgeslim.metrics.classification import label_agreement
from edgeslim.metrics.counts import counts
from edgeslim.metrics.fidelity import agreement, signal_and_noise, sqnr_db
from edgeslim.metrics.size import sizes
from edgeslim.models.base import ModelSpec
from edgeslim.ort import open_session
from edgeslim.progress import Progress, silent
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prediction, Scores

SQNR_IMAGES = 8
"""Raw outputs are compared on so many images, spread over the split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Figures of one file, named as in a trial's JSON.

    `accuracy` is None without labels or without a decoder, `fidelity` None without a baseline.
    """

    sizes: dict[str, int]
    params: int
    nonzero: int
    macs: int
    memory: dict[str, int]
    accuracy: dict[str, Any] | None
    fidelity: dict[str, Any] | None
    primary_metric: str
    resamples: str | None
    """Where the store keeps the primary metric's resamples."""

    def to_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What a file's predictions are worth; `primary` is the primary metric with its resamples over images."""

    accuracy: dict[str, Any] | None
    fidelity: dict[str, Any] | None
    primary_metric: str
    primary: Resampled | None


def evaluate(
    path: Path,
    spec: ModelSpec,
    split: Split,
    labels: tuple[str, ...] | None,
    store: Store,
    *,
    baseline: Path | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> Evaluation:
    """Score the file at `path` on `split`.

    `labels` are the model's, and the split's classes count in them; None: nothing is known about the images.
    Given `baseline`, the uncompressed model's file, differences are paired image by image. Predictions are
    kept in the store: the baseline runs once for all that are compared with it. Raises DatasetError, ModelError.
    """
    found = score(path, spec, split, labels, store, baseline=baseline, threads=threads, progress=progress)
    fidelity = found.fidelity
    if baseline is not None:
        fidelity = (fidelity or {}) | _sqnr(path, baseline, spec, split, threads)
    key = None
    if found.primary is not None:
        key = _key(found.primary_metric, path, spec, split, labels, baseline, SEED)
        resamples.keep(store, key, found.primary)
    counted = counts(path)
    return Evaluation(
        sizes=sizes(path, bound=packed.entropy_bound).to_json(),
        params=counted.params,
        nonzero=counted.nonzero,
        macs=counted.macs,
        memory={"peak_activation": counted.peak_activation_bytes},
        accuracy=found.accuracy,
        fidelity=fidelity,
        primary_metric=found.primary_metric,
        resamples=key,
    )


def score(
    path: Path,
    spec: ModelSpec,
    split: Split,
    labels: tuple[str, ...] | None,
    store: Store,
    *,
    baseline: Path | None = None,
    threads: int = 1,
    seed: int = SEED,
    progress: Progress = silent,
) -> Scored:
    """The predictions' part of `evaluate`: accuracy, and agreement with the baseline. `seed` draws resamples."""
    task = task_for(spec)
    predictions = predict(path, spec, split, store, threads=threads, progress=progress)
    decoded = predictions[0] is not None
    scores, fidelity, same = Scores(), None, None
    if decoded and labels is not None:
        progress("scoring", 0, 0)
        scores = task.score(predictions, split, labels, seed)
    figures = scores.figures
    if baseline is not None:
        reference = predict(baseline, spec, split, store, threads=threads, progress=progress)
        fidelity, same = _agreement(reference, predictions, seed)
        if scores.primary is not None and labels is not None:
            change = scores.primary - _reference(baseline, reference, spec, split, labels, store, seed)
            figures = figures | {"paired_delta": change.value, "paired_ci95": change.paired_ci95}
    if scores.primary is not None:
        return Scored(
            accuracy=figures, fidelity=fidelity, primary_metric=task.primary_metric, primary=scores.primary
        )
    headline = "agreement" if decoded else "sqnr_db"
    return Scored(accuracy=None, fidelity=fidelity, primary_metric=headline, primary=same)


def _reference(
    path: Path,
    predictions: Sequence[Prediction],
    spec: ModelSpec,
    split: Split,
    labels: tuple[str, ...],
    store: Store,
    seed: int,
) -> Resampled:
    """The baseline's accuracy, resampled once for all that are compared with it."""
    task = task_for(spec)
    key = _key(task.primary_metric, path, spec, split, labels, None, seed)
    if (kept := resamples.load(store, key)) is not None:
        return kept
    found = task.score(predictions, split, labels, seed).primary
    assert found is not None, "what one model can be scored on, all can"
    resamples.keep(store, key, found)
    return found


def _key(
    metric: str,
    path: Path,
    spec: ModelSpec,
    split: Split,
    labels: tuple[str, ...] | None,
    baseline: Path | None,
    seed: int,
) -> str:
    """The key of a file's resampled figure; accuracy is the same whatever it is compared with."""
    against = sha256_of(baseline) if baseline is not None and metric == "agreement" else None
    made = [sha256_of(path), spec.to_json(), split.fingerprint, labels]
    return resamples.key_of(__version__, metric, made, against, seed)


def predict(
    path: Path,
    spec: ModelSpec,
    split: Split,
    store: Store,
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> list[Prediction]:
    """The file's predictions on every image of the split, from the store if they were made before."""
    what = json.dumps([__version__, sha256_of(path), split.fingerprint, spec.to_json()], sort_keys=True)
    key = hashlib.sha256(what.encode()).hexdigest()
    kept = store.place("predictions", f"{key}.npz")
    with store.lock(f"predictions-{key}"):
        if kept.exists():
            return _unpack(kept)
        predictions = _predict(path, spec, split, threads, progress)
        write_atomically(kept, _pack(predictions))
    return predictions


def _predict(path: Path, spec: ModelSpec, split: Split, threads: int, progress: Progress) -> list[Prediction]:
    task, session = task_for(spec), open_session(path, threads=threads)
    predictions: list[Prediction] = []
    for index in range(len(split)):
        progress("evaluating", index, len(split))
        prepared = task.prepare(split.image(index), spec)
        predictions.append(task.decode(session.run(prepared.tensor), prepared, spec))
    return predictions


def _agreement(
    reference: Sequence[Prediction], predictions: Sequence[Prediction], seed: int
) -> tuple[dict[str, Any], Resampled | None]:
    """Agreement with the baseline and its interval over images; nothing for a family without decoder."""
    before, after = ([p for p in made if isinstance(p, Detections)] for made in (reference, predictions))
    if before:
        figures, share = agreement(before, after, seed)
        return {**figures, "agreement_ci95": share.ci95}, share
    original, compressed = (
        [p for p in made if isinstance(p, np.ndarray)] for made in (reference, predictions)
    )
    if not original:
        return {}, None
    same, share = label_agreement(original, compressed, seed)
    return {**same, "agreement_ci95": share.ci95}, share


def _sqnr(path: Path, baseline: Path, spec: ModelSpec, split: Split, threads: int) -> dict[str, float]:
    """Output SQNR in dB against the baseline, over a few images."""
    task = task_for(spec)
    compressed, original = open_session(path, threads=threads), open_session(baseline, threads=threads)
    indices = sorted({round(i) for i in np.linspace(0, len(split) - 1, SQNR_IMAGES)})
    tensors = [task.prepare(split.image(index), spec).tensor for index in indices]
    powers = [signal_and_noise(original.run(tensor), compressed.run(tensor)) for tensor in tensors]
    return {"sqnr_db": sqnr_db(np.sum(powers, axis=0))[0]}


def _pack(predictions: Sequence[Prediction]) -> bytes:
    """npz bytes of predictions of one kind."""
    content = io.BytesIO()
    kind: Literal["boxes", "chances", "none"] = "none"
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    boxes = [p for p in predictions if isinstance(p, Detections)]
    if boxes:
        kind = "boxes"
        arrays = {
            name: np.concatenate([getattr(p, name) for p in boxes]) for name in ("boxes", "scores", "classes")
        }
        arrays["ends"] = np.cumsum([len(p) for p in boxes])
    elif isinstance(predictions[0], np.ndarray):
        kind = "chances"
        arrays = {"chances": np.stack([p for p in predictions if isinstance(p, np.ndarray)])}
    np.savez_compressed(
        content, kind=np.array(kind), images=np.array(len(predictions)), allow_pickle=False, **arrays
    )
    return content.getvalue()


def _unpack(path: Path) -> list[Prediction]:
    with np.load(path, allow_pickle=False) as kept:
        kind = str(kept["kind"])
        if kind == "none":
            return [None] * int(kept["images"])
        if kind == "chances":
            return list(kept["chances"])
        boxes, scores, classes = kept["boxes"], kept["scores"], kept["classes"]
        ends = kept["ends"].tolist()
    spans = zip([0, *ends[:-1]], ends, strict=True)
    return [Detections(boxes[a:b], scores[a:b], classes[a:b]) for a, b in spans]
