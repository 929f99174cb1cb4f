"""A graph that reads what a detector's files give (export.decoding), for the visitor's own browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress

DECODERS = "decoders"
"""Record kind in the store: SHA-256 of the graph by the errand's key."""


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDecoder:
    name: ClassVar[str] = "make_decoder"
    who: str
    key: str
    model: str
    spec: ModelSpec | None
    file: str
    """SHA-256 of one of the detector's files; all of them have outputs of the same shapes."""

    def run(self, store: Store, progress: Progress) -> None:
        import numpy as np

        from edgeslim.export.decoding import decoding_graph
        from edgeslim.models.library import open_model
        from edgeslim.ort import open_session

        spec = open_model(self.model, store, self.spec).spec
        with store.in_use():
            session = open_session(store.path(self.file))
            outputs = session.run(np.zeros(spec.input_shape, np.float32), 60.0)
            graph = decoding_graph([output.shape for output in outputs], spec)
            store.put_record(DECODERS, self.key, {"sha256": store.put(graph)})
