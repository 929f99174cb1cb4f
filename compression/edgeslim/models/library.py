"""The available models: samples, imported models, the catalogue, and files. Nothing here imports torch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.detections import TaskName
from edgeslim.errors import ModelError
from edgeslim.models.base import Model, ModelSpec
from edgeslim.models.catalogue import CATALOGUE, SAMPLES, open_sample, sample_names, sample_records
from edgeslim.models.importing import MODELS, import_file
from edgeslim.models.spec import load_spec, spec_from_json
from edgeslim.progress import Progress, silent
from edgeslim.visitors import Whose

SUFFIXES = (".onnx", ".keras", ".pt", ".pth", ".pt2", ".safetensors")
"""Of files that are taken for models; what is no ONNX says what it is when it is opened."""
SAMPLES_LICENCE = "Apache-2.0 (trained by this project)"
Origin = Literal["sample", "imported", "catalogue"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelEntry:
    """One line of the list. A catalogue model's `params` and `sha256` are unknown until downloaded."""

    name: str
    origin: Origin
    task: TaskName
    family: str
    input_width: int
    input_height: int
    classes: int
    params: int | None
    bytes: int
    sha256: str | None
    ready: bool
    """Whether it can be opened now: a catalogue model must be downloaded first."""
    licence: str = ""
    source: str = ""
    whose: Whose = ""


def is_file(reference: str | Path) -> bool:
    """Whether a model's reference is a file's path, not a name."""
    path = Path(reference).expanduser()
    return isinstance(reference, Path) or path.suffix.lower() in SUFFIXES or len(path.parts) > 1


def is_recognised(reference: str | Path) -> bool:
    """Whether the specification would be found from the file's outputs alone: a file with none beside it."""
    return is_file(reference) and _spec_path(Path(reference).expanduser()) is None


def open_model(
    reference: str | Path,
    store: Store | None = None,
    spec: ModelSpec | None = None,
    samples: Path = SAMPLES,
    progress: Progress = silent,
) -> Model:
    """Open a model by sample name, imported name, catalogue name, or path to an .onnx file.

    A file is imported as it is opened: with `spec`, or else the specification beside it (`x.spec.json` for
    `x.onnx`), or else by recognition. For named models `spec` replaces the stored one. Raises ModelError.
    """
    name, store = str(reference), store or Store()
    path = Path(reference).expanduser()
    if is_file(reference):
        return import_file(path, spec or _spec_beside(path), store, progress)
    model = _named(name, store, samples)
    if spec is None:
        return model
    return dataclasses.replace(import_file(model.path, spec, store, progress), name=name, origin=model.origin)


def list_models(store: Store | None = None, samples: Path = SAMPLES) -> tuple[ModelEntry, ...]:
    """Samples, then imported models, then the catalogue."""
    store = store or Store()
    records = {name: _record(name, store) for name in store.keys(MODELS)}
    entries = [
        dataclasses.replace(
            _entry(record, "sample", _size(samples / Path(record["file"]).name)), licence=SAMPLES_LICENCE
        )
        for record in sample_records(samples)
    ]
    entries += [
        _entry(record, "imported", record["bytes"])
        for name, record in records.items()
        if record is not None and name not in CATALOGUE
    ]
    for offer in CATALOGUE:
        record = records.get(offer.name) or {"name": offer.name, "spec": offer.spec.to_json()}
        line = _entry(record, "catalogue", record.get("bytes", offer.bytes))
        entries.append(dataclasses.replace(line, licence=offer.licence, source=offer.source))
    return tuple(entries)


def check_free(name: str, store: Store, samples: Path = SAMPLES) -> None:
    """Raise ModelError if a model has that name already."""
    if name in (*sample_names(samples), *store.keys(MODELS)) or name in CATALOGUE:
        raise ModelError("model_name_taken", name=name)


def _named(name: str, store: Store, samples: Path) -> Model:
    if name in sample_names(samples):
        return open_sample(name, samples)
    record = _record(name, store)
    if record is not None and store.path(record["sha256"]).exists():
        path = store.path(record["sha256"])
        spec = spec_from_json(record["spec"])
        return Model(name, path, record["sha256"], spec, record["origin"], record["proof"])
    if name in CATALOGUE:
        raise ModelError("not_downloaded", name=name)
    known = [entry.name for entry in list_models(store, samples)]
    choices = ", ".join(get_close_matches(name, known, n=3) or known)
    raise ModelError("unknown_model", name=name, choices=choices)


def _record(name: str, store: Store) -> dict[str, Any] | None:
    """Of a listed model, if whoever asks may see it."""
    record = store.get_record(MODELS, name) if name in store.keys(MODELS) else None
    return record if record is not None and visitors.may_see(record) else None


def _spec_beside(path: Path) -> ModelSpec | None:
    found = _spec_path(path)
    return None if found is None else load_spec(found)


def _spec_path(path: Path) -> Path | None:
    beside = (path.with_suffix(".spec.json"), path.with_name(f"{path.name}.spec.json"))
    return next((candidate for candidate in beside if candidate.is_file()), None)


def _entry(record: dict[str, Any], origin: Origin, size: int) -> ModelEntry:
    spec = spec_from_json(record["spec"])
    proof = record.get("proof", record)
    return ModelEntry(
        name=record["name"],
        origin=origin,
        task=spec.task,
        family=spec.family,
        input_width=spec.input_width,
        input_height=spec.input_height,
        classes=len(spec.labels),
        params=proof.get("parameters"),
        bytes=size,
        sha256=record.get("sha256"),
        ready="sha256" in record,
        whose=visitors.whose(record),
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
