"""Keras model → ONNX, with the largest difference of outputs. Runs in a child process where the file is unknown."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

from edgeslim.detections import FloatArray
from edgeslim.errors import ModelError, first_line
from edgeslim.models.families.classifier import probabilities
from edgeslim.models.keras.archive import MODELS, Archive, read
from edgeslim.models.keras.errors import broken, refused_layers
from edgeslim.models.keras.layer import NotTranslatedError
from edgeslim.models.keras.layers import LAYERS
from edgeslim.models.keras.network import translated
from edgeslim.models.keras.preprocessing import hints_of
from edgeslim.models.proof import MAX_RELATIVE_ERROR, largest_errors, probes, run
from edgeslim.models.tracing import exported

_KNOWN = frozenset({*LAYERS, *MODELS, "InputLayer"})
_BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, RuntimeError, ImportError)


def keras_of_torch() -> Any:
    """Keras on its torch backend. Raises ModelError (keras_backend) if it is loaded with another one."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    if keras.backend.backend() != "torch":
        raise ModelError("keras_backend", backend=keras.backend.backend())
    return keras


def archive_as_onnx(content: bytes, file: str, given: Any) -> tuple[dict[str, Any], bytes]:
    """A `.keras` file; `given` is (channels, height, width), for a model that leaves the size open. A job of
    `models.confined`."""
    model = _loaded(read(content, file, _KNOWN), file)
    return as_onnx(model, file, (given[1], given[2]))


def as_onnx(model: Any, file: str, size: tuple[int, int]) -> tuple[dict[str, Any], bytes]:
    """What was found out, and an ONNX file: channels first, BatchNorm kept. `hints` are for the specification; of the
    `proof`, `translation_error` is relative to the largest output.

    A softmax at the end is left out, so that what trains the network sees logits. Raises ModelError.
    """
    shape = _shape(model, file, size)
    try:
        network, softmax = translated(model, shape, logits=True)
    except NotTranslatedError as error:
        raise refused_layers(file, [str(error)]) from error
    names = [f"output{index}" for index in range(len(model.outputs))]
    content: bytes = exported(network, shape, "image", names).SerializeToString(deterministic=True)
    inputs = probes(shape)
    found = run(content, inputs)
    with _giving_logits(model, softmax) as probable:
        if probable:
            found = [[probabilities(outputs)[None]] for outputs in found]
        _, relative = largest_errors([_outputs(model, each) for each in inputs], found)
    if not relative <= MAX_RELATIVE_ERROR:
        raise ModelError("keras_differs", file=file, error=f"{relative:.1e}")
    proof = {"translated_from": "keras", "translation_error": relative, "softmax_left_out": bool(softmax)}
    return {"hints": hints_of(model, shape[1]), "proof": proof}, content


def _shape(model: Any, file: str, size: tuple[int, int]) -> tuple[int, int, int, int]:
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or shape[3] not in (1, 3):
        raise ModelError("keras_input", file=file, shape=shape or "?")
    return 1, shape[3], shape[1] or size[0], shape[2] or size[1]


@contextlib.contextmanager
def _giving_logits(model: Any, softmax: str) -> Iterator[bool]:
    """Meanwhile the layer of that name gives logits, which tell more of errors; whether it gives a softmax still."""
    last: Any = model.get_layer(softmax) if softmax else None
    if not hasattr(last, "activation"):
        yield last is not None
        return
    given, last.activation = last.activation, keras_of_torch().activations.linear
    try:
        yield False
    finally:
        last.activation = given


def _outputs(model: Any, image: FloatArray) -> list[FloatArray]:
    """Keras's own, with the channels brought first."""
    with torch.no_grad():
        given = model(np.ascontiguousarray(image.transpose(0, 2, 3, 1)), training=False)
    outputs = (
        given if isinstance(given, Sequence) else list(given.values()) if isinstance(given, dict) else [given]
    )
    arrays = [each.detach().cpu().numpy() for each in outputs]
    return [each.transpose(0, 3, 1, 2) if each.ndim == 4 else each for each in arrays]


def _loaded(archive: Archive, file: str) -> Any:
    keras = keras_of_torch()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        path.write_bytes(archive.weights)
        _refuse_links(path, file)
        try:
            model = keras.saving.deserialize_keras_object(archive.config, safe_mode=True)
            model.load_weights(path)
        except _BROKEN as error:
            raise broken(file, first_line(error)) from error
    return model


def _refuse_links(path: Path, file: str) -> None:
    """HDF5 can refer to other files of this machine, whose bytes would then be taken for weights."""
    try:
        with h5py.File(path, "r") as opened:
            elsewhere = any(map(_is_elsewhere, _objects(opened)))
    except _BROKEN as error:
        raise broken(file, first_line(error)) from error
    if elsewhere:
        raise broken(file, "its weights refer to another file")


def _is_elsewhere(found: Any) -> bool:
    if isinstance(found, h5py.Dataset):
        return bool(found.external) or found.is_virtual
    return isinstance(found, h5py.ExternalLink | h5py.SoftLink)


def _objects(group: h5py.Group) -> Iterator[Any]:
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            yield link
            continue
        found = group[name]
        yield found
        if isinstance(found, h5py.Group):
            yield from _objects(found)
