"""What every painter of a scene works with, and what all of them do: cut a texture, paste a sprite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeslim.datasets.street_signs.camera import Camera
from edgeslim.datasets.street_signs.canvas import Canvas
from edgeslim.datasets.street_signs.library import TEXTURE_SIZE, Library
from edgeslim.datasets.street_signs.scenery import ScenerySprite
from edgeslim.datasets.street_signs.weather import Rgb, Weather

T = TypeVar("T")


@dataclass(frozen=True)
class Street:
    """Kind of place and the road's edges, metres right of the camera."""

    place: str  # city, suburb or country
    left: float
    right: float


def sample_street(rng: np.random.Generator) -> Street:
    """Draw a kind of place and a road."""
    place = pick(rng, ("city", "city", "suburb", "suburb", "country"))
    return Street(place, left=-rng.uniform(2.2, 4.8), right=rng.uniform(2.2, 4.4))


def pick(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of the choices, all equally likely."""
    return choices[int(rng.integers(len(choices)))]


@dataclass(frozen=True)
class Stage:
    """One scene in the making."""

    rng: np.random.Generator
    camera: Camera
    weather: Weather
    street: Street
    library: Library
    canvas: Canvas

    def texture(self, width: int, height: int) -> npt.NDArray[np.float32]:
        """A random cut (height, width) of a cloud texture."""
        source = pick(self.rng, self.library.textures)
        y, x = (
            int(self.rng.integers(TEXTURE_SIZE - height + 1)),
            int(self.rng.integers(TEXTURE_SIZE - width + 1)),
        )
        return source[y : y + height, x : x + width]

    def paste(
        self,
        sprite: ScenerySprite,
        x: float,
        base: float,
        height: float,
        distance: float,
        light: Rgb | None = None,
    ) -> bool:
        """Paste a sprite standing at pixel (x, base); False if it is out of sight or would hide a sign."""
        full, _ = sprite.levels[0]
        tall, wide = int(height), int(height * full.width / full.height)
        if tall < 4 or wide < 2 or tall > 4 * self.camera.height:
            return False
        left, top = int(x - wide / 2), int(base - tall)
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(self.camera.width, left + wide), min(self.camera.height, top + tall)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return False
        colour, mask = sprite.at_least(tall)
        fx, fy = colour.width / wide, colour.height / tall
        box = ((x0 - left) * fx, (y0 - top) * fy, (x1 - left) * fx, (y1 - top) * fy)
        size = (x1 - x0, y1 - y0)
        mask = mask.resize(size, Image.Resampling.BILINEAR, box=box)
        if not self.canvas.allows(mask, x0, y0):
            return False
        haze = self.weather.haze(distance)
        gain = light or self.weather.ambient
        red, green, blue = (g * (1 - haze) for g in gain)
        fog = tuple(c * haze for c in self.weather.horizon)
        matrix = (red, 0.0, 0.0, fog[0], 0.0, green, 0.0, fog[1], 0.0, 0.0, blue, fog[2])
        picture = colour.resize(size, Image.Resampling.BILINEAR, box=box).convert("RGB", matrix)
        self.canvas.cover(mask, x0, y0)
        self.canvas.image.paste(picture, (x0, y0), mask)
        return True
