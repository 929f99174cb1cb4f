"""What every painter of a scene works with: sprites and textures, the canvas and what is still seen on it, the stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw

from edgeslim.datasets.street_signs.scenery import (
    CAR_KINDS,
    ScenerySprite,
    draw_billboard,
    draw_car,
    draw_person,
    draw_tree,
)
from edgeslim.datasets.street_signs.signs import CLASSES, DISTRACTORS, SignSprite, draw_sign
from edgeslim.datasets.street_signs.world import Camera, Ink, Rgb, Weather

_SEED = 7
TEXTURE_SIZE = 640
NOISE_SIZE = 700


@dataclass(frozen=True)
class Library:
    """Sprites, cloud-like textures (mean 0, deviation 1) and white sensor noise."""

    signs: dict[str, SignSprite]
    trees: tuple[ScenerySprite, ...]
    cars: tuple[ScenerySprite, ...]
    people: tuple[ScenerySprite, ...]
    billboards: tuple[ScenerySprite, ...]
    textures: tuple[npt.NDArray[np.float32], ...]
    noise: npt.NDArray[np.float32]


@cache
def library() -> Library:
    """The process's library, drawn on first use (about a second)."""
    rng = np.random.default_rng(_SEED)
    tree_kinds = ("leafy", "leafy", "leafy", "conifer", "conifer", "bare")
    return Library(
        signs={name: draw_sign(name) for name in CLASSES + DISTRACTORS},
        trees=tuple(draw_tree(rng, tree_kinds[i % len(tree_kinds)]) for i in range(24)),
        cars=tuple(draw_car(rng, CAR_KINDS[i % len(CAR_KINDS)]) for i in range(32)),
        people=tuple(draw_person(rng) for _ in range(16)),
        billboards=tuple(draw_billboard(rng) for _ in range(24)),
        textures=tuple(_cloud_texture(rng) for _ in range(4)),
        noise=rng.standard_normal((NOISE_SIZE, NOISE_SIZE, 3)).astype(np.float32),
    )


def _cloud_texture(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    total = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    for cells, amplitude in ((5, 1.0), (10, 0.7), (24, 0.5), (60, 0.4), (160, 0.35), (640, 0.3)):
        coarse = Image.fromarray((rng.random((cells, cells)) * 255).astype(np.uint8))
        fine = coarse.resize((TEXTURE_SIZE, TEXTURE_SIZE), Image.Resampling.BICUBIC)
        total += amplitude * (np.asarray(fine, np.float32) / 255 - 0.5)
    texture: npt.NDArray[np.float32] = total / total.std()
    return texture


MIN_VISIBLE = 0.55  # an occluder that would leave less of a sign is not drawn; labels need 0.5
MIN_LAMP_VISIBLE = 0.8

Floats = npt.NDArray[np.float32]


def radial_blob(pixels: int = 96) -> Image.Image:
    """A soft round spot, 255 in the middle and 0 at the rim."""
    grid = np.linspace(-1, 1, pixels, dtype=np.float32)
    distance = np.hypot(grid[:, None], grid[None, :])
    return Image.fromarray((np.clip(1 - distance, 0, 1) ** 2 * 255).astype(np.uint8))


def opacities(mask: Image.Image) -> Floats:
    """A mask (height, width) of 0..255 as 0..1."""
    return np.asarray(mask, np.float32) / np.float32(255)


_BLOB = radial_blob()


@dataclass
class PlacedSign:
    """A sign on the canvas. `visible` and `lamp`: opacities 0..1 of its patch; covering lowers `visible`."""

    name: str
    box: tuple[float, float, float, float]  # xyxy, supersampled pixels, may leave the picture
    x: int
    y: int
    visible: Floats
    area: float
    lamp: Floats | None
    lamp_area: float

    def inside(self, array: Floats, width: int, height: int) -> Floats:
        """The part of a patch array that lies in a picture of this size."""
        top, left = max(0, -self.y), max(0, -self.x)
        return array[top : max(top, height - self.y), left : max(left, width - self.x)]

    def is_recognisable(self, width: int, height: int) -> bool:
        """At least half of it is seen and, for a traffic light, so is its lit lamp."""
        if float(self.inside(self.visible, width, height).sum()) < 0.5 * self.area:
            return False
        if self.lamp is None:
            return True
        seen = float(self.inside(self.visible * self.lamp, width, height).sum())
        return seen >= MIN_LAMP_VISIBLE * self.lamp_area


class Canvas:
    """A supersampled RGB picture; everything drawn in front of signs goes through `allows` and `cover`."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.draw = ImageDraw.Draw(image)
        self.width, self.height = image.size
        self.signs: list[PlacedSign] = []

    def allows(self, mask: Image.Image, x: int, y: int) -> bool:
        """False if painting this mask at (x, y) would hide too much of a sign already there."""
        for sign in self.signs:
            overlap = self._overlap(sign, mask, x, y)
            if overlap is None:
                continue
            rows, columns, opacity = overlap
            before = sign.visible[rows, columns]
            lost = float((before * opacity).sum())
            if float(sign.visible.sum()) - lost < MIN_VISIBLE * sign.area:
                return False
            if sign.lamp is not None:
                lamp_lost = float((before * opacity * sign.lamp[rows, columns]).sum())
                if float((sign.visible * sign.lamp).sum()) - lamp_lost < MIN_LAMP_VISIBLE * sign.lamp_area:
                    return False
        return True

    def cover(self, mask: Image.Image, x: int, y: int) -> None:
        """Record that this mask now hides what is behind it."""
        for sign in self.signs:
            overlap = self._overlap(sign, mask, x, y)
            if overlap is not None:
                rows, columns, opacity = overlap
                sign.visible[rows, columns] *= 1 - opacity

    @staticmethod
    def _overlap(sign: PlacedSign, mask: Image.Image, x: int, y: int) -> tuple[slice, slice, Floats] | None:
        height, width = sign.visible.shape
        x0, x1 = max(x, sign.x), min(x + mask.width, sign.x + width)
        y0, y1 = max(y, sign.y), min(y + mask.height, sign.y + height)
        if x1 <= x0 or y1 <= y0:
            return None
        opacity = opacities(mask.crop((x0 - x, y0 - y, x1 - x, y1 - y)))
        return slice(y0 - sign.y, y1 - sign.y), slice(x0 - sign.x, x1 - sign.x), opacity

    def paste(self, picture: Image.Image | Ink, mask: Image.Image, x: int, y: int) -> bool:
        """Paint a picture or a colour through a mask, unless it would hide a sign; True if painted."""
        if not self.allows(mask, x, y):
            return False
        self.cover(mask, x, y)
        self.image.paste(picture, (x, y, x + mask.width, y + mask.height), mask)
        return True

    def bar(self, x0: float, y0: float, x1: float, y1: float, colour: Ink) -> bool:
        """Paint an upright or level bar (pole, arm, post) with a lit edge, unless it would hide a sign."""
        left, top = max(0, round(x0)), max(0, round(y0))
        right, bottom = (
            min(self.width, max(round(x1), round(x0) + 1)),
            min(self.height, max(round(y1), round(y0) + 1)),
        )
        if right <= left or bottom <= top:
            return True
        if not self.paste(colour, Image.new("L", (right - left, bottom - top), 255), left, top):
            return False
        lit = (min(255, colour[0] * 5 // 4), min(255, colour[1] * 5 // 4), min(255, colour[2] * 5 // 4))
        if bottom - top > right - left:
            self.draw.rectangle([left, top, left + max(0, (right - left) // 4 - 1), bottom - 1], fill=lit)
        return True

    def shade(self, x: float, y: float, half_width: float, half_height: float, strength: float) -> None:
        """Soft dark spot on the ground."""
        size = (max(2, int(2 * half_width)), max(2, int(2 * half_height)))
        if size[0] > 2 * self.width:
            return
        mask = _BLOB.resize(size, Image.Resampling.BILINEAR).point(lambda v: min(255, v * 2) * strength)
        self.image.paste((12, 12, 18), (int(x - half_width), int(y - half_height)), mask)

    def glow(
        self, x: float, y: float, radius: float, colour: Ink, strength: float, stretch: float = 1.0
    ) -> None:
        """Add light around a lamp; stretch > 1 makes it tall, as on a wet road."""
        rx, ry = max(3, int(radius)), max(3, int(radius * stretch))
        left, top = int(x - rx), int(y - ry)
        box = (max(0, left), max(0, top), min(self.width, left + 2 * rx), min(self.height, top + 2 * ry))
        if box[2] <= box[0] or box[3] <= box[1]:
            return
        spot = _BLOB.resize((2 * rx, 2 * ry), Image.Resampling.BILINEAR)
        spot = spot.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
        bands = [spot.point(_ramp(channel / 255 * strength)) for channel in colour]
        lit = ImageChops.screen(self.image.crop(box), Image.merge("RGB", bands))
        self.image.paste(lit, box[:2])


def _ramp(gain: float) -> list[int]:
    return [min(255, int(v * gain)) for v in range(256)]


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
