"""Rows of houses along both sides of a street."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.datasets.street_signs.signs import BLUE, RED
from edgeslim.datasets.street_signs.stage import Stage, pick
from edgeslim.datasets.street_signs.world import Ink, Rgb, scaled

_WALLS: tuple[Rgb, ...] = (
    (168, 98, 78), (200, 182, 154), (146, 146, 150), (208, 200, 190), (124, 96, 84),
    (180, 164, 122), (134, 150, 158), (194, 144, 114), (216, 206, 178), (150, 120, 104),
)  # fmt: skip
_GLASS: tuple[Rgb, ...] = ((70, 88, 108), (54, 64, 78), (104, 124, 142))
_AWNINGS: tuple[Rgb, ...] = (RED, BLUE, (40, 120, 80), (220, 150, 40), (90, 60, 110))
_LAMP_LIGHT: Rgb = (252, 208, 132)


@dataclass(frozen=True)
class _House:
    near: float
    far: float
    height: float
    x: float
    side: int

    def at(self, part: float) -> float:
        """Distance at a part 0..1 of the facade."""
        return self.near + (self.far - self.near) * part


def paint_buildings(stage: Stage) -> None:
    """Paint the houses of a city or suburb, far ones first."""
    rng, street = stage.rng, stage.street
    if street.place == "country":
        return
    city = street.place == "city"
    for side in (-1, 1):
        edge = street.right if side > 0 else street.left
        front, z = edge + side * rng.uniform(2.4, 5), rng.uniform(1.4, 5)
        row = []
        while z < 55:
            depth = rng.uniform(5, 13)
            height = rng.uniform(6, 20) if city else rng.uniform(3.2, 6.5)
            if rng.random() < (0.9 if city else 0.55):
                row.append(_House(z, z + depth, height, front + side * rng.uniform(0, 1.2), side))
            z += depth + (rng.uniform(0, 1.5) if city else rng.uniform(3, 9))
        for house in reversed(row):
            _house(stage, house, city)


def _wall(stage: Stage, x: float, y0: float, y1: float, z0: float, z1: float, fill: Ink) -> None:
    """Paint a rectangle standing along the street."""
    project = stage.camera.project
    corners = [project(x, y0, z0), project(x, y1, z0), project(x, y1, z1), project(x, y0, z1)]
    stage.canvas.draw.polygon(corners, fill=fill)


def _house(stage: Stage, house: _House, city: bool) -> None:
    rng, tint, project, draw = stage.rng, stage.weather.tint, stage.camera.project, stage.canvas.draw
    wall = scaled(pick(rng, _WALLS), rng.uniform(0.78, 1.1))
    lit_side = stage.weather.sunny and stage.weather.sun_side != house.side
    facade = scaled(wall, 1.08 if lit_side else 0.9 if stage.weather.sunny else 1.0)
    x, top, depth = house.x, house.height, house.x + house.side * 9
    gable = [project(x, 0, house.near), project(x, top, house.near), project(depth, top, house.near),
             project(depth, 0, house.near)]  # fmt: skip
    draw.polygon(gable, fill=tint(scaled(wall, 0.76), house.near))
    for part in (2, 1, 0):
        a, b = house.at(part / 3), house.at((part + 1) / 3)
        _wall(stage, x, 0, top, a, b, tint(facade, (a + b) / 2))
    middle = house.at(0.5)
    if city:
        _wall(stage, x, top - 0.35, top + 0.1, house.near, house.far, tint(scaled(wall, 0.66), middle))
    else:
        _roof(stage, house, wall)
    if house.near < 34:
        _wall(stage, x, 0, 0.5, house.near, house.far, tint(scaled(wall, 0.7), middle))
        _windows(stage, house, wall, shop=city and bool(rng.random() < 0.6))


def _roof(stage: Stage, house: _House, wall: Rgb) -> None:
    tint, project, draw = stage.weather.tint, stage.camera.project, stage.canvas.draw
    ridge_x, ridge_y = house.x + house.side * 3, house.height + 2
    eaves_x = house.x - house.side * 0.3
    tiles = pick(stage.rng, ((128, 64, 50), (96, 70, 62), (92, 92, 98)))
    low, near, far = house.height - 0.1, house.near, house.far
    slope = [project(eaves_x, low, near), project(eaves_x, low, far)]
    slope += [project(ridge_x, ridge_y, far), project(ridge_x, ridge_y, near)]
    gable = [project(house.x, house.height, near), project(ridge_x, ridge_y, near)]
    gable.append(project(house.x + house.side * 6, house.height, near))
    draw.polygon(gable, fill=tint(scaled(wall, 0.7), house.near))
    draw.polygon(slope, fill=tint(tiles, house.at(0.5)))


def _windows(stage: Stage, house: _House, wall: Rgb, shop: bool) -> None:
    rng, weather, x = stage.rng, stage.weather, house.x
    floors = min(6, max(1, int(house.height // 3)))
    columns = max(1, int((house.far - house.near) // 2.4))
    glass = pick(rng, _GLASS)
    detailed = house.near < 16
    for floor in range(floors):
        at_shop = shop and floor == 0
        low = 0.4 if at_shop else floor * house.height / floors + 0.9
        high = 2.5 if at_shop else min(low + 1.5, house.height - 0.5)
        margin = 0.08 if at_shop else 0.24
        for column in range(columns):
            a, b = house.at((column + margin) / columns), house.at((column + 1 - margin) / columns)
            lit = weather.dark and (at_shop or bool(rng.random() < 0.36))
            if lit:
                fill = weather.tint(_LAMP_LIGHT, a, light=rng.uniform(0.5, 1))
            else:
                fill = weather.tint(scaled(glass, rng.uniform(0.75, 1.25)), a)
            if detailed and not at_shop:
                frame = 0.06 * (house.far - house.near) / columns
                _wall(
                    stage,
                    x,
                    low - 0.14,
                    high + 0.1,
                    a - frame,
                    b + frame,
                    weather.tint(scaled(wall, 1.22), a),
                )
            _wall(stage, x, low, high, a, b, fill)
            if detailed:
                bar = weather.tint(scaled(wall, 0.8 if at_shop else 1.15), a)
                centre, thin = (a + b) / 2, 0.03 * (b - a)
                _wall(stage, x, low, high, centre - thin, centre + thin, bar)
    if shop:
        glowing = 0.8 if weather.dark and rng.random() < 0.5 else None
        awning = weather.tint(pick(rng, _AWNINGS), house.at(0.5), light=glowing)
        _wall(stage, x, 2.6, 3.2, house.at(0.04), house.at(0.96), awning)
