"""Where things land in the picture, and in what light: a pinhole camera in the street, and the scene's weather."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

WIDTH = 288
HEIGHT = 192
SUPERSAMPLING = 2


@dataclass(frozen=True)
class Camera:
    """x right, y up, z ahead, all in metres; pixels are of the supersampled picture."""

    centre_x: float
    horizon_y: float
    eye_height: float = 1.5
    focal: float = 0.95 * WIDTH * SUPERSAMPLING
    width: int = WIDTH * SUPERSAMPLING
    height: int = HEIGHT * SUPERSAMPLING

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Pixel of a point in the street."""
        scale = self.focal / z
        return (self.centre_x + scale * x, self.horizon_y - scale * (y - self.eye_height))

    def ground(self, z: float) -> float:
        """Pixel row of the ground at a distance."""
        return self.horizon_y + self.focal / z * self.eye_height


def sample_camera(rng: np.random.Generator) -> Camera:
    """Draw where the camera looks."""
    return Camera(
        centre_x=WIDTH * SUPERSAMPLING * rng.uniform(0.34, 0.66),
        horizon_y=HEIGHT * SUPERSAMPLING * rng.uniform(0.47, 0.62),
    )


Rgb = tuple[float, float, float]
Ink = tuple[int, int, int]


@dataclass(frozen=True)
class _Mood:
    share: float
    zenith: Rgb
    horizon: Rgb
    ambient: Rgb
    haze: tuple[float, float]


_MOODS: dict[str, _Mood] = {
    "day": _Mood(0.32, (58, 124, 208), (194, 220, 238), (1.02, 1.0, 0.96), (0.0, 0.006)),
    "overcast": _Mood(0.13, (150, 158, 168), (208, 212, 216), (0.84, 0.86, 0.88), (0.003, 0.012)),
    "dusk": _Mood(0.15, (62, 70, 132), (252, 168, 102), (0.92, 0.76, 0.66), (0.002, 0.010)),
    "night": _Mood(0.17, (8, 12, 32), (44, 48, 78), (0.36, 0.38, 0.50), (0.0, 0.008)),
    "fog": _Mood(0.11, (178, 184, 188), (206, 210, 212), (0.84, 0.85, 0.86), (0.035, 0.085)),
    "rain": _Mood(0.12, (112, 120, 134), (168, 174, 182), (0.66, 0.69, 0.74), (0.008, 0.022)),
}
_RAIN_AT_NIGHT = _Mood(0.0, (14, 18, 34), (50, 54, 78), (0.37, 0.39, 0.49), (0.006, 0.014))

MOODS: tuple[str, ...] = tuple(_MOODS)


@dataclass(frozen=True)
class Weather:
    """The mood of a scene and how it colours things."""

    mood: str
    zenith: Rgb
    horizon: Rgb
    ambient: Rgb
    haze_density: float
    dark: bool
    sun_side: float  # -1 sun on the left, 1 on the right

    @property
    def wet(self) -> bool:
        """Rain: mirroring road and streaks."""
        return self.mood == "rain"

    @property
    def sunny(self) -> bool:
        """Direct sun: hard shadows."""
        return self.mood == "day"

    def haze(self, distance: float) -> float:
        """Share of an object's colour, 0..1, lost to the air at this distance in metres."""
        return 1 - math.exp(-self.haze_density * max(distance - 1.5, 0.0))

    def tint(self, colour: Rgb, distance: float, light: float | None = None) -> Ink:
        """Colour of a surface seen at a distance, under ambient light or (light given) shining by itself."""
        t = self.haze(distance)
        gains = self.ambient if light is None else (light, light, light)
        return _ink(
            c * gain * (1 - t) + h * t for c, gain, h in zip(colour, gains, self.horizon, strict=True)
        )


def _ink(channels: Iterable[float]) -> Ink:
    red, green, blue = (int(min(255.0, max(0.0, value))) for value in channels)
    return red, green, blue


def scaled(colour: Rgb, factor: float) -> Rgb:
    """A lighter or darker colour."""
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def blended(a: Rgb, b: Rgb, share: float) -> Ink:
    """Mix of two colours; share is b's part."""
    return _ink(x * (1 - share) + y * share for x, y in zip(a, b, strict=True))


def sample_weather(rng: np.random.Generator) -> Weather:
    """Draw a mood and its variation."""
    draw, mood = float(rng.random()), MOODS[-1]
    for name, entry in _MOODS.items():
        if draw < entry.share:
            mood = name
            break
        draw -= entry.share
    dark = mood == "night" or (mood == "rain" and bool(rng.random() < 0.35))
    base = _RAIN_AT_NIGHT if mood == "rain" and dark else _MOODS[mood]

    def vary(colour: Rgb, low: float, high: float, spread: float) -> Rgb:
        factor = rng.uniform(low, high)
        return _ink(c * factor + rng.normal(0, spread) for c in colour)

    return Weather(
        mood=mood,
        zenith=vary(base.zenith, 0.82, 1.14, 6.0),
        horizon=vary(base.horizon, 0.9, 1.05, 5.0),
        ambient=scaled(base.ambient, rng.uniform(0.87, 1.08)),
        haze_density=rng.uniform(*base.haze),
        dark=dark,
        sun_side=-1.0 if rng.random() < 0.5 else 1.0,
    )
