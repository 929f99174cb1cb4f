"""Models: which there are, what one is, and bringing one in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.errors import Notice
from edgeslim.models.base import Model, ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.records import Sizes
from edgeslim.workbench.access import require_space
from edgeslim.workbench.preprocessing import settled_spec

if TYPE_CHECKING:
    from edgeslim.models.library import ModelEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """A model as it can be opened. `proof` says what import changed (free-form), and by how much outputs differ."""

    name: str
    sha256: str
    origin: str
    spec: ModelSpec
    proof: Mapping[str, Any]
    trainable: bool
    """Whether there is a loss to train it by."""
    params: int
    macs: int
    sizes: Sizes
    told: tuple[Notice, ...] = ()
    """What was found out on import."""


def list_models(store: Store | None = None) -> tuple[ModelEntry, ...]:
    """Samples, imported models, catalogue."""
    from edgeslim.models.library import list_models as entries

    return entries(store or Store())


def list_families() -> list[str]:
    """The model families whose outputs can be read, 'unknown' last: judged by output fidelity alone."""
    from edgeslim.models.families import FAMILIES, UNKNOWN

    return [*FAMILIES.names(), UNKNOWN]


def describe_model(
    reference: str | Path, spec: ModelSpec | None = None, store: Store | None = None
) -> ModelInfo:
    """Open the model and measure its file. Raises ModelError."""
    from edgeslim.models.library import open_model

    return described(open_model(reference, store or Store(), spec))


def stored_model(reference: str, store: Store | None = None) -> ModelInfo:
    """The listed model, its file among the store's like any compressed one. Raises ModelError, AccessError."""
    from edgeslim.models.library import is_file, open_model

    store = store or Store()
    if is_file(reference):
        visitors.require_machine()
    model = open_model(reference, store)
    if not store.path(model.sha256).exists():
        store.put(model.path.read_bytes())
    return described(model)


def described(model: Model) -> ModelInfo:
    from edgeslim.metrics.counts import counts
    from edgeslim.metrics.size import sizes
    from edgeslim.tasks.base import loss_for

    proof = dict(model.proof)
    if "macs" not in proof:  # a sample's
        counted = counts(model.path)
        proof |= {"parameters": counted.params, "macs": counted.macs}
    return ModelInfo(
        name=model.name,
        sha256=model.sha256,
        origin=model.origin,
        spec=model.spec,
        proof=proof,
        trainable=loss_for(model.spec) is not None,
        params=proof["parameters"],
        macs=proof["macs"],
        sizes=sizes(model.path),
    )


def recognised_spec(content: bytes, file_name: str, store: Store | None = None) -> ModelSpec:
    """What import would recognise of an uploaded file; nothing is listed. Raises ModelError, AccessError."""
    visitors.refuse_in_demo("import")
    from edgeslim.models.importing import import_bytes

    return import_bytes(content, file_name, None, store or Store()).spec


def import_model(
    source: str | Path | bytes,
    *,
    file_name: str = "",
    name: str | None = None,
    spec: ModelSpec | None = None,
    dataset: str | Path | None = None,
    shared: bool = False,
    store: Store | None = None,
    progress: Progress = silent,
) -> ModelInfo:
    """Import an ONNX file, a path or an upload's bytes with its `file_name`, and list it under `name`.

    Without `name` the file's is used (an upload's is made a sound one); without `spec` the family is
    recognised from the outputs, and given a path and a `dataset`, how images are prepared is found by trying. A
    visitor's is seen by others if `shared`. Returns what `describe_model` does, and what was found. Raises
    EdgeSlimError: nothing is listed.
    """
    visitors.refuse_in_demo("import")
    from edgeslim.models.catalogue import default_name
    from edgeslim.models.importing import import_named, import_onnx

    store = store or Store()
    if not isinstance(source, bytes):
        visitors.require_machine()
        told: list[Notice] = []
        if dataset is not None:
            spec, told = settled_spec(Path(source), dataset, spec, store, progress)
        name = name or default_name(Path(source).stem)
        keep_former(name, spec, store)
        found = described(import_onnx(source, spec, name, store, progress))
        return replace(found, told=tuple(told))
    require_space(len(source), store)
    name = default_name(name or Path(file_name).stem)
    file = file_name or f"{name}.onnx"
    keep_former(name, spec, store)
    return described(import_named(source, file, name, spec, store, progress, shared=shared))


def keep_former(name: str, spec: ModelSpec | None, store: Store) -> None:
    """Before a listed model gets another specification."""
    from edgeslim.models.library import open_model
    from edgeslim.workbench.library import keep_in_studies

    if spec is not None and name in [each.name for each in list_models(store) if each.origin == "imported"]:
        former = open_model(name, store).spec
        if former != spec:
            keep_in_studies(name, former, store)


def download_model(name: str, store: Store | None = None, progress: Progress = silent) -> ModelInfo:
    """Fetch a catalogue model, verified by its SHA-256, and list it. Raises DownloadError, EdgeSlimError."""
    visitors.refuse_in_demo("import")
    from edgeslim.models.download import download_model as download

    return described(download(name, store or Store(), progress))


def torch_lines() -> str:
    """Five lines of Python that export a PyTorch network as it is imported best, for where its code is."""
    from edgeslim.models.other_formats import export_lines

    return export_lines("checkpoint", "mine.pt")


def checked_spec(values: Mapping[str, Any]) -> ModelSpec:
    """A model specification from what was typed into a form: any values. Raises ModelError naming the key."""
    from edgeslim.models.spec import spec_from_json

    return spec_from_json(dict(values))


def read_spec(path: Path) -> ModelSpec:
    """A model specification from a JSON file. Raises ModelError naming the file and the key."""
    from edgeslim.models.spec import load_spec

    return load_spec(path)
