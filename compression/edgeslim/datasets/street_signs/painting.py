"""Painting a planned sign: pole, tilt, wear, light, and now and then something in front of it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from edgeslim.datasets.street_signs.placing import SignPlan
from edgeslim.datasets.street_signs.signs import LAMP_RADIUS, SignSprite, is_traffic_light
from edgeslim.datasets.street_signs.stage import Floats, PlacedSign, Stage, opacities, pick
from edgeslim.datasets.street_signs.world import SUPERSAMPLING, Ink

Points = npt.NDArray[np.float64]

MIN_LABEL_SIDE = 8.0  # output pixels
_UNIT_SQUARE = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64)
_LIGHT_COLOURS: dict[str, Ink] = {"traffic_light_red": (255, 56, 40), "traffic_light_green": (46, 255, 140)}
_DEPTH = 0.22  # strength of the perspective
_MAX_HAZE = 0.72  # signs stay readable in fog


class _Tilt:
    """Maps the unit square of a sign to the picture, turned about all three axes."""

    def __init__(self, stage: Stage, plan: SignPlan, sprite: SignSprite) -> None:
        rng = stage.rng
        narrowest = (np.ptp(sprite.outline[:, 0]) / 2) * plan.size / SUPERSAMPLING
        limit = min(0.95, math.acos(min(1.0, (MIN_LABEL_SIDE + 0.6) / narrowest))) if narrowest > 0 else 0.0
        self._yaw = float(np.clip(rng.normal(0, 0.33), -limit, limit))
        self._pitch = rng.normal(0, 0.06)
        bent = rng.normal(0, 0.12) if rng.random() < 0.12 and not is_traffic_light(plan.name) else 0.0
        self._roll = rng.normal(0, 0.04) + bent
        self._plan = plan

    def __call__(self, points: Points) -> Points:
        depth = 1 + _DEPTH * (points[:, 0] * math.sin(self._yaw) + points[:, 1] * math.sin(self._pitch))
        x = points[:, 0] * math.cos(self._yaw) / depth
        y = points[:, 1] * math.cos(self._pitch) / depth
        cos, sin = math.cos(self._roll), math.sin(self._roll)
        half = self._plan.size / 2
        return np.stack(
            [self._plan.x + (x * cos - y * sin) * half, self._plan.y + (x * sin + y * cos) * half], 1
        )


def _perspective(target: Points, source: Points) -> list[float]:
    """Pillow's eight coefficients that map target corners back to source corners."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(target.tolist(), source.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solution: list[float] = np.linalg.solve(np.array(rows), source.reshape(-1)).tolist()
    return solution


def paint_sign(stage: Stage, plan: SignPlan) -> None:
    """Paint a sign with its pole, unless it would hide another sign too much."""
    rng, canvas = stage.rng, stage.canvas
    sprite = stage.library.signs[plan.name]
    face = sprite.at_least(plan.size)
    tilt = _Tilt(stage, plan, sprite)
    quad, outline = tilt(_UNIT_SQUARE), tilt(sprite.outline)
    left, top = (int(v) for v in np.floor(quad.min(0)))
    right, bottom = (int(v) + 1 for v in np.ceil(quad.max(0)))
    corners = (_UNIT_SQUARE + 1) * (face.width / 2)
    size = (right - left, bottom - top)
    coefficients = _perspective(quad - (left, top), corners)
    patch = face.transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR)
    mask = patch.getchannel("A")
    if not canvas.allows(mask, left, top) or not _paint_support(stage, plan):
        return
    colour = np.asarray(patch.convert("RGB"), np.float32)
    shown = _lit_lamps(stage, colour) if is_traffic_light(plan.name) else _worn(stage, colour)
    haze: Floats = np.array(min(stage.weather.haze(plan.distance), _MAX_HAZE), np.float32)
    if is_traffic_light(plan.name):
        strength = 1 - 0.5 * np.clip(
            (colour.max(2, keepdims=True) - 120) / 60, 0, 1
        )  # light cuts through fog
        haze = np.asarray(haze * strength, np.float32)
    shown = shown * (1 - haze) + np.array(stage.weather.horizon, np.float32) * haze
    canvas.cover(mask, left, top)
    canvas.image.paste(Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8)), (left, top), mask)
    visible = opacities(mask)
    lamp = None if sprite.lamp is None else _lamp_disc(tilt, sprite.lamp, left, top, visible.shape)
    low, high = outline.min(0), outline.max(0)
    placed = PlacedSign(
        name=plan.name,
        box=(float(low[0]), float(low[1]), float(high[0]), float(high[1])),
        x=left,
        y=top,
        visible=visible,
        area=float(visible.sum()),
        lamp=lamp,
        lamp_area=0.0 if lamp is None else float((visible * lamp).sum()),
    )
    canvas.signs.append(placed)
    if sprite.lamp is not None:
        _glow_lamp(stage, plan, tilt(np.array([sprite.lamp]))[0])
    if rng.random() < 0.16:
        _occlude(stage, plan, placed)


def _lamp_disc(tilt: _Tilt, lamp: tuple[float, float], left: int, top: int, shape: tuple[int, ...]) -> Floats:
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    rim = tilt(np.stack([lamp[0] + LAMP_RADIUS * np.cos(angles), lamp[1] + LAMP_RADIUS * np.sin(angles)], 1))
    disc = Image.new("L", (shape[1], shape[0]), 0)
    ImageDraw.Draw(disc).polygon([(x - left, y - top) for x, y in rim.tolist()], fill=255)
    return opacities(disc)


def _paint_support(stage: Stage, plan: SignPlan) -> bool:
    """Paint what holds the sign; False if that would hide another sign."""
    if not plan.pole:
        return True
    canvas, weather, camera = stage.canvas, stage.weather, stage.camera
    light = is_traffic_light(plan.name)
    half = max(1.0, plan.size * stage.rng.uniform(0.028, 0.04))
    colour = weather.tint((70, 74, 78) if light else (132, 134, 138), plan.distance)
    ground = max(camera.ground(plan.distance), plan.y + 2)
    if plan.arm_to is not None:
        beam = plan.y - plan.size * 0.3
        first, last = min(plan.x, plan.arm_to), max(plan.x, plan.arm_to)
        mast = plan.arm_to
        return canvas.bar(
            first - half, beam - 0.7 * half, last + half, beam + 0.7 * half, colour
        ) and canvas.bar(mast - 1.4 * half, beam - 2 * half, mast + 1.4 * half, ground, colour)
    _paint_foot(stage, plan, ground)
    top = plan.y if light else plan.y - plan.size * 0.45
    return canvas.bar(plan.x - half, top, plan.x + half, ground, colour)


def _paint_foot(stage: Stage, plan: SignPlan, ground: float) -> None:
    """The pole's shadow and, if it stands on the road, a kerbed island."""
    camera, canvas = stage.camera, stage.canvas
    scale = camera.focal / plan.distance
    metres = (plan.x - camera.centre_x) / scale
    on_road = stage.street.left + 0.1 < metres < stage.street.right - 0.1
    if ground > camera.height + 40:
        return
    if on_road:
        for grow, lift, grey in ((1.0, 0.0, 128.0), (0.92, 0.03, 176.0)):
            wide, y = 0.75 * scale * grow, ground - lift * scale
            box = [plan.x - wide, y - wide * 0.2, plan.x + wide, y + wide * 0.2]
            canvas.draw.ellipse(box, fill=stage.weather.tint((grey, grey - 2, grey - 6), plan.distance))
    canvas.shade(plan.x, ground, 0.3 * scale, max(1.5, 0.06 * scale), 0.5)


def _worn(stage: Stage, colour: Floats) -> Floats:
    """Fade, dirt, rust and cast shadows, under the scene's light."""
    rng, weather = stage.rng, stage.weather
    height, width = colour.shape[:2]
    if rng.random() < 0.4:
        fade = np.float32(rng.uniform(0, 0.3))
        colour = colour * (1 - fade) + (colour.mean(2, keepdims=True) * 0.5 + 90) * fade
    dirt_image = Image.fromarray(stage.texture(96, 96)).resize((width, height), Image.Resampling.BILINEAR)
    dirt = np.asarray(dirt_image, np.float32)[..., None]
    colour = colour * (1 + np.float32(rng.uniform(0.015, 0.1)) * dirt)
    if rng.random() < 0.15:
        rust = np.clip((dirt - 0.8) * 1.2, 0, 1) * np.float32(rng.uniform(0.3, 0.8))
        colour = colour * (1 - rust) + np.array((104, 78, 52), np.float32) * rust
    if weather.sunny and rng.random() < 0.3:
        angle, shift = rng.uniform(0, 2 * math.pi), rng.uniform(-0.4, 0.4)
        across = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * np.float32(math.cos(angle))
        down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(math.sin(angle))
        colour = colour * (1 - 0.4 * np.clip((across + down + np.float32(shift)) * 6, 0, 1)[..., None])
    if weather.dark:  # faces throw back the headlights
        light = np.array((1.0, 0.97, 0.92), np.float32) * np.float32(rng.uniform(0.42, 0.95))
    else:
        light = np.array(weather.ambient, np.float32) * np.float32(rng.uniform(0.78, 1.08))
    shaded: Floats = colour * light
    return shaded


def _lit_lamps(stage: Stage, colour: Floats) -> Floats:
    """A traffic light's housing under the scene's light; its lit lamp shines by itself."""
    ambient = np.array(stage.weather.ambient, np.float32) * np.float32(stage.rng.uniform(0.75, 1.05))
    shining = np.clip((colour.max(2, keepdims=True) - 120) / 60, 0, 1)
    power = np.float32(stage.rng.uniform(0.88, 1.05))
    return np.asarray(colour * (ambient * (1 - shining) + power * shining), np.float32)


def _glow_lamp(stage: Stage, plan: SignPlan, lamp: Points) -> None:
    rng, weather = stage.rng, stage.weather
    if not (weather.dark or weather.mood in ("fog", "dusk", "overcast", "rain") or rng.random() < 0.3):
        return
    colour = _LIGHT_COLOURS[plan.name]
    radius = plan.size * rng.uniform(0.4, 0.7) * (1.0 if weather.dark else 0.65)
    stage.canvas.glow(float(lamp[0]), float(lamp[1]), radius, colour, 0.7 if weather.dark else 0.35)
    if weather.wet:
        ground = stage.camera.ground(plan.distance)
        stage.canvas.glow(
            float(lamp[0]), ground + plan.size * 0.3, plan.size * 0.22, colour, 0.4, stretch=3.0
        )


def _occlude(stage: Stage, plan: SignPlan, sign: PlacedSign) -> None:
    """Put a tree, a pole or a sticker in front of a sign; the canvas refuses what would hide too much."""
    rng, canvas = stage.rng, stage.canvas
    x0, y0, x1, y1 = sign.box
    width, height = x1 - x0, y1 - y0
    middle = (x0 + x1) / 2
    kind = int(rng.integers(3))
    if kind == 0:
        _tree_in_front(stage, plan, width)
    elif kind == 1:
        half = max(1.0, width * rng.uniform(0.04, 0.08))
        x = middle + rng.uniform(-0.5, 0.5) * width
        top = y0 - rng.uniform(0, 1) * canvas.height
        canvas.bar(
            x - half, top, x + half, canvas.height, stage.weather.tint((66, 64, 62), plan.distance * 0.7)
        )
    else:
        side = max(3, int(height * rng.uniform(0.16, 0.3)))
        x, y = middle + rng.uniform(-0.3, 0.3) * width, (y0 + y1) / 2 + rng.uniform(-0.1, 0.4) * height
        base = (float(rng.integers(40, 250)), float(rng.integers(40, 250)), float(rng.integers(40, 250)))
        canvas.bar(
            x - side / 2, y - side / 2, x + side / 2, y + side / 2, stage.weather.tint(base, plan.distance)
        )


def _tree_in_front(stage: Stage, plan: SignPlan, width: float) -> None:
    """A tree a little nearer, on the side away from the road, whose crown reaches over the sign."""
    rng, camera = stage.rng, stage.camera
    z = plan.distance * 0.93
    ground = camera.ground(z)
    height = (ground - plan.y) / 0.68  # the crown's middle is at two thirds of a tree
    side = 1 if plan.x > camera.centre_x else -1
    x = plan.x + side * (0.24 * height + width * rng.uniform(-0.15, 0.25))
    tree = pick(rng, [tree for tree in stage.library.trees if tree.kind == "leafy"])
    stage.paste(tree, x, ground, height, z)
