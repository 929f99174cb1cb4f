"""What lies behind everything: sky, hills or skyline, ground, road and its markings."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from edgeslim.datasets.street_signs.stage import Stage, pick
from edgeslim.datasets.street_signs.world import Camera, Rgb, Weather, blended, scaled

_GROUND_STEPS = (200.0, 60.0, 30.0, 18.0, 12.0, 8.0, 6.0, 4.6, 3.6, 2.9, 2.3, 1.8, 1.4, 1.0)
_GRAIN_SIZE = 480
_GRAIN_PER_METRE = 25.0
_GROUND: dict[str, Rgb] = {"city": (134, 130, 124), "suburb": (104, 134, 70), "country": (126, 138, 66)}


def blank_picture(camera: Camera, weather: Weather) -> Image.Image:
    """The picture before anything is painted."""
    return Image.new("RGB", (camera.width, camera.height), blended(weather.horizon, weather.horizon, 0))


def paint_backdrop(stage: Stage) -> None:
    """Paint sky, distance and ground."""
    _sky(stage)
    _distance(stage)
    _ground(stage)
    _road(stage)
    _ground_texture(stage)


def _sky(stage: Stage) -> None:
    rng, weather, camera = stage.rng, stage.weather, stage.camera
    rows, columns = 64, 48
    depth = (np.linspace(0, 1, rows, dtype=np.float32)[:, None, None]) ** 0.9
    sky = np.array(weather.zenith, np.float32) * (1 - depth) + np.array(weather.horizon, np.float32) * depth
    clouds = stage.texture(3 * columns, 3 * rows)[::3, ::3]
    cover = np.clip((clouds - rng.uniform(-0.4, 1.4)) * 0.6, 0, 1)[..., None] * rng.uniform(0.2, 0.9)
    if weather.mood == "dusk":
        cloud = np.array((255, 192, 158), np.float32) * (0.75 + 0.25 * depth)
    else:
        light = 0.17 if weather.dark else 1.0
        cloud = np.array((250, 250, 252), np.float32) * np.array(weather.ambient, np.float32) * light
    sky = sky * (1 - cover) + cloud * cover
    picture = Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8))
    bottom = int(camera.horizon_y) + 4
    stage.canvas.image.paste(picture.resize((camera.width, bottom), Image.Resampling.BICUBIC), (0, 0))
    x = camera.width * (0.5 + 0.42 * weather.sun_side * rng.uniform(0.5, 1.1))
    if weather.mood == "night":
        for _ in range(36):
            point = (rng.uniform(0, camera.width), rng.uniform(0, camera.horizon_y * 0.8))
            stage.canvas.draw.point(point, fill=(190, 190, 206) if rng.random() < 0.4 else (110, 112, 134))
        if rng.random() < 0.35:
            y, radius = rng.uniform(0.1, 0.45) * camera.horizon_y, rng.uniform(7, 11)
            stage.canvas.glow(x, y, radius * 4, (150, 160, 190), 0.5)
            stage.canvas.draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=(232, 232, 220))
    elif weather.mood == "dusk":
        stage.canvas.glow(x, camera.horizon_y - 6, rng.uniform(120, 260), (255, 190, 110), 0.85)
        if rng.random() < 0.5:
            stage.canvas.glow(
                x, camera.horizon_y - rng.uniform(5, 30), rng.uniform(22, 34), (255, 236, 190), 1.6
            )
    elif weather.mood == "day" and rng.random() < 0.5:
        stage.canvas.glow(
            x, rng.uniform(0, 0.3) * camera.horizon_y, rng.uniform(90, 200), (255, 250, 225), 0.8
        )


def _distance(stage: Stage) -> None:
    rng, weather, camera, draw = stage.rng, stage.weather, stage.camera, stage.canvas.draw
    horizon = camera.horizon_y
    city = stage.street.place == "city"
    base: Rgb = (120, 124, 136) if city else (92, 116, 92)
    for layer in range(2):
        steps = 25
        walk = np.abs(np.cumsum(rng.normal(0, 9, steps))) * 0.8 + rng.uniform(4, 26)
        tops = horizon - walk * (1 - 0.35 * layer)
        fill = blended(weather.tint(base, 20), scaled(weather.horizon, 0.9 - 0.15 * layer), 0.5)
        ridge = [(camera.width * i / (steps - 1), float(top)) for i, top in enumerate(tops)]
        draw.polygon([(0.0, horizon + 4), *ridge, (float(camera.width), horizon + 4)], fill=fill)
    x = 0.0
    while city and x < camera.width:
        wide, tall = rng.uniform(20, 60), rng.uniform(14, 96)
        fill = blended(weather.tint((118, 116, 124), 25), scaled(weather.horizon, 0.9), rng.uniform(0.3, 0.5))
        draw.rectangle([x, horizon - tall, x + wide, horizon + 3], fill=fill)
        if weather.dark:
            for row in range(int((tall - 8) // 7)):
                for column in range(int((wide - 4) // 6)):
                    if rng.random() < 0.22:
                        px, py = int(x + 3 + 6 * column), int(horizon - tall + 4 + 7 * row)
                        draw.rectangle(
                            [px, py, px + 2, py + 2],
                            fill=blended(fill, (214, 172, 104), rng.uniform(0.3, 0.8)),
                        )
        x += wide * rng.uniform(0.8, 1.5)


def _strip(stage: Stage, x0: float, x1: float, colour: Rgb) -> None:
    """Paint a band of ground running ahead between two lateral positions."""
    camera = stage.camera
    for far, near in pairwise(_GROUND_STEPS):
        (ax0, ay), (ax1, _) = camera.project(x0, 0, far), camera.project(x1, 0, far)
        (bx0, by), (bx1, _) = camera.project(x0, 0, near), camera.project(x1, 0, near)
        corners = [(ax0, ay - 1), (ax1, ay - 1), (bx1, by), (bx0, by)]
        stage.canvas.draw.polygon(corners, fill=stage.weather.tint(colour, (far + near) / 2))


def _ground(stage: Stage) -> None:
    rng, camera = stage.rng, stage.camera
    shift = rng.normal(0, 7, 3)
    base = _GROUND[stage.street.place]
    colour = (base[0] + shift[0], base[1] + shift[1], base[2] + shift[2])
    for far, near in pairwise(_GROUND_STEPS):
        fill = stage.weather.tint(scaled(colour, rng.uniform(0.97, 1.03)), (far + near) / 2)
        stage.canvas.draw.rectangle([0, camera.ground(far) - 1, camera.width, camera.ground(near)], fill=fill)


def _flat(stage: Stage, x0: float, x1: float, z0: float, z1: float, colour: Rgb) -> None:
    """Paint a rectangle lying on the ground."""
    project = stage.camera.project
    corners = [project(x0, 0, z0), project(x1, 0, z0), project(x1, 0, z1), project(x0, 0, z1)]
    stage.canvas.draw.polygon(corners, fill=stage.weather.tint(colour, z0))


def _road(stage: Stage) -> None:
    rng, street = stage.rng, stage.street
    left, right = street.left, street.right
    grey, wetness = rng.uniform(64, 102), 0.72 if stage.weather.wet else 1.0
    road = scaled((grey, grey + 1, grey + 5), wetness)
    if street.place == "country":
        _strip(stage, left - 0.5, right + 0.5, (128, 118, 96))
    else:
        for inner, outer in ((left, left - 2.2), (right, right + 2.2)):
            _strip(stage, inner, outer, scaled((158, 152, 146), wetness))
            _strip(stage, inner, inner + math.copysign(0.18, outer - inner), scaled((188, 184, 178), wetness))
    _strip(stage, left, right, road)
    middle, z = (left + right) / 2, rng.uniform(1.3, 3)
    while z < 45:
        _flat(stage, middle - 0.08, middle + 0.08, z, z + 2.2, (226, 226, 218))
        z += 5
    for x in (left + 0.3, right - 0.3):
        if rng.random() < 0.6:
            _flat(stage, x - 0.06, x + 0.06, 1.2, 60, (210, 210, 202))
    if rng.random() < 0.3:
        z, x = rng.uniform(5, 14), left + 0.3
        while x < right - 0.3:
            _flat(stage, x, x + 0.45, z, z + 2.6, (230, 230, 224))
            x += 0.9
    if rng.random() < 0.4:
        x, z = rng.uniform(left + 0.8, right - 0.8), rng.uniform(2.4, 9)
        px, py = stage.camera.project(x, 0, z)
        half = 0.33 * stage.camera.focal / z
        box = [px - half, py - half * 0.28, px + half, py + half * 0.28]
        stage.canvas.draw.ellipse(box, fill=stage.weather.tint(scaled(road, 0.72), z))


def _ground_texture(stage: Stage) -> None:
    """Grain and patches in perspective: rows of a texture widen towards the camera."""
    camera = stage.camera
    start = 3  # rows below the horizon where it begins
    top = int(camera.horizon_y) + start
    rows = camera.height - top
    grain = stage.texture(_GRAIN_SIZE, _GRAIN_SIZE) * (9.0 if stage.weather.dark else 14.0) + 128
    tile = Image.fromarray(np.clip(grain, 1, 255).astype(np.uint8))
    # tile x = metres right, tile y = metres ahead; both are divided by the row, the pinhole's perspective
    scale, half = _GRAIN_PER_METRE * camera.eye_height / start, _GRAIN_SIZE / 2
    coefficients = (scale, half / start, half - scale * camera.centre_x,
                    0.0, -100 / start, scale * camera.focal - 100,
                    0.0, 1 / start)  # fmt: skip
    plane = tile.transform(
        (camera.width, rows), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR
    )
    mask = plane.point([v or 128 for v in range(256)])  # 0: beyond the tile
    region = stage.canvas.image.crop((0, top, camera.width, camera.height))
    textured = ImageChops.overlay(region, Image.merge("RGB", (mask, mask, mask)))
    stage.canvas.image.paste(textured, (0, top))


def paint_wet_reflection(stage: Stage) -> None:
    """Mirror what stands above the horizon in the wet road, smeared downwards."""
    camera, street = stage.camera, stage.street
    top = int(camera.horizon_y) + 2
    rows = camera.height - top
    source = stage.canvas.image.crop((0, max(0, top - rows), camera.width, top))
    mirrored = source.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    smeared = mirrored.resize((camera.width // 6, max(1, rows // 16))).resize((camera.width, rows))
    mask = Image.new("L", (camera.width, rows), 0)
    strength = int(stage.rng.uniform(70, 130))
    corners = [
        camera.project(x, 0, z)
        for x, z in ((street.left, 60), (street.right, 60), (street.right, 1), (street.left, 1))
    ]
    ImageDraw.Draw(mask).polygon([(x, y - top) for x, y in corners], fill=strength)
    stage.canvas.image.paste(smeared, (0, top), mask)


def paint_far_trees(stage: Stage) -> None:
    """A loose wall of trees far away, outside cities."""
    if stage.street.place == "city":
        return
    rng, camera = stage.rng, stage.camera
    distances = sorted((rng.uniform(34, 60) for _ in range(14)), reverse=True)
    for z in distances:
        height = camera.focal * rng.uniform(5, 9) / z
        stage.paste(pick(rng, stage.library.trees), rng.uniform(0, camera.width), camera.ground(z), height, z)
