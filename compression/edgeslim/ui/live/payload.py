"""What the page is told of a detector that it runs itself, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES, UNKNOWN
from edgeslim.ui.i18n import class_name, nearest_language


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A file that the browser runs: its name, its size in words, where it is fetched, and what it must be."""

    title: str
    note: str
    url: str
    sha256: str
    number: int


@dataclass(frozen=True, slots=True)
class LiveEntry:
    """A file of a bundle: its place there and among the plan's models, and the numbers of each output to compare."""

    entry: int
    file: int
    sha256: str
    places: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class LiveMeasure:
    """What the page runs and times, on the visitor's wish: images as an .npy file, and so many rounds of all files."""

    bundle: str
    images: str
    entries: Sequence[LiveEntry]
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """What runs where on what; a browser that knows the `series` has it open already."""

    series: str
    spec: ModelSpec
    models: Sequence[LiveModel]
    decoder: str | None
    worker: str
    runtime: str
    version: str
    """Of the runtime, for the record."""
    gallery: Sequence[tuple[str, str]]
    """Title and address of each picture."""
    language: str
    texts: Mapping[str, str]
    measure: LiveMeasure | None = None

    def json(self) -> dict[str, Any]:
        spec = self.spec
        family = FAMILIES.get(spec.family) if spec.family != UNKNOWN else None
        return {
            "series": self.series,
            "task": spec.task,
            "input": {
                "width": spec.input_width,
                "height": spec.input_height,
                "channels": spec.input_shape[1],
                "color": spec.color,
                "scale": spec.scale,
                "mean": list(spec.mean),
                "std": list(spec.std),
                "resize": spec.resize,
                "pad": spec.pad_value,
            },
            "boxes": {
                "confidence": spec.confidence,
                "iou": spec.nms_iou,
                "agnostic": spec.class_agnostic_nms,
                "limit": spec.max_detections,
                "needed": family is not None and family.nms,
            },
            "labels": [class_name(nearest_language(self.language), label) for label in spec.labels],
            "models": [asdict(model) for model in self.models],
            "decoder": self.decoder,
            "worker": self.worker,
            "runtime": self.runtime,
            "version": self.version,
            "measure": None if self.measure is None else asdict(self.measure),
            "gallery": [{"title": title, "url": url} for title, url in self.gallery],
            "language": self.language,
            "texts": dict(self.texts),
        }
