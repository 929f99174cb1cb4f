"""All kinds of views of an outcome on a page, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from edgeslim.detections import Detections
from edgeslim.lessons.views import Boxes, Scenes, View
from edgeslim.report.lesson_axes import Drawing
from edgeslim.report.lesson_views import views_html
from edgeslim.ui import data
from edgeslim.ui.lesson.drawn import drawn
from edgeslim.ui.picture.component import pictures
from edgeslim.ui.picture.payload import Item, Look, ModelTitle


def show_views(views: Sequence[View], drawing: Drawing, key: str) -> None:
    """Still ones drawn together, pictures by the component for pictures."""
    for number, (scenes, group) in enumerate(groupby(views, key=lambda view: isinstance(view, Scenes))):
        found = list(group)
        if not scenes:
            drawn(views_html(found, drawing), f"{key}_{number}")
            continue
        for place, view in enumerate(found):
            assert isinstance(view, Scenes), "grouped by that"
            _show_scenes(view, drawing, f"{key}_{number}_{place}")


def _show_scenes(view: Scenes, drawing: Drawing, key: str) -> None:
    items = []
    for scene in view.scenes:
        title, image, truth = data.pictures(view.dataset, view.split, scene.place, 1)[0]
        items.append(Item(title, image, [_detections(file) for file in scene.files], truth))
    pictures(
        items,
        [ModelTitle(drawing.words.word(name)) for name in view.names],
        view.labels,
        key=key,
        look=Look(confidence=view.confidence, grid=len(items) > 1),
    )


def _detections(file: Boxes) -> Detections:
    return Detections(
        np.array(file.boxes, np.float32).reshape(-1, 4),
        np.array(file.scores, np.float32),
        np.array(file.classes, np.int64),
    )
