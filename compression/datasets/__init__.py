"""Datasets: the product's own, and anything labelled that a user brings."""

from compression.datasets.coco import Coco
from compression.datasets.digits import DIGITS
from compression.datasets.formats import DATASETS, FORMATS
from compression.datasets.held_out import check_share, choosing_part, hold_out
from compression.datasets.labels import Relabelled, map_classes, unmatched_classes
from compression.datasets.opening import open_dataset
from compression.datasets.splits import any_images
from compression.datasets.street_signs.dataset import STREET_SIGNS
from compression.datasets.voc import Voc
from compression.datasets.yolo import Yolo

__all__ = [
    "DATASETS",
    "FORMATS",
    "Relabelled",
    "any_images",
    "check_share",
    "choosing_part",
    "hold_out",
    "map_classes",
    "open_dataset",
    "unmatched_classes",
]

for _builtin in (STREET_SIGNS, DIGITS):
    DATASETS.add(_builtin)

for _format in (Coco(), Voc(), Yolo()):
    FORMATS.add(_format)
