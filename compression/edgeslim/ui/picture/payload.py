"""Pictures and what models see on them, as plain data for the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from edgeslim.detections import READING_SCORE, Annotations, Detections, Image
from edgeslim.metrics.fidelity import MOVED_IOU, SAME_IOU
from edgeslim.report.figure_texts import FigureText
from edgeslim.tasks.base import Prediction
from edgeslim.ui.i18n import class_name, nearest_language

View = Literal["side", "swipe", "changes"]
VIEWS: tuple[View, ...] = get_args(View)
CONFIDENCES = (0.05, 0.95)
TOP_CLASSES = 3
ADDRESS = {
    "picture": "image",
    "confidence": "confidence",
    "view": "view",
    "truth": "truth",
    "grid": "grid",
}
"""The address's parameter of each part of a look."""


@dataclass(frozen=True, slots=True)
class Look:
    """How pictures are looked at: which one, boxes from which score on, in which view."""

    picture: int = 0
    confidence: float = READING_SCORE
    view: View = "side"
    truth: bool = False
    grid: bool = False

    @staticmethod
    def read(parameters: Mapping[str, str], plain: Look, total: int) -> Look:
        """From an address; what it lacks, or what makes no sense among `total` pictures, is as in `plain`."""
        found = {name: str(parameters.get(parameter, "")) for name, parameter in ADDRESS.items()}
        picture = int(found["picture"]) if found["picture"].isdecimal() else plain.picture
        view = next((view for view in VIEWS if view == found["view"]), plain.view)
        truth, grid = (
            found[name] == "1" if found[name] in ("0", "1") else getattr(plain, name)
            for name in ("truth", "grid")
        )
        return Look(
            min(picture, max(0, total - 1)),
            _confidence(found["confidence"], plain.confidence),
            view,
            truth,
            grid,
        )


@dataclass(frozen=True, slots=True)
class Focus:
    """A place of a picture: a grid shows its surroundings alone; opened, the picture is whole and its box is selected."""

    box: tuple[float, float, float, float]
    """xyxy in pixels."""
    model: int
    """Whose box it is, counted as in the item's predictions."""
    reference: int | None
    """Index among the boxes that the model is judged by; None where there is none."""
    detection: int | None
    """Index among the model's own boxes."""


@dataclass(frozen=True, slots=True)
class Item:
    """A picture with what each model says about it, the original first, and what is known to be true."""

    title: str
    image: Image
    predictions: Sequence[Prediction]
    truth: Annotations | int | None = None
    focus: Focus | None = None


@dataclass(frozen=True, slots=True)
class ModelTitle:
    """A model's name, and in a few words its size and speed."""

    title: str
    note: str = ""
    known: bool = False
    """Its boxes are what is known to be true, so they have no scores to be told."""


@dataclass(frozen=True, slots=True)
class StopText:
    """A stop of a walk: what it saves and costs in words, and its place on the small chart (stored values)."""

    title: str
    finding: str
    figures: Sequence[FigureText]
    x: float
    y: float
    low: float
    high: float
    recommended: bool = False


@dataclass(frozen=True, slots=True)
class WalkData:
    """A walk through the models of a payload, one stop for each: a slider moves picture, figures and chart together."""

    stops: Sequence[StopText]
    start: int
    others: Sequence[tuple[float, float]]
    x_name: str
    y_name: str
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    presenting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """All that the page is given. Pictures are numbered within a series; these are the ones from `first` on."""

    pictures: Sequence[Mapping[str, Any]]
    first: int
    total: int
    series: str
    models: Sequence[ModelTitle]
    labels: Sequence[str]
    look: Look
    plain: Look
    linked: bool
    language: str
    texts: Mapping[str, str]
    walk: WalkData | None = None
    bare: bool = False
    """Without controls."""

    def json(self) -> dict[str, Any]:
        return {
            **{
                name: getattr(self, name)
                for name in ("first", "total", "series", "linked", "language", "bare")
            },
            "pictures": list(self.pictures),
            "models": [asdict(model) for model in self.models],
            "labels": [class_name(nearest_language(self.language), label) for label in self.labels],
            "look": asdict(self.look),
            "plain": asdict(self.plain),
            "address": ADDRESS,
            "rule": {"same": SAME_IOU, "moved": MOVED_IOU},
            "texts": dict(self.texts),
            "walk": None if self.walk is None else asdict(self.walk),
        }


def picture_data(item: Item, url: Callable[[Image], str]) -> dict[str, Any]:
    """One picture as the page reads it; `url` tells where the browser gets it."""
    height, width = item.image.shape[:2]
    known = item.truth if isinstance(item.truth, Annotations) else None
    return {
        "title": item.title,
        "url": url(item.image),
        "width": width,
        "height": height,
        "models": [_prediction(prediction) for prediction in item.predictions],
        "truth": None if known is None else _truth(known, ~known.crowd),
        "crowd": None if known is None else _truth(known, known.crowd),
        "label": item.truth if isinstance(item.truth, int) else None,
        "focus": None if item.focus is None else asdict(item.focus),
    }


def flat_boxes(detections: Detections) -> list[float]:
    """[x0, y0, x1, y1, score, class, …]: pixels to 0.01, scores as exact as single precision is."""
    rows: list[float] = []
    for box, score, label in zip(
        detections.boxes.tolist(), detections.scores, detections.classes.tolist(), strict=True
    ):
        rows += [round(side, 2) for side in box]
        rows += [float(str(score)), label]
    return rows


def _prediction(prediction: Prediction) -> dict[str, Any] | None:
    if prediction is None:
        return None
    if isinstance(prediction, Detections):
        return {"boxes": flat_boxes(prediction)}
    order = np.argsort(-prediction)[:TOP_CLASSES]
    return {"classes": [[int(index), round(float(prediction[index]), 4)] for index in order]}


def _truth(known: Annotations, chosen: Any) -> list[float]:
    boxes, classes = known.boxes[chosen], known.classes[chosen]
    return flat_boxes(Detections(boxes, np.ones(len(boxes), np.float32), classes))


def _confidence(text: str, default: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return default
    low, high = CONFIDENCES
    return round(value, 2) if low <= value <= high else default


def without_crowds(truth: Annotations, place: int) -> int:
    """Where the page has an annotation, which keeps the crowds apart."""
    return int((~truth.crowd[:place]).sum())
