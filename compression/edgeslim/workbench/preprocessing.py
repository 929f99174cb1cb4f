"""Which preparation of images a model expects, found by trying."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.artifact import made_here
from edgeslim.artifacts.store import Store, sha256_of
from edgeslim.errors import ModelError, Notice
from edgeslim.progress import Progress, silent
from edgeslim.records import ClassMap
from edgeslim.report.preprocessing import feeding_words, score_text
from edgeslim.workbench.datasets import open_dataset

if TYPE_CHECKING:
    from edgeslim.measurement.preprocessing import TriedPreprocessing
    from edgeslim.measurement.workload import Workload
    from edgeslim.models.base import ModelSpec

_RIGHT = 0.1
"""The mAP without regard to classes from which boxes are right."""
_FEWEST = 8
"""Images below which a difference is chance."""
_KEYS = ("color", "scale", "mean", "std", "resize", "resize_filter")


def try_preprocessing(
    model: str | Path,
    dataset: str | Path,
    *,
    spec: ModelSpec | None = None,
    images: int | None = None,
    classes: ClassMap = (),
    store: Store | None = None,
    progress: Progress = silent,
) -> TriedPreprocessing:
    """Try every usual colour order, range, resizing and filter on a few of the pictures, ranked by what they give.

    By score where the dataset has labels in the model's classes, else by how sure the model is of what it sees. It takes
    some seconds the first time. Raises ModelError, DatasetError.
    """
    from edgeslim.measurement import preprocessing
    from edgeslim.models.library import open_model

    store = store or Store()
    found = open_model(model, store, spec, progress=progress)
    data = open_dataset(dataset, store, progress)
    count = images or preprocessing.IMAGES
    return preprocessing.try_on(found, data, store, images=count, classes=classes, progress=progress)


def settled_spec(
    model: str | Path,
    dataset: str | Path,
    spec: ModelSpec | None,
    store: Store,
    progress: Progress,
    classes: ClassMap = (),
) -> tuple[ModelSpec | None, list[Notice]]:
    """The specification to use, and what to tell of it: one that was given or stored stays; a file that was made here
    is read as the model it was made from; of another one, whose family was merely recognised, ways are tried on the data.

    Raises ModelError (preprocessing_unclear) where several ways are as good, naming them; DatasetError.
    """
    from edgeslim.models.families import UNKNOWN
    from edgeslim.models.library import is_recognised, open_model

    if spec is not None or not is_recognised(model):
        return spec, []
    made = _made_from(Path(model).expanduser(), store)
    if made is not None:
        return made
    found = open_model(model, store, progress=progress).spec
    if found.task == "detection" and found.family == UNKNOWN:
        return None, []
    tried = try_preprocessing(model, dataset, classes=classes, store=store, progress=progress)
    if tried.images < _FEWEST:
        return None, []
    if tried.verdict == "unclear":
        raise _unclear(model, tried)
    return (tried.chosen if tried.verdict == "found" else None), [preprocessing_notice(tried)]


def _made_from(path: Path, store: Store) -> tuple[ModelSpec, list[Notice]] | None:
    """The specification of the model that the file was made from, where the store has a record of that."""
    from edgeslim.models.library import open_model
    from edgeslim.models.spec import spec_from_json

    artifact = made_here(sha256_of(path), store) if path.is_file() else None
    if artifact is None:
        return None
    told = [Notice("made_from", model=artifact.model)]
    if artifact.spec:
        return spec_from_json(artifact.spec), told
    with suppress(ModelError):  # a file, or renamed
        original = open_model(artifact.model, store)
        if original.sha256 == artifact.model_sha256:
            return original.spec, told
    return None


def suspicions(
    sha256: str, workload: Workload, dataset: str | Path, store: Store, progress: Progress
) -> list[Notice]:
    """Why a detector that scores nothing does so, as far as trying can tell: its classes, or how images are prepared."""
    from edgeslim.measurement import preprocessing
    from edgeslim.measurement.classless import score_without_classes

    classless = score_without_classes(store.path(sha256), workload, store, progress)
    if classless >= _RIGHT:
        score = f"{100 * classless:.1f}"
        return [Notice("classes_suspected", score=score)]
    classes = () if workload.matching is None or not workload.matching.given else workload.matching.pairs
    data = open_dataset(dataset, store, progress)
    tried = preprocessing.try_on(workload.model, data, store, classes=classes, progress=progress)
    if tried.verdict not in ("found", "unclear"):
        return []
    way = next((each for each in tried.ways if each.spec == tried.chosen), tried.ways[0])
    words, score = feeding_words(way.spec), score_text(tried, way.score)
    return [
        Notice("preprocessing_suspected", way=words, measure=tried.measure, score=score, images=tried.images)
    ]


def preprocessing_notice(tried: TriedPreprocessing) -> Notice:
    """What was chosen, and how sure that is."""
    best = tried.ways[0]
    if tried.chosen is None:
        return Notice("preprocessing_none", ways=len(tried.ways), images=tried.images)
    way = feeding_words(tried.chosen)
    other = next((each for each in tried.ways if _differs(each.spec, tried.chosen)), best)
    chosen = next(each for each in tried.ways if each.spec == tried.chosen)
    score, next_score = (score_text(tried, each.score) for each in (chosen, other))
    return Notice(
        f"preprocessing_{tried.verdict}",
        way=way,
        measure=tried.measure,
        score=score,
        other=next_score,
        images=tried.images,
    )


def _differs(spec: ModelSpec, other: ModelSpec) -> bool:
    """In colour order or range."""
    return any(getattr(spec, key) != getattr(other, key) for key in ("color", "scale", "mean", "std"))


def _unclear(model: str | Path, tried: TriedPreprocessing) -> ModelError:
    ways = "; ".join(f"{feeding_words(way.spec)} ({score_text(tried, way.score)})" for way in tried.rivals)
    best = {
        key: getattr(tried.ways[0].spec, key) for key in ("family", "input_width", "input_height", *_KEYS)
    }
    return ModelError(
        "preprocessing_unclear", file=model, images=tried.images, ways=ways, spec=json.dumps(best)
    )
