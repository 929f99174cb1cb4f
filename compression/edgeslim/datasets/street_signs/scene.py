"""Street scenes with labelled signs. `render_scene(seed, index)` always gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from edgeslim.datasets.street_signs.backdrop import (
    blank_picture,
    paint_backdrop,
    paint_far_trees,
    paint_wet_reflection,
)
from edgeslim.datasets.street_signs.buildings import paint_buildings
from edgeslim.datasets.street_signs.painting import MIN_LABEL_SIDE, paint_sign
from edgeslim.datasets.street_signs.placing import Item, plan_signs, sample_names, sample_props
from edgeslim.datasets.street_signs.signs import CLASSES
from edgeslim.datasets.street_signs.stage import NOISE_SIZE, Canvas, Stage, library, sample_street
from edgeslim.datasets.street_signs.world import HEIGHT, SUPERSAMPLING, WIDTH, sample_camera, sample_weather

_MIDDLE_GREY = 118


def develop(stage: Stage) -> bytes:
    """Reduce, degrade and encode the picture; returns JPEG bytes of (192, 288) pixels."""
    rng = stage.rng
    if stage.weather.wet:
        _streaks(stage)
    picture = stage.canvas.image.reduce(SUPERSAMPLING)
    if rng.random() < 0.3:
        picture = picture.filter(ImageFilter.BoxBlur(rng.uniform(0.25, 0.9)))
    pixels = np.asarray(picture, np.float32)
    y, x = np.ogrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    vignette = 1 - rng.uniform(0.03, 0.24) * (x * x + y * y) * 0.5
    uneven = (1 + rng.uniform(0.01, 0.03) * stage.texture(WIDTH, HEIGHT)) * vignette
    gain = rng.uniform(0.88, 1.15) * (1 + rng.normal(0, 0.022, 3))
    contrast = rng.uniform(0.9, 1.12)
    pixels = (pixels * uneven[..., None].astype(np.float32) - _MIDDLE_GREY) * (gain * contrast).astype(
        np.float32
    )
    noise = rng.uniform(3, 8) if stage.weather.dark else rng.uniform(1, 4)
    top, left = int(rng.integers(NOISE_SIZE - HEIGHT + 1)), int(rng.integers(NOISE_SIZE - WIDTH + 1))
    grain = stage.library.noise[top : top + HEIGHT, left : left + WIDTH]
    pixels += grain * np.float32(noise) + np.float32(_MIDDLE_GREY * gain.mean())
    stored = io.BytesIO()
    shot = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    shot.save(stored, "JPEG", quality=int(rng.integers(55, 95)))
    return stored.getvalue()


def _streaks(stage: Stage) -> None:
    """Falling rain: slanted bright lines."""
    rng, canvas = stage.rng, stage.canvas
    layer = Image.new("L", (canvas.width, canvas.height), 0)
    draw = ImageDraw.Draw(layer)
    slant = rng.uniform(-0.25, 0.25)
    for _ in range(int(rng.integers(70, 190))):
        x, y, length = rng.uniform(0, canvas.width), rng.uniform(-20, canvas.height), rng.uniform(12, 42)
        fill, width = int(rng.uniform(35, 105)), 1 if rng.random() < 0.7 else 2
        draw.line([(x, y), (x + slant * length, y + length)], fill=fill, width=width)
    canvas.image.paste((206, 212, 222), (0, 0, canvas.width, canvas.height), layer)


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
