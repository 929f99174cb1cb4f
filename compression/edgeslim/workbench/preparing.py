"""Trying how a model wants images prepared, in a process of its own: for a page that waits for it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from edgeslim import __version__
from edgeslim.artifacts.store import Store
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import TryPreprocessing
from edgeslim.jobs.errands.preparing import TRIED
from edgeslim.models.base import ModelSpec
from edgeslim.models.library import open_model
from edgeslim.records import decoded
from edgeslim.workbench.datasets import resolve_dataset

if TYPE_CHECKING:
    from edgeslim.measurement.preprocessing import TriedPreprocessing

PREPARATION = ("color", "scale", "mean", "std", "resize", "resize_filter", "pad_value")
"""Keys of a specification that are tried; the usual ways are the same whichever of them it begins with."""


def begin_trying(model: str, dataset: str, spec: ModelSpec, store: Store | None = None) -> None:
    """Begin to try the usual ways beside `spec`; see `trying_status`. Raises ModelError, DatasetError, StoreError."""
    store = store or Store()
    errand.begin(store, _asked(model, dataset, spec, store))


def trying_status(
    model: str, dataset: str, spec: ModelSpec, store: Store | None = None
) -> ErrandStatus | None:
    """How far that is; None if it was never asked for."""
    store = store or Store()
    return errand.status(store, _asked(model, dataset, spec, store).key)


def tried_ways(
    model: str, dataset: str, spec: ModelSpec, store: Store | None = None
) -> TriedPreprocessing | None:
    """What was found last, once it was: perhaps beginning at another preparation than `spec` has."""
    from edgeslim.measurement.preprocessing import TriedPreprocessing

    store = store or Store()
    kept = store.get_record(TRIED, _asked(model, dataset, spec, store).key)
    return None if kept is None else decoded(TriedPreprocessing, kept)


def _asked(model: str, dataset: str, spec: ModelSpec, store: Store) -> TryPreprocessing:
    found, data = open_model(model, store), resolve_dataset(dataset, store)
    read = {key: value for key, value in spec.to_json().items() if key not in PREPARATION}
    decisive = json.dumps([__version__, found.sha256, data, read], sort_keys=True)
    key = hashlib.sha256(decisive.encode()).hexdigest()[:32]
    own = None if spec == found.spec else spec
    return TryPreprocessing(who=model, key=key, model=model, dataset=data, spec=own)
