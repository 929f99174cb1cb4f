"""Datasets: those that come with EdgeSlim, and labelled data of the user's."""

from edgeslim.datasets.coco import Coco
from edgeslim.datasets.digits import DIGITS
from edgeslim.datasets.held_out import check_share, choosing_part, hold_out
from edgeslim.datasets.image_folders import ImageFolders
from edgeslim.datasets.labels import (
    Relabelled,
    indices_of,
    map_classes,
    match_classes,
    required,
    unmatched_classes,
)
from edgeslim.datasets.opening import check_reference, open_dataset
from edgeslim.datasets.splits import DATASETS, FORMATS, any_images, undivided
from edgeslim.datasets.street_signs.dataset import STREET_SIGNS
from edgeslim.datasets.voc import Voc
from edgeslim.datasets.yolo import Yolo

__all__ = [
    "DATASETS",
    "FORMATS",
    "Relabelled",
    "any_images",
    "check_reference",
    "check_share",
    "choosing_part",
    "hold_out",
    "indices_of",
    "map_classes",
    "match_classes",
    "open_dataset",
    "required",
    "undivided",
    "unmatched_classes",
]

for _builtin in (STREET_SIGNS, DIGITS):
    DATASETS.add(_builtin)

for _format in (Coco(), Voc(), Yolo(), ImageFolders()):
    FORMATS.add(_format)
