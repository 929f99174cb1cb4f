"""What models see on an image, and what compression changed in it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store

if TYPE_CHECKING:
    from edgeslim.detections import Image
    from edgeslim.metrics.fidelity import Fidelity
    from edgeslim.models.base import ModelSpec
    from edgeslim.ort import OrtSession
    from edgeslim.tasks.base import Prediction


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """One file on one image: its prediction, the milliseconds that took (once, not a benchmark), and, for
    detectors, what became of the original's boxes at the chosen confidence."""

    prediction: Prediction
    milliseconds: float
    changes: Fidelity | None


def model_spec(reference: str | Path, spec: ModelSpec | None = None, store: Store | None = None) -> ModelSpec:
    """The specification by which a model's files are fed and read. Raises ModelError."""
    from edgeslim.models.library import open_model

    return open_model(reference, store or Store(), spec).spec


def predict(file: str | Path, image: Image, spec: ModelSpec) -> tuple[Prediction, float]:
    """What the ONNX file says about an (height, width, 3) RGB image, and the milliseconds of running it.

    Detections (all above the spec's own confidence), class probabilities (C,), or None for an unknown family.
    Raises ModelError.
    """
    from edgeslim.tasks import task_for

    path = Path(file)
    session, task = _session(str(path), path.stat().st_mtime_ns), task_for(spec)
    prepared = task.prepare(image, spec)
    began = time.perf_counter()
    outputs = session.run(prepared.tensor)
    milliseconds = (time.perf_counter() - began) * 1000
    return task.decode(outputs, prepared, spec), milliseconds


def compare(
    image: Image, original: str | Path, files: Sequence[str | Path], spec: ModelSpec, confidence: float
) -> tuple[Compared, ...]:
    """The original, then each file, on one image. Raises ModelError."""
    from edgeslim.detections import Detections
    from edgeslim.metrics.fidelity import diff

    reference, milliseconds = predict(original, image, spec)
    compared = [Compared(reference, milliseconds, None)]
    for file in files:
        prediction, milliseconds = predict(file, image, spec)
        changes = None
        if isinstance(reference, Detections) and isinstance(prediction, Detections):
            changes = diff(reference, prediction, confidence=confidence)
        compared.append(Compared(prediction, milliseconds, changes))
    return tuple(compared)


@lru_cache(maxsize=8)
def _session(path: str, changed: int) -> OrtSession:
    """A warm session; `changed` makes a file that was replaced another one."""
    import numpy as np

    from edgeslim.ort import open_session

    session = open_session(Path(path))
    session.run(np.zeros(session.inputs[0].fixed_shape, np.float32))
    return session
