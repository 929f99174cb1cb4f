"""Pictures with boxes for documents: the picture inside, the boxes of each file drawn over it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from edgeslim.detections import Image
from edgeslim.lessons.views import Boxes, Scene, Scenes
from edgeslim.report.boxed import Box, boxed_svg
from edgeslim.report.lesson_words import LessonWords
from edgeslim.report.palette import LOSS
from edgeslim.texts import class_name

Look = Callable[[Scenes, Scene], Image]
"""Where the image of a scene comes from."""
MOST = 2
"""Scenes of a view in a document."""


def scenes_html(view: Scenes, words: LessonWords, look: Look) -> str:
    """The first scenes, each as every file sees it."""
    rows = []
    for scene in view.scenes[:MOST]:
        image = look(view, scene)
        shown = "".join(
            f"<figure>{_picture(image, file, view, words)}{escape(words.word(name))}</figure>"
            for name, file in zip(view.names, scene.files, strict=True)
        )
        rows.append(f'<div class="tiles scenes">{shown}</div>')
    return f"<figure>{''.join(rows)}</figure>"


def _picture(image: Image, file: Boxes, view: Scenes, words: LessonWords) -> str:
    boxes, told = [], []
    for corners, score, label in zip(file.boxes, file.scores, file.classes, strict=True):
        if score < view.confidence:
            continue
        name = class_name(words.language, view.labels[label])
        told.append(name)
        boxes.append(Box(corners, f"{name} {score:.2f}", LOSS))
    return boxed_svg(image, boxes, ", ".join(told) or words.t("learn.nothing_seen"))
