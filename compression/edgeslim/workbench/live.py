"""Detection in the visitor's own browser: the runtime that it takes, and what reads a detector's outputs there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from edgeslim import __version__
from edgeslim.artifacts.store import Store
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import MakeDecoder
from edgeslim.jobs.errands.decoding import DECODERS
from edgeslim.models.base import ModelSpec
from edgeslim.runtime import browser
from edgeslim.workbench.files import artifact_path
from edgeslim.workbench.predict import model_spec

BROWSER_PACKAGE = f"{browser.PACKAGE}@{browser.VERSION}"
BROWSER_TYPES = browser.FILES


def browser_runtime(store: Store | None = None) -> Mapping[str, Path] | None:
    """The gzipped files of the runtime for browsers by name, or None before it was installed."""
    return browser.browser_runtime(store or Store())


def install_browser_runtime(tarball: Path | None = None, store: Store | None = None) -> Mapping[str, Path]:
    """Fetch, check and keep the runtime for browsers. Raises EdgeSlimError, StoreError; see `runtime.browser`."""
    return browser.install(store or Store(), tarball)


def decoder_file(
    sha256: str, model: str, *, spec: ModelSpec | None = None, store: Store | None = None
) -> Path | None:
    """The graph that reads the outputs of the detector's files, once `make_decoder` has made it."""
    store = store or Store()
    record = store.get_record(DECODERS, _key(sha256, model_spec(model, spec, store)))
    file = None if record is None else store.path(record["sha256"])
    return file if file is not None and file.exists() else None


def make_decoder(
    who: str, sha256: str, model: str, *, spec: ModelSpec | None = None, store: Store | None = None
) -> None:
    """Begin to make that graph, in a process of its own; see `decoder_status`. `who` is the study it is for.

    Raises ModelError, StoreError (no_artifact).
    """
    store = store or Store()
    if not store.path(sha256).exists():
        store.put(artifact_path(sha256, store).read_bytes())
    key = _key(sha256, model_spec(model, spec, store))
    errand.begin(store, MakeDecoder(who=who, key=key, model=model, spec=spec, file=sha256))


def decoder_status(
    sha256: str, model: str, *, spec: ModelSpec | None = None, store: Store | None = None
) -> ErrandStatus | None:
    """How far it is; None if it was never begun."""
    store = store or Store()
    return errand.status(store, _key(sha256, model_spec(model, spec, store)))


def _key(sha256: str, spec: ModelSpec) -> str:
    decisive = [__version__, sha256, spec.to_json()]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:32]
