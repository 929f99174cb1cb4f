"""A file's predictions on a split's images, made once for all that are compared with it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgeslim import __version__
from edgeslim.artifacts.store import Store, sha256_of, write_atomically
from edgeslim.datasets.base import Split
from edgeslim.detections import Detections
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.runtime import ONNXRUNTIME, Runtime
from edgeslim.sessions import Session
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prediction


def predict(
    path: Path,
    spec: ModelSpec,
    split: Split,
    store: Store,
    *,
    runtime: Runtime = ONNXRUNTIME,
    threads: int = 1,
    progress: Progress = silent,
) -> list[Prediction]:
    """The file's predictions on every image of the split, from the store if they were made before."""
    place = _place(path, spec, split, store, runtime)
    with store.lock(f"predictions-{place.stem}", progress=progress):
        if place.exists():
            return _unpack(place)
        predictions = _predict(runtime.open(path, threads), spec, split, progress)
        write_atomically(place, _pack(predictions))
    return predictions


def kept(path: Path, spec: ModelSpec, split: Split, store: Store) -> list[Prediction] | None:
    """What `predict` returns, if it was made before."""
    place = _place(path, spec, split, store, ONNXRUNTIME)
    return _unpack(place) if place.exists() else None


def _place(path: Path, spec: ModelSpec, split: Split, store: Store, runtime: Runtime) -> Path:
    decisive = [__version__, sha256_of(path), split.fingerprint, spec.to_json(), *identity(runtime)]
    key = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    return store.place("predictions", f"{key}.npz")


def identity(runtime: Runtime) -> list[object]:
    """What decides predictions besides the file and the images."""
    return [runtime.name, runtime.version(), dict(runtime.options())]


def _predict(session: Session, spec: ModelSpec, split: Split, progress: Progress) -> list[Prediction]:
    task = task_for(spec)
    predictions: list[Prediction] = []
    for index in range(len(split)):
        progress("evaluating", index, len(split))
        prepared = task.prepare(split.image(index), spec)
        predictions.append(task.decode(session.run(prepared.tensor), prepared, spec))
    return predictions


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
