"""`.keras` files: the network's description, reduced to what is known to be harmless, and its weights.

Keras makes Python objects of what a description names. Here each layer must be one that is known; initializers and the
like, which inference does not need, are left out. Nothing is run, and Keras is not needed.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.models.keras.errors import broken, refused_layers
from edgeslim.reading import parse_json

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
MODELS = ("Functional", "Sequential")
_MODULES = (
    "keras",
    "keras.layers",
    "keras.models",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
)
_OPERATIONS = ("keras.src.ops.", "keras.src.models.", "keras.src.layers.", "keras.src.dtype_policies")
"""Where Keras's own classes are: operations on tensors and models are named by their place."""
_MAX_CONFIG = 1 << 26
_MAX_WEIGHTS = 1 << 30
_MAX_MEMBERS = 10_000
_FORGOTTEN = ("_regularizer", "_constraint", "_initializer")
"""Ends of parameters that only training needs."""
_TENSOR = "__keras_tensor__"
_BROKEN = (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Archive:
    """`config` for `keras.saving.deserialize_keras_object`; `weights` is an HDF5 file."""

    config: dict[str, Any]
    weights: bytes


def read(content: bytes, file: str | Path, known: frozenset[str]) -> Archive:
    """Raises ModelError: `keras_lambda`, `keras_layers` for layers that are not `known`, `keras_broken`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            config = parse_json(_member(archive, _CONFIG, _MAX_CONFIG))
            weights = _member(archive, _WEIGHTS, _MAX_WEIGHTS)
    except _BROKEN as error:
        raise broken(file, str(error)) from error
    except KeyError as error:
        raise broken(file, f"it has no {error}") from error
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise broken(file, "its description is not that of a model")
    kinds = [kind_of(layer) for layer in _layers(config)]
    if "Lambda" in kinds:
        raise ModelError("keras_lambda", file=file)
    unknown = sorted({kind for kind in kinds if kind not in known} | _owned_elsewhere(config))
    if unknown:
        raise refused_layers(file, unknown)
    return Archive(_harmless(config, file), weights)


def kind_of(layer: Mapping[str, Any]) -> str:
    """A layer's class; that of an operation on tensors by its name alone, which may be a merging layer's too."""
    return str(layer.get("class_name"))


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    member = archive.getinfo(name)
    if member.file_size > limit or len(archive.namelist()) > _MAX_MEMBERS:
        raise ValueError(f"{name} unpacks to {member.file_size:,} bytes")
    return archive.read(member)


def _layers(layer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All layers, those of models inside the model and those named as activations too.

    A model that is a class of somebody's own is a layer.
    """
    inner = layer.get("config")
    inner = inner if isinstance(inner, dict) else {}
    layers = inner.get("layers")
    if kind_of(layer) not in MODELS or not isinstance(layers, list):
        yield layer
        layers = [inner["activation"]] if isinstance(inner.get("activation"), dict) else []
    for each in layers:
        yield from _layers(each if isinstance(each, dict) else {"class_name": repr(each)[:60]})


def _owned_elsewhere(value: Any) -> set[str]:
    """Names of classes outside Keras, wherever they stand in a network's description."""
    if isinstance(value, list):
        return {name for each in value for name in _owned_elsewhere(each)}
    if not isinstance(value, dict):
        return set()
    found = {
        name for key, each in value.items() if key != "compile_config" for name in _owned_elsewhere(each)
    }
    module = str(value.get("module") or "keras")
    if "class_name" in value and module not in _MODULES and not module.startswith(_OPERATIONS):
        found.add(f"{module}.{value['class_name']}"[:100])
    return found


def _harmless(layer: Mapping[str, Any], file: str | Path) -> dict[str, Any]:
    """A model's or layer's description, without what only training needs; all in float32."""
    inner = layer.get("config")
    if not isinstance(inner, dict):
        raise broken(file, "a layer has no parameters")
    if kind_of(layer) in MODELS:
        config = dict(inner, layers=[_harmless(each, file) for each in inner["layers"]])
    else:
        config = {key: value for key, value in inner.items() if not key.endswith(_FORGOTTEN)}
        activation = config.get("activation")
        if isinstance(activation, dict):
            config["activation"] = _harmless(activation, file)
    config |= {"dtype": "float32"} if "dtype" in config else {}
    checked = {key: value for key, value in config.items() if key not in ("layers", "activation")}
    nodes = layer.get("inbound_nodes", [])
    if not _is_plain(checked) or not _is_plain(nodes, tensors=True):
        raise broken(file, f"a parameter of the layer '{str(inner.get('name'))[:60]}' is no plain value")
    made = {key: layer[key] for key in ("module", "class_name", "name", "inbound_nodes") if key in layer}
    return {**made, "config": config, "registered_name": None}


def _is_plain(value: Any, *, tensors: bool = False) -> bool:
    """Numbers, texts, lists and mappings of them; and what names a tensor."""
    if isinstance(value, list):
        return all(_is_plain(each, tensors=tensors) for each in value)
    if isinstance(value, dict):
        named = "class_name" not in value or (tensors and value["class_name"] == _TENSOR)
        return named and all(_is_plain(each, tensors=tensors) for each in value.values())
    return value is None or isinstance(value, str | int | float | bool)
