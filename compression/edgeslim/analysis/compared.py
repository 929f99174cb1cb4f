"""What two files get wrong on the same images, kept by content: seconds of resampling, done once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from edgeslim import __version__
from edgeslim.analysis.errors import Mistakes, boxes_of, chances_of, mistakes
from edgeslim.analysis.parts import Parts, box_parts, class_parts
from edgeslim.artifacts.store import Store, sha256_of
from edgeslim.measurement.workload import Workload
from edgeslim.predictions import predict
from edgeslim.progress import Progress, silent
from edgeslim.records import decoded, encoded

KIND = "compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Mistakes from a score on, and figures by class and size; differences are second − first.

    None where nothing is known of the images. A classifier makes no mistakes of place.
    """

    mistakes: Mistakes | None = None
    parts: Parts | None = None


def compare_on(
    work: Workload, files: tuple[Path, Path], confidence: float, store: Store, progress: Progress = silent
) -> Compared:
    """Two ONNX files on the workload's images, from the store if they were compared before."""
    key = _key(work, files, confidence)
    if (known := store.get_record(KIND, key)) is not None:
        return decoded(Compared, known)
    found = _compare(work, files, confidence, store, progress)
    store.put_record(KIND, key, encoded(found))
    return found


def is_compared(work: Workload, files: tuple[Path, Path], confidence: float, store: Store) -> bool:
    """Whether `compare_on` only has to read."""
    return store.get_record(KIND, _key(work, files, confidence)) is not None


def _compare(
    work: Workload, files: tuple[Path, Path], confidence: float, store: Store, progress: Progress
) -> Compared:
    split, labels = work.evaluation, work.labels
    seen = [predict(file, work.model.spec, split, store, progress=progress) for file in files]
    if labels is None or any(each is None for each in seen[0]):
        return Compared()
    truths = [split.target(place) for place in range(len(split))]
    boxes = boxes_of(truths, seen[0], seen[1])
    if boxes is None:
        return Compared(parts=class_parts(*chances_of(truths, seen[0], seen[1]), labels))
    return Compared(mistakes=mistakes(*boxes, len(labels), confidence), parts=box_parts(*boxes, labels))


def _key(work: Workload, files: tuple[Path, Path], confidence: float) -> str:
    """Decided by both files, the images, how outputs are read, and from which score on."""
    hashes = [sha256_of(file) for file in files]
    decisive = [__version__, hashes, work.evaluation.fingerprint, work.model.spec.to_json(), confidence]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
