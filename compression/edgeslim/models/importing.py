"""Importing a model: an untrusted file is prepared and stored, and listed if it is given a name."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.errors import ModelError
from edgeslim.models.base import Model, ModelSpec
from edgeslim.models.catalogue import check_name, default_name, refuse_reserved
from edgeslim.models.checks import read_bytes
from edgeslim.models.conversion import Converted, converted, require_keras
from edgeslim.models.families import FAMILIES, UNKNOWN
from edgeslim.models.preparing import prepare_confined
from edgeslim.models.spec import spec_from_json
from edgeslim.progress import Progress, silent

MODELS, IMPORTS = "models", "imports"
"""Kinds of records: named models, and results of importing by content."""
_VERSION = 3
"""To be raised when importing the same bytes gives another result."""
_PATIENCE = 900.0
"""Seconds to wait for other imports."""


def import_onnx(
    path: Path | str,
    spec: ModelSpec | None = None,
    name: str | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> Model:
    """Import a file under a name (by default the file's), so that it is listed and opens by name.

    Without `spec` the family is recognised from the outputs, or else 'unknown'. Raises ModelError, and stores
    nothing then. The same file and specification give the same bytes.
    """
    path = Path(path)
    name = check_name(name) if name is not None else default_name(path.stem)
    return import_named(read_bytes(path), path, name, spec, store or Store(), progress)


def import_named(
    content: bytes,
    file: str | Path,
    name: str,
    spec: ModelSpec | None,
    store: Store,
    progress: Progress = silent,
    *,
    shared: bool = False,
) -> Model:
    """Import a file's content under a name; errors refer to it as `file`. A visitor's is seen by others if `shared`."""
    refuse_reserved(name)
    model = import_bytes(content, file, spec, store, progress)
    return register(
        dataclasses.replace(model, name=name, origin="imported"),
        store,
        visitors.ownership(shared),
        recognised=spec is None,
    )


def import_file(path: Path, spec: ModelSpec | None, store: Store, progress: Progress = silent) -> Model:
    """Import a file without listing it; its name is the file's stem and its origin the path."""
    model = import_bytes(read_bytes(path), path, spec, store, progress)
    return dataclasses.replace(model, name=path.stem)


def application(network: str, side: int | None, *, weights: bool) -> tuple[Converted, ModelSpec]:
    """A network of keras.applications for images of `side` pixels (None: those it was trained for), and what it expects.

    Keras fetches weights and names, unless it has them. Raises ModelError, DownloadError.
    """
    require_keras(network)
    from edgeslim.models.keras.applications import application_as_onnx

    found, content, spec = application_as_onnx(network, side, weights=weights)
    return Converted(content, {}, found["proof"]), spec


def import_listed(
    source: Converted, name: str, spec: ModelSpec | None, store: Store, progress: Progress = silent
) -> Model:
    """Import what was converted under a name. Raises ModelError."""
    refuse_reserved(check_name(name))
    model = import_converted(source, name, spec, store, progress)
    return register(
        dataclasses.replace(model, name=name, origin="imported"),
        store,
        visitors.ownership(False),
        recognised=spec is None,
    )


def import_bytes(
    content: bytes, file: str | Path, spec: ModelSpec | None, store: Store, progress: Progress = silent
) -> Model:
    """Import a file's content without listing it; errors refer to it as `file`, which is also its name and origin.

    What is of another framework that can be converted is converted first.
    """
    source = converted(content, file, spec, store, progress)
    return import_converted(source, file, spec, store, progress)


def import_converted(
    source: Converted, file: str | Path, spec: ModelSpec | None, store: Store, progress: Progress = silent
) -> Model:
    """The same for what was converted."""

    def imported() -> dict[str, Any]:
        with store.lock("opening", _PATIENCE, progress):  # several at once could exhaust the memory
            progress("opening", 0, 0)
            made = prepare_confined(source.content, file, spec)
        return {"sha256": store.put(made.content), "spec": made.spec.to_json(), "proof": made.proof}

    record = store.computed(IMPORTS, _cache_key(source.content, spec), imported, progress)
    sha256: str = record["sha256"]
    found = spec_from_json(record["spec"])
    if spec is None and source.hints:
        found = spec_from_json({**found.to_json(), **source.hints})
    return Model(
        name=str(file),
        path=store.path(sha256),
        sha256=sha256,
        spec=found,
        origin=str(file),
        proof={**record["proof"], **source.proof},
    )


def register(
    model: Model, store: Store, whose: Mapping[str, Any] | None = None, *, recognised: bool = False
) -> Model:
    """List a stored model under its name, as `whose` (visitors.ownership). Raises ModelError if another has the name.

    A specification that was merely `recognised` replaces none by which the same file is listed, unless that knows no
    family.
    """
    existing = store.get_record(MODELS, model.name)
    keeps = existing is not None and recognised and existing["spec"]["family"] != UNKNOWN
    if existing is not None and not (existing["sha256"] == model.sha256 and visitors.may_see(existing)):
        raise ModelError("model_name_taken", name=model.name)
    if existing is not None and (keeps or not visitors.may_change(existing)):
        return dataclasses.replace(model, spec=spec_from_json(existing["spec"]))
    record = {
        "name": model.name,
        "sha256": model.sha256,
        "bytes": model.path.stat().st_size,
        "origin": model.origin,
        "spec": model.spec.to_json(),
        "proof": dict(model.proof),
        **(whose or {}),
    }
    store.put_record(MODELS, model.name, record)
    return model


def _cache_key(content: bytes, spec: ModelSpec | None) -> str:
    """What is recognised of a file changes with the families that there are."""
    given = None if spec is None else spec.to_json()
    described = json.dumps([_VERSION, sorted(FAMILIES.names()), given], sort_keys=True)
    return hashlib.sha256(described.encode() + b"\0" + content).hexdigest()
