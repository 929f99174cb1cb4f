"""What an ONNX file computes and holds, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import LookAtWeights
from edgeslim.workbench.files import artifact_bytes

if TYPE_CHECKING:
    from edgeslim.analysis.layer_weights import FileWeights, WeightNoise
    from edgeslim.analysis.network import Network


def network(sha256: str, store: Store | None = None) -> Network:
    """The layers of the file of that hash, with their costs. Raises StudyError, ModelError.

    Needs no onnxruntime, unless the file leaves shapes open that only a run can tell.
    """
    from edgeslim.analysis.network_reading import network_of
    from edgeslim.metrics.graph import load

    return network_of(load(artifact_bytes(sha256, store), sha256[:12]))


def library_file(reference: str, store: Store | None = None) -> str:
    """SHA-256 of a listed model's file, which the store holds then. Raises ModelError, AccessError."""
    from edgeslim.models.library import is_file, open_model

    store = store or Store()
    if is_file(reference):
        visitors.require_machine()
    model = open_model(reference, store)
    if not store.path(model.sha256).exists():
        store.put(model.path.read_bytes())
    return model.sha256


def layer_weights(sha256: str, store: Store | None = None) -> FileWeights | None:
    """The weights of each layer of the file of that hash, if they were looked at before; else see `look_at_weights`."""
    from edgeslim.analysis.layer_weights import kept_weights

    return kept_weights(sha256, store or Store())


def weight_noise(before: str, after: str, store: Store | None = None) -> WeightNoise | None:
    """How far the weights of a file are from another one's, if both were looked at together before."""
    from edgeslim.analysis.layer_weights import kept_noise

    return kept_noise(before, after, store or Store())


def look_at_weights(who: str, sha256: str, before: str = "", store: Store | None = None) -> None:
    """Begin to look at the weights of a file, and at those of the one `before` that they are compared with; see
    `weights_status`. `who` is the study or model. Raises StudyError."""
    store = store or Store()
    for each in filter(None, (sha256, before)):
        if not store.path(each).exists():
            store.put(artifact_bytes(each, store))
    errand.begin(store, LookAtWeights(who=who, sha256=sha256, before=before))


def weights_status(sha256: str, before: str = "", store: Store | None = None) -> ErrandStatus | None:
    """How far that is; None if it was never asked for."""
    return errand.status(store or Store(), LookAtWeights(who="", sha256=sha256, before=before).key)
