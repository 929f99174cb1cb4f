"""What an ONNX file computes and holds, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.workbench.files import artifact_bytes

if TYPE_CHECKING:
    from edgeslim.analysis.network import Network


def network(sha256: str, store: Store | None = None) -> Network:
    """The layers of the file of that hash, with their costs. Raises StudyError, ModelError.

    Needs no onnxruntime, unless the file leaves shapes open that only a run can tell.
    """
    from edgeslim.analysis.network_reading import network_of
    from edgeslim.metrics.graph import load

    return network_of(load(artifact_bytes(sha256, store), sha256[:12]))


def library_file(reference: str, store: Store | None = None) -> str:
    """SHA-256 of a listed model's file, which the store holds then. Raises ModelError."""
    from edgeslim.models.library import open_model

    store = store or Store()
    model = open_model(reference, store)
    if not store.path(model.sha256).exists():
        store.put(model.path.read_bytes())
    return model.sha256
