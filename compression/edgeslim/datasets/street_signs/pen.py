"""Drawing in unit coordinates: a square from (-1, -1) to (1, 1), y down. Letters are strokes: no fonts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

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
