"""The models that come with EdgeSlim (samples in the repository, official downloads), and the names models may have."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeslim.artifacts.store import sha256_of
from edgeslim.errors import ModelError
from edgeslim.models.base import COCO_80, Model, ModelSpec
from edgeslim.models.families import FAMILIES
from edgeslim.models.spec import spec_from_json
from edgeslim.registry import Registry

SAMPLES = Path(__file__).resolve().parents[3] / "sample_models"
_REQUIRED = ("name", "file", "sha256", "spec")


def sample_records(folder: Path = SAMPLES) -> tuple[dict[str, Any], ...]:
    """The manifest's entries; none if there is no manifest. Raises ModelError if it is damaged."""
    path = folder / "manifest.json"
    try:
        entries = json.loads(path.read_bytes())["models"]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError("sample_damaged", file=path) from error
    if not isinstance(entries, list) or not all(_is_complete(entry) for entry in entries):
        raise ModelError("sample_damaged", file=path)
    return tuple(entries)


def sample_names(folder: Path = SAMPLES) -> tuple[str, ...]:
    """Names of the sample models, in the manifest's order."""
    return tuple(record["name"] for record in sample_records(folder))


def open_sample(name: str, folder: Path = SAMPLES) -> Model:
    """One sample model; KeyError if there is none of that name. Raises ModelError if its file is missing or changed."""
    record = {entry["name"]: entry for entry in sample_records(folder)}[name]
    path = folder / Path(record["file"]).name
    if not path.is_file() or sha256_of(path) != record["sha256"]:
        raise ModelError("sample_damaged", file=path)
    proof = {key: value for key, value in record.items() if key not in _REQUIRED}
    return Model(name, path, record["sha256"], spec_from_json(record["spec"]), "sample", proof)


def _is_complete(entry: Any) -> bool:
    return isinstance(entry, dict) and all(key in entry for key in _REQUIRED)


_YOLOX = "https://github.com/Megvii-BaseDetection/YOLOX"
_YOLOX_SPEC = ModelSpec(
    family="yolox",
    input_width=416,
    input_height=416,
    strides=(8, 16, 32),
    labels=COCO_80,
    **FAMILIES.get("yolox").conventions,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueEntry:
    """A published model file: address, checksum, licence and specification."""

    name: str
    url: str
    sha256: str
    bytes: int
    licence: str
    source: str
    published: str
    """The published accuracy and dataset."""
    spec: ModelSpec


CATALOGUE: Registry[CatalogueEntry] = Registry("catalogue model")

for _name, _sha256, _bytes, _accuracy in (
    ("nano", "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d", 3_659_407, 25.8),
    ("tiny", "427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7", 20_219_662, 32.8),
):
    CATALOGUE.add(
        CatalogueEntry(
            name=f"yolox-{_name}",
            url=f"{_YOLOX}/releases/download/0.1.1rc0/yolox_{_name}.onnx",
            sha256=_sha256,
            bytes=_bytes,
            licence="Apache-2.0",
            source=_YOLOX,
            published=f"COCO mAP {_accuracy}",
            spec=_YOLOX_SPEC,
        )
    )

_ALLOWED = re.compile(r"\w[\w.\-]{0,63}")
_FORBIDDEN = re.compile(r"[^\w.\-]+")


def check_name(name: str) -> str:
    """`name`, if it is valid: it becomes a file name, and must not look like a path. Raises ModelError."""
    if not _ALLOWED.fullmatch(name) or name.lower().endswith(".onnx"):
        raise ModelError("model_name", name=name)
    return name


def default_name(stem: str) -> str:
    """A valid model name derived from a file's stem."""
    name = _FORBIDDEN.sub("-", stem).strip("-.")[:64]
    return check_name(name or "model")


def refuse_reserved(name: str) -> None:
    """Raise ModelError if a sample or a catalogue entry has this name."""
    if name in sample_names() or name in CATALOGUE:
        raise ModelError("name_reserved", name=name)
