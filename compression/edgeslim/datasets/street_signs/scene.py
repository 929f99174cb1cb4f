"""Street scenes with labelled signs. `render_scene(seed, index)` always gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeslim.datasets.street_signs.backdrop import (
    blank_picture,
    paint_backdrop,
    paint_far_trees,
    paint_wet_reflection,
)
from edgeslim.datasets.street_signs.buildings import paint_buildings
from edgeslim.datasets.street_signs.camera import HEIGHT, SUPERSAMPLING, WIDTH, sample_camera
from edgeslim.datasets.street_signs.canvas import Canvas
from edgeslim.datasets.street_signs.classes import CLASSES
from edgeslim.datasets.street_signs.library import library
from edgeslim.datasets.street_signs.painting import MIN_LABEL_SIDE, paint_sign
from edgeslim.datasets.street_signs.placing import plan_signs, sample_names
from edgeslim.datasets.street_signs.props import Item, sample_props
from edgeslim.datasets.street_signs.sensor import develop
from edgeslim.datasets.street_signs.stage import Stage, sample_street
from edgeslim.datasets.street_signs.weather import sample_weather


@dataclass(frozen=True, eq=False)
class Scene:
    """A (192, 288) JPEG, boxes (N, 4) float32 xyxy pixels, classes (N,) int64 into CLASSES, the mood."""

    jpeg: bytes
    boxes: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]
    mood: str

    @property
    def image(self) -> npt.NDArray[np.uint8]:
        """The JPEG decoded: (192, 288, 3) uint8 RGB."""
        with Image.open(io.BytesIO(self.jpeg)) as picture:
            return np.array(picture.convert("RGB"), np.uint8)


def render_scene(seed: int, index: int, *, signs: Sequence[str] | None = None) -> Scene:
    """Draw scene `index` of the endless series `seed` (both >= 0).

    `signs` asks for exactly these classes or distractors, as far as they find room; default: a random mix.
    """
    rng = np.random.default_rng([seed, index])
    weather, camera, street = sample_weather(rng), sample_camera(rng), sample_street(rng)
    stage = Stage(rng, camera, weather, street, library(), Canvas(blank_picture(camera, weather)))
    paint_backdrop(stage)
    paint_buildings(stage)
    paint_far_trees(stage)
    if weather.wet:
        paint_wet_reflection(stage)
    items = sample_props(stage)
    names = sample_names(stage) if signs is None else signs
    plans = plan_signs(stage, names, second_plates=signs is None)
    items += [Item(plan.distance, partial(paint_sign, stage, plan)) for plan in plans]
    for item in sorted(items, key=lambda item: -item.distance):
        item.paint()
    boxes, classes = _labels(stage.canvas)
    return Scene(develop(stage), boxes, classes, weather.mood)


def _labels(canvas: Canvas) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    boxes, classes = [], []
    for sign in canvas.signs:
        if sign.name not in CLASSES or not sign.is_recognisable(canvas.width, canvas.height):
            continue
        box = np.clip(np.array(sign.box) / SUPERSAMPLING, 0, (WIDTH, HEIGHT, WIDTH, HEIGHT))
        if min(box[2] - box[0], box[3] - box[1]) >= MIN_LABEL_SIDE:
            boxes.append(box)
            classes.append(CLASSES.index(sign.name))
    return np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, np.int64)
