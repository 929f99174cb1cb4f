"""Results that are kept in the store under a key of everything they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from edgeslim import __version__
from edgeslim.artifacts.store import Store


def key_of(decisive: Mapping[str, Any]) -> str:
    """The key of a record: a digest of what its content depends on, and of this version of EdgeSlim."""
    text = json.dumps([__version__, dict(decisive)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def recorded(
    store: Store, kind: str, decisive: Mapping[str, Any], compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The record from the store, or computed and stored. Two processes that need the same record wait for each other."""
    key = key_of(decisive)
    with store.lock(f"{kind}-{key}"):
        found = store.get_record(kind, key)
        if found is None:
            found = compute()
            store.put_record(kind, key, found)
    return found
