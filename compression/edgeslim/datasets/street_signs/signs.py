"""The signs: ten labelled classes, look-alikes that are never labelled, and their faces as strokes and shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

CLASSES: tuple[str, ...] = (
    "stop",
    "yield",
    "no_entry",
    "speed_30",
    "speed_50",
    "parking",
    "crossing",
    "priority",
    "traffic_light_red",
    "traffic_light_green",
)

DISTRACTORS: tuple[str, ...] = ("warning", "keep_right", "no_parking", "info", "plain_red", "light_off")


def is_traffic_light(name: str) -> bool:
    """True for the lit traffic lights and for the dark one."""
    return name in ("traffic_light_red", "traffic_light_green", "light_off")


Colour = tuple[int, int, int]
Point = tuple[float, float]

RED: Colour = (200, 24, 36)
BLUE: Colour = (16, 78, 176)
WHITE: Colour = (246, 246, 242)
BLACK: Colour = (22, 22, 24)
YELLOW: Colour = (252, 198, 16)


def regular_polygon(corners: int, radius: float, rotation: float = 0.0) -> list[Point]:
    """Corners of a regular polygon around the origin; many corners make a circle."""
    angles = [rotation + 2 * math.pi * i / corners for i in range(corners)]
    return [(radius * math.cos(a), radius * math.sin(a)) for a in angles]


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float, steps: int = 24) -> list[Point]:
    """Points along an ellipse, angles in degrees."""
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


class Pen:
    """A transparent square image with drawing calls in unit coordinates."""

    def __init__(self, pixels: int) -> None:
        self.image = Image.new("RGBA", (pixels, pixels), (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self.image)
        self._half = pixels / 2

    def _at(self, point: Point) -> Point:
        return ((point[0] + 1) * self._half, (point[1] + 1) * self._half)

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        """Filled polygon."""
        self._draw.polygon([self._at(p) for p in points], fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: Colour) -> None:
        """Filled circle."""
        self._draw.ellipse(
            [self._at((x - radius, y - radius)), self._at((x + radius, y + radius))], fill=fill
        )

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Colour, radius: float = 0.0) -> None:
        """Filled rectangle with rounded corners."""
        corners = [self._at((x0, y0)), self._at((x1, y1))]
        self._draw.rounded_rectangle(corners, radius=radius * self._half, fill=fill)

    def stroke(self, points: Sequence[Point], width: float, fill: Colour) -> None:
        """Line of constant width with round ends."""
        self._draw.line(
            [self._at(p) for p in points], fill=fill, width=int(width * self._half), joint="curve"
        )
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, fill)

    def letter(
        self, name: str, x: float, y: float, width: float, height: float, weight: float, fill: Colour
    ) -> None:
        """One of the letters 0 3 5 O P S T, centred at (x, y)."""
        for line in _letter_strokes(name, x, y, width, height):
            self.stroke(line, weight, fill)


def _letter_strokes(name: str, x: float, y: float, width: float, height: float) -> list[list[Point]]:
    def at(u: float, v: float) -> Point:
        return (x + (u - 0.5) * width, y + (v - 0.5) * height)

    def bow(u: float, v: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
        return arc(*at(u, v), rx * width, ry * height, start, end)

    letters: dict[str, list[list[Point]]] = {
        "0": [bow(0.5, 0.5, 0.5, 0.5, 0, 360)],
        "O": [bow(0.5, 0.5, 0.5, 0.5, 0, 360)],
        "3": [bow(0.45, 0.26, 0.48, 0.26, 200, 450) + bow(0.45, 0.76, 0.52, 0.26, 270, 520)],
        "5": [[at(0.95, 0), at(0.15, 0), at(0.08, 0.47), *bow(0.42, 0.69, 0.55, 0.31, 235, 510)]],
        "S": [bow(0.5, 0.26, 0.48, 0.26, 330, 90) + bow(0.5, 0.75, 0.48, 0.25, 270, 510)],
        "T": [[at(0, 0), at(1, 0)], [at(0.5, 0), at(0.5, 1)]],
        "P": [[at(0.1, 1), at(0.1, 0), at(0.5, 0), *bow(0.5, 0.28, 0.45, 0.28, -90, 90), at(0.1, 0.56)]],
    }
    return letters[name]


RADIUS = 0.97
LAMP_RADIUS = 0.255
LAMP_HEIGHTS = {"red": -0.62, "yellow": 0.0, "green": 0.62}
_DRAWN_SIZE = 1024
_PYRAMID = (16, 32, 64, 128, 256)


@dataclass(frozen=True)
class SignSprite:
    """A sign face in unit coordinates: RGBA images by size, outline (N, 2), the lit lamp's centre if any."""

    pyramid: dict[int, Image.Image]
    outline: npt.NDArray[np.float64]
    lamp: Point | None = None

    def at_least(self, pixels: float) -> Image.Image:
        """The smallest image that is not enlarged when drawn at this size."""
        return self.pyramid[next((size for size in _PYRAMID if size >= pixels), _PYRAMID[-1])]


def _stop(pen: Pen) -> list[Point]:
    outline = regular_polygon(8, RADIUS, math.pi / 8)
    pen.polygon(outline, WHITE)
    pen.polygon(regular_polygon(8, RADIUS * 0.93, math.pi / 8), RED)
    for i, letter in enumerate("STOP"):
        pen.letter(letter, -0.585 + i * 0.39, 0, 0.24, 0.52, 0.1, WHITE)
    return outline


def _triangle(pen: Pen, direction: int) -> list[Point]:
    """Red-rimmed triangle; direction 1 points down, -1 points up."""
    outline = [(-RADIUS, -0.84 * direction), (RADIUS, -0.84 * direction), (0.0, 0.84 * direction)]
    pen.polygon(outline, WHITE)
    pen.polygon([(x * 0.95, y * 0.95 - 0.02 * direction) for x, y in outline], RED)
    pen.polygon([(x * 0.58, (y + 0.28 * direction) * 0.58 - 0.28 * direction) for x, y in outline], WHITE)
    return outline


def _warning(pen: Pen) -> list[Point]:
    outline = _triangle(pen, -1)
    pen.stroke([(0, -0.22), (0, 0.2)], 0.15, BLACK)
    pen.disc(0, 0.43, 0.09, BLACK)
    return outline


def _round(pen: Pen, rim: Colour, face: Colour, face_radius: float) -> list[Point]:
    pen.disc(0, 0, RADIUS, WHITE if rim != face else rim)
    pen.disc(0, 0, RADIUS * 0.97, rim)
    pen.disc(0, 0, RADIUS * face_radius, face)
    return regular_polygon(40, RADIUS)


def _no_entry(pen: Pen) -> list[Point]:
    outline = _round(pen, WHITE, RED, 0.95)
    pen.box(-0.68, -0.17, 0.68, 0.17, WHITE, 0.03)
    return outline


def _speed(pen: Pen, tens: str) -> list[Point]:
    outline = _round(pen, RED, WHITE, 0.74)
    pen.letter(tens, -0.27, 0, 0.30, 0.66, 0.13, BLACK)
    pen.letter("0", 0.28, 0, 0.30, 0.66, 0.13, BLACK)
    return outline


def _keep_right(pen: Pen) -> list[Point]:
    outline = _round(pen, WHITE, BLUE, 0.94)
    pen.stroke([(-0.45, -0.45), (0.3, 0.3)], 0.2, WHITE)
    pen.polygon([(0.6, 0.6), (0.6, -0.1), (-0.1, 0.6)], WHITE)
    return outline


def _no_parking(pen: Pen) -> list[Point]:
    outline = _round(pen, RED, BLUE, 0.76)
    pen.stroke([(-0.58, -0.58), (0.58, 0.58)], 0.2, RED)
    return outline


def _blue_board(pen: Pen) -> list[Point]:
    edge = 0.93
    pen.box(-edge, -edge, edge, edge, WHITE, 0.17)
    pen.box(-edge + 0.05, -edge + 0.05, edge - 0.05, edge - 0.05, BLUE, 0.14)
    return [(-edge, -edge), (edge, -edge), (edge, edge), (-edge, edge)]


def _parking(pen: Pen) -> list[Point]:
    outline = _blue_board(pen)
    pen.letter("P", 0.02, 0, 0.62, 1.05, 0.22, WHITE)
    return outline


def _info(pen: Pen) -> list[Point]:
    outline = _blue_board(pen)
    for row, end in enumerate((0.05, 0.5, 0.2, 0.38)):
        pen.stroke([(-0.6, -0.5 + row * 0.33), (end, -0.5 + row * 0.33)], 0.1, WHITE)
    return outline


def _crossing(pen: Pen) -> list[Point]:
    outline = _blue_board(pen)
    pen.polygon([(0, -0.74), (0.78, 0.68), (-0.78, 0.68)], WHITE)
    pen.disc(0.02, -0.29, 0.1, BLACK)
    pen.stroke([(0, -0.12), (-0.02, 0.18)], 0.15, BLACK)
    for leg in ([(0.08, 0.32), (0.18, 0.5)], [(-0.1, 0.34), (-0.23, 0.5)]):
        pen.stroke([(-0.02, 0.18), *leg], 0.1, BLACK)
    for arm in ([(0.12, 0.06), (0.25, 0.1)], [(-0.16, 0.02), (-0.2, 0.16)]):
        pen.stroke([(0, -0.1), *arm], 0.075, BLACK)
    for k in range(5):
        pen.box(-0.57 + k * 0.24, 0.58, -0.45 + k * 0.24, 0.65, BLACK)
    return outline


def _priority(pen: Pen) -> list[Point]:
    outline = regular_polygon(4, RADIUS)
    pen.polygon(outline, BLACK)
    pen.polygon(regular_polygon(4, RADIUS * 0.96), WHITE)
    pen.polygon(regular_polygon(4, RADIUS * 0.64), YELLOW)
    return outline


_LAMP_COLOURS: dict[str, tuple[Colour, Colour]] = {  # lit, dark
    "red": ((255, 48, 34), (62, 20, 18)),
    "yellow": ((255, 200, 30), (58, 48, 14)),
    "green": ((52, 255, 146), (12, 52, 34)),
}


def _traffic_light(pen: Pen, lit: str) -> list[Point]:
    half = 0.42
    pen.box(-half, -RADIUS, half, RADIUS, (58, 60, 58), 0.2)
    pen.box(-half + 0.045, -RADIUS + 0.045, half - 0.045, RADIUS - 0.045, (24, 26, 25), 0.16)
    for name, y in LAMP_HEIGHTS.items():
        bright, dark = _LAMP_COLOURS[name]
        pen.disc(0, y - 0.02, 0.3, (10, 10, 10))
        pen.disc(0, y + 0.015, LAMP_RADIUS, bright if name == lit else dark)
        if name == lit:
            for radius, lift in ((0.2, 22), (0.14, 50), (0.08, 86)):
                pen.disc(0, y + 0.015, radius, _lifted(bright, lift))
        else:
            pen.stroke([(-0.1, y - 0.1), (0.04, y - 0.14)], 0.05, _lifted(dark, 34))
    return [(-half, -RADIUS), (half, -RADIUS), (half, RADIUS), (-half, RADIUS)]


def _lifted(colour: Colour, by: int) -> Colour:
    red, green, blue = (min(255, channel + by) for channel in colour)
    return red, green, blue


_FACES: dict[str, Callable[[Pen], list[Point]]] = {
    "stop": _stop,
    "yield": lambda pen: _triangle(pen, 1),
    "no_entry": _no_entry,
    "speed_30": lambda pen: _speed(pen, "3"),
    "speed_50": lambda pen: _speed(pen, "5"),
    "parking": _parking,
    "crossing": _crossing,
    "priority": _priority,
    "traffic_light_red": lambda pen: _traffic_light(pen, "red"),
    "traffic_light_green": lambda pen: _traffic_light(pen, "green"),
    "warning": _warning,
    "keep_right": _keep_right,
    "no_parking": _no_parking,
    "info": _info,
    "plain_red": lambda pen: _round(pen, RED, WHITE, 0.74),
    "light_off": lambda pen: _traffic_light(pen, "none"),
}

_LIT_LAMPS = {"traffic_light_red": "red", "traffic_light_green": "green"}


def draw_sign(name: str) -> SignSprite:
    """Draw one sign or traffic light by its class or distractor name."""
    pen = Pen(_DRAWN_SIZE)
    outline = _FACES[name](pen)
    base = pen.image.resize((256, 256), Image.Resampling.BOX)
    pyramid = {size: base.resize((size, size), Image.Resampling.BOX) for size in _PYRAMID}
    lit = _LIT_LAMPS.get(name)
    lamp = (0.0, LAMP_HEIGHTS[lit] + 0.015) if lit else None
    return SignSprite(pyramid, np.array(outline, np.float64), lamp)
