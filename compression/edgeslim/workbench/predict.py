"""What a model's file sees on an image."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store

if TYPE_CHECKING:
    from edgeslim.detections import Image
    from edgeslim.models.base import ModelSpec
    from edgeslim.ort import OrtSession
    from edgeslim.tasks.base import Prediction


SECONDS = 60.0
"""For one image: a page waits for it."""


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
    outputs = session.run(prepared.tensor, SECONDS)
    milliseconds = (time.perf_counter() - began) * 1000
    return task.decode(outputs, prepared, spec), milliseconds


@lru_cache(maxsize=8)
def _session(path: str, changed: int) -> OrtSession:
    """A warm session; `changed` makes a file that was replaced another one."""
    import numpy as np

    from edgeslim.ort import open_session

    session = open_session(Path(path))
    session.run(np.zeros(session.inputs[0].fixed_shape, np.float32), SECONDS)
    return session
