"""Pictures with boxes for documents: the picture inside, the boxes of each file drawn over it."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from html import escape

from PIL import Image as Pictures

from edgeslim.detections import Image
from edgeslim.lessons.views import Boxes, Scene, Scenes
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
    height, width = image.shape[:2]
    buffer = io.BytesIO()
    Pictures.fromarray(image).save(buffer, "JPEG", quality=80)
    content = base64.b64encode(buffer.getvalue()).decode()
    parts, told = [], []
    for (x0, y0, x1, y1), score, label in zip(file.boxes, file.scores, file.classes, strict=True):
        if score < view.confidence:
            continue
        name = class_name(words.language, view.labels[label])
        told.append(name)
        parts.append(
            f'<rect x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{y1 - y0:.1f}" fill="none" '
            f'stroke="{LOSS}" stroke-width="2"><title>{escape(name)} {score:.2f}</title></rect>'
        )
    said = ", ".join(told) or words.t("learn.nothing_seen")
    return (
        f'<svg viewBox="0 0 {width} {height}" width="260" role="img" aria-label="{escape(said)}">'
        f'<image href="data:image/jpeg;base64,{content}" width="{width}" height="{height}"/>{"".join(parts)}</svg>'
    )
