"""Keys of results that the store keeps: of everything they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from edgeslim import __version__


def key_of(decisive: Mapping[str, Any]) -> str:
    """The key of a record: a digest of what its content depends on, and of this version of EdgeSlim."""
    text = json.dumps([__version__, dict(decisive)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
