"""A file in the formats of all runtimes of this machine, measured together: kept by content, beside the study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim.artifacts.store import Store
from edgeslim.records import decoded, encoded
from edgeslim.runtime.figures import RuntimeFigures

DEPLOYMENTS = "deployments"
"""Record kind in the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Figures by runtime, the main one's among them, of one ONNX file. Latencies are interleaved with the original's."""

    sha256: str
    """Of the ONNX file."""
    made: str
    """ISO 8601, UTC."""
    environment: Mapping[str, str]
    images: int
    """On so many it was scored."""
    figures: Mapping[str, RuntimeFigures]


def keep(store: Store, key: str, found: Deployment) -> None:
    """Raises StoreError."""
    store.put_record(DEPLOYMENTS, key, encoded(found))


def kept(store: Store, key: str) -> Deployment | None:
    """None where it was not measured, or a delivered file is gone."""
    record = store.get_record(DEPLOYMENTS, key)
    if record is None:
        return None
    found = decoded(Deployment, record)
    delivered = (each for each in found.figures.values() if each.sha256 is not None)
    here = all(store.path(each.sha256 or "", each.suffix).exists() for each in delivered)
    return found if here else None
