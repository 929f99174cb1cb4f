"""The networks of keras.applications by name; Keras itself fetches their weights and the names of their classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from edgeslim.errors import DownloadError, ModelError, first_line
from edgeslim.models.base import ModelSpec, default_labels
from edgeslim.models.keras.converting import as_onnx, keras_of_torch
from edgeslim.models.keras.preprocessing import APPLICATIONS, prepared

CLASSES = 1000
_CLASS_INDEX = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
_CLASS_INDEX_MD5 = "c2c37ea517e94d9795004a39431a14cb"
Found = TypeVar("Found")


def application_as_onnx(
    name: str, side: int | None, *, weights: bool
) -> tuple[dict[str, Any], bytes, ModelSpec]:
    """As `as_onnx`, and the specification. With `weights` they and the classes' names are fetched, unless Keras has them;
    without, the network is untrained.

    Raises ModelError (keras_application, keras_application_size), DownloadError.
    """
    keras = keras_of_torch()
    known = {each.lower(): each for each in APPLICATIONS}
    if name.lower() not in known:
        near = get_close_matches(name.lower(), known, n=3) or list(known)
        choices = ", ".join(known[each] for each in near)
        raise ModelError("keras_application", name=name, choices=choices)
    name = known[name.lower()]
    mode, usual = APPLICATIONS[name]
    side = side or usual
    make = getattr(keras.applications, name)
    try:
        make(weights=None, input_shape=(side, side, 3))
    except ValueError as error:
        raise ModelError(
            "keras_application_size", name=name, side=side, usual=usual, reason=first_line(error)[:200]
        ) from error
    chosen = "imagenet" if weights else None
    model = _fetched(lambda: make(weights=chosen, input_shape=(side, side, 3)), name)
    found, content = as_onnx(model, name, (side, side))
    labels = _fetched(lambda: _class_names(keras), name) if weights else default_labels(CLASSES)
    spec = ModelSpec(
        task="classification",
        family="classifier",
        input_width=side,
        input_height=side,
        labels=labels,
        **prepared(mode, 3),
    )
    return found, content, spec


def _class_names(keras: Any) -> tuple[str, ...]:
    """ImageNet's, of which some occur twice: those get their WordNet number."""
    path = keras.utils.get_file(
        "imagenet_class_index.json", _CLASS_INDEX, cache_subdir="models", file_hash=_CLASS_INDEX_MD5
    )
    index = json.loads(Path(path).read_bytes())
    pairs = [index[str(number)] for number in range(CLASSES)]
    words = [word for _, word in pairs]
    return tuple(word if words.count(word) == 1 else f"{word} {number}" for number, word in pairs)


def _fetched(make: Callable[[], Found], name: str) -> Found:
    try:
        return make()
    except Exception as error:
        if type(error) is not Exception:
            raise
        raise DownloadError("keras_download", name=name, reason=first_line(error)[:200]) from error
