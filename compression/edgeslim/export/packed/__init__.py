"""Low-bit storage: weights as packed codes and a decode subgraph that onnxruntime folds into constants at load."""

from edgeslim.export.packed.coded import CodedWeight, Layout
from edgeslim.export.packed.store import STORAGES, store
from edgeslim.export.packed.unpack import entropy_bound, stored_bytes, unpacked, with_plain_weights

__all__ = [
    "STORAGES",
    "CodedWeight",
    "Layout",
    "entropy_bound",
    "store",
    "stored_bytes",
    "unpacked",
    "with_plain_weights",
]
