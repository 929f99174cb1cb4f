"""From the painted picture to what a cheap camera stores: rain, blur, exposure, noise, JPEG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from edgeslim.datasets.street_signs.camera import HEIGHT, SUPERSAMPLING, WIDTH
from edgeslim.datasets.street_signs.library import NOISE_SIZE
from edgeslim.datasets.street_signs.stage import Stage

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
