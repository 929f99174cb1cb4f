"""(file, data) → Evaluation: every figure of a trial except latency, which is measured apart and alone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim import __version__
from edgeslim.artifacts.store import Store, sha256_of
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
from edgeslim.ort import open_session, saturates
from edgeslim.predictions import identity, predict
from edgeslim.progress import Progress, silent
from edgeslim.records import Sizes, shared
from edgeslim.runtime import ONNXRUNTIME, Runtime
from edgeslim.sessions import Session, Tensor
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prediction, Scores

SQNR_IMAGES = 8
"""Raw outputs are compared on this many images, evenly spread over the split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What running a file gives, named as in a trial's JSON.

    `accuracy` is None without labels or without a decoder, `fidelity` None without a baseline.
    """

    accuracy: dict[str, Any] | None
    fidelity: dict[str, Any] | None
    primary_metric: str
    resamples: str | None
    """Where the store keeps the primary metric's resamples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation(Judged):
    """Figures of one file: those of running it, and what is counted on it."""

    sizes: Sizes
    params: int
    nonzero: int
    macs: int
    int8_macs: int
    memory: dict[str, int]


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
    found = judge(path, spec, split, labels, store, baseline=baseline, threads=threads, progress=progress)
    counted = counts(path)
    return Evaluation(
        sizes=sizes(path, bound=packed.entropy_bound),
        memory={"peak_activation": counted.peak_activation_bytes},
        **shared(Evaluation, counted),
        **shared(Judged, found),
    )


def judge(
    path: Path,
    spec: ModelSpec,
    split: Split,
    labels: tuple[str, ...] | None,
    store: Store,
    *,
    runtime: Runtime = ONNXRUNTIME,
    baseline: Path | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> Judged:
    """What running the file in `runtime` gives; it is of that runtime's format. Else as `evaluate`.

    The `baseline` is an ONNX file in onnxruntime: what the original says is one thing in all runtimes.
    """
    found = score(
        path,
        spec,
        split,
        labels,
        store,
        runtime=runtime,
        baseline=baseline,
        threads=threads,
        progress=progress,
    )
    fidelity = found.fidelity
    if baseline is not None:
        fidelity = (fidelity or {}) | _sqnr(path, baseline, spec, split, runtime, threads)
    key = None
    if found.primary is not None:
        key = _key(found.primary_metric, path, spec, split, labels, baseline, SEED, runtime)
        resamples.keep(store, key, found.primary)
    return Judged(
        accuracy=found.accuracy, fidelity=fidelity, primary_metric=found.primary_metric, resamples=key
    )


def score(
    path: Path,
    spec: ModelSpec,
    split: Split,
    labels: tuple[str, ...] | None,
    store: Store,
    *,
    runtime: Runtime = ONNXRUNTIME,
    baseline: Path | None = None,
    threads: int = 1,
    seed: int = SEED,
    progress: Progress = silent,
) -> Scored:
    """The predictions' part of `judge`: accuracy, and agreement with the baseline. `seed` draws resamples."""
    task = task_for(spec)
    predictions = predict(path, spec, split, store, runtime=runtime, threads=threads, progress=progress)
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
    runtime: Runtime = ONNXRUNTIME,
) -> str:
    """The key of a file's resampled figure; accuracy is the same whatever it is compared with."""
    against = sha256_of(baseline) if baseline is not None and metric == "agreement" else None
    made: list[object] = [sha256_of(path), spec.to_json(), split.fingerprint, labels]
    if runtime is not ONNXRUNTIME:
        made += identity(runtime)
    return resamples.key_of(__version__, metric, made, against, seed)


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


def _sqnr(
    path: Path, baseline: Path, spec: ModelSpec, split: Split, runtime: Runtime, threads: int
) -> dict[str, float]:
    """Output SQNR in dB over a few images: against the baseline, and where they differ, of a plain session against
    the exact one."""
    task = task_for(spec)
    indices = sorted({round(i) for i in np.linspace(0, len(split) - 1, SQNR_IMAGES)})
    tensors = [task.prepare(split.image(index), spec).tensor for index in indices]

    def outputs(session: Session) -> list[list[Tensor]]:
        return [session.run(tensor) for tensor in tensors]

    compressed = outputs(runtime.open(path, threads))
    figures = {"sqnr_db": _ratio(outputs(ONNXRUNTIME.open(baseline, threads)), compressed)}
    if runtime is ONNXRUNTIME and saturates():
        plain = outputs(open_session(path, threads, exact=False))
        pairs = zip(itertools.chain(*compressed), itertools.chain(*plain), strict=True)
        if not all(np.array_equal(exact, other) for exact, other in pairs):
            figures["plain_sqnr_db"] = _ratio(compressed, plain)
    return figures


def _ratio(reference: Sequence[Sequence[Tensor]], outputs: Sequence[Sequence[Tensor]]) -> float:
    powers = [signal_and_noise(before, after) for before, after in zip(reference, outputs, strict=True)]
    return sqnr_db(np.sum(powers, axis=0))[0]
