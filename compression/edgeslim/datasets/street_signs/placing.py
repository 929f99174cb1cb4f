"""What a scene shows and where: the signs, and trees, cars, people, billboards and street lamps around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from edgeslim.datasets.street_signs.scenery import ScenerySprite
from edgeslim.datasets.street_signs.signs import CLASSES, DISTRACTORS, is_traffic_light
from edgeslim.datasets.street_signs.stage import Stage, pick
from edgeslim.datasets.street_signs.world import SUPERSAMPLING, Ink

_SIZES = (11.0, 116.0)  # output pixels, of the unit square a sign is drawn in
_LIGHT_SIZES = (21.0, 120.0)  # a traffic light is less than half as wide as tall
_TRIES = 14
_COUNT_SHARES = (0.04, 0.11, 0.22, 0.25, 0.2, 0.12, 0.06)
_DISTRACTOR_SHARES = (0.45, 0.38, 0.17)
_PLATES = tuple(name for name in CLASSES if not is_traffic_light(name))


@dataclass(frozen=True)
class SignPlan:
    """One sign to be painted: centre and size in supersampled pixels, distance in metres."""

    name: str
    x: float
    y: float
    size: float
    distance: float
    pole: bool = True
    arm_to: float | None = None  # pixel column of the mast a traffic light hangs from

    def reach(self) -> tuple[float, float, float, float]:
        """Its square with a margin, xyxy."""
        half = 0.55 * self.size
        wide = 0.3 * self.size if is_traffic_light(self.name) else half
        return (self.x - wide, self.y - half, self.x + wide, self.y + half)


def sample_names(stage: Stage) -> list[str]:
    """Draw zero to six labelled signs and zero to two distractors."""
    rng = stage.rng
    count = _weighted(rng.random(), _COUNT_SHARES)
    names = [pick(rng, CLASSES) for _ in range(count)]
    return names + [pick(rng, DISTRACTORS) for _ in range(_weighted(rng.random(), _DISTRACTOR_SHARES))]


def _weighted(draw: float, shares: Sequence[float]) -> int:
    for index, share in enumerate(shares):
        if draw < share:
            return index
        draw -= share
    return len(shares) - 1


def plan_signs(stage: Stage, names: Sequence[str], second_plates: bool) -> list[SignPlan]:
    """Find a free place for each sign; one that finds none is left out."""
    plans: list[SignPlan] = []
    for name in names:
        for _ in range(_TRIES):
            plan = _candidate(stage, name)
            if plan is not None and not any(_overlap(plan, other) for other in plans):
                break
        else:
            continue
        assert plan is not None
        plans.append(plan)
        if second_plates and not is_traffic_light(name) and stage.rng.random() < 0.16:
            below = _second_plate(stage, plan)
            if below.y + below.size / 2 < stage.camera.height and not any(
                _overlap(below, p) for p in plans[:-1]
            ):
                plans.append(below)
    return plans


def _overlap(a: SignPlan, b: SignPlan) -> bool:
    left, top, right, bottom = a.reach()
    x0, y0, x1, y1 = b.reach()
    return min(right, x1) > max(left, x0) and min(bottom, y1) > max(top, y0)


def _second_plate(stage: Stage, above: SignPlan) -> SignPlan:
    size = above.size * stage.rng.uniform(0.82, 1)
    y = above.y + (above.size + size) * 0.505
    return SignPlan(pick(stage.rng, _PLATES), above.x, y, size, above.distance - 1e-3, pole=False)


def _candidate(stage: Stage, name: str) -> SignPlan | None:
    """A random place, or None if the sign would be cropped too much there."""
    rng, camera = stage.rng, stage.camera
    light = is_traffic_light(name)
    small, large = _LIGHT_SIZES if light else _SIZES
    size = small * (large / small) ** (rng.random() ** 1.3) * SUPERSAMPLING
    metres = rng.uniform(1.0, 1.45) if light else rng.uniform(0.75, 1.2)
    z = camera.focal * metres / size
    overhead = light and rng.random() < 0.4
    height = rng.uniform(4.2, 5.4) if overhead else rng.uniform(2.5, 3.5) if light else rng.uniform(1.9, 3.0)
    x = _column(stage, z, size, anywhere=overhead)
    margin = 0.52 if light or rng.random() < 0.8 else 0.2  # below 0.5 part of the sign leaves the picture
    y = max(camera.project(0, height, z)[1], margin * size + rng.uniform(0, 0.06) * camera.height)
    y = min(y, 0.8 * camera.height)
    half = size * (0.42 if light else 0.97) / 2
    seen = min(camera.width, x + half) - max(0.0, x - half)
    if seen < (0.98 if light else 0.68 if margin > 0.5 else 0.9) * 2 * half:
        return None
    arm = None
    if overhead and y < camera.horizon_y:
        edge = stage.street.right if x < camera.width * 0.75 and rng.random() < 0.6 else stage.street.left
        arm = camera.project(edge * 1.1, 0, z)[0]
    return SignPlan(name, x, y, size, z, arm_to=arm)


def _column(stage: Stage, z: float, size: float, anywhere: bool) -> float:
    """Pixel column: beside the road where that is in the picture, else (near, large signs) anywhere."""
    rng, camera, street = stage.rng, stage.camera, stage.street
    offset = rng.uniform(0.3, 1.8) + (rng.uniform(0, 3) if rng.random() < 0.4 else 0.0)
    for edge in (street.left - offset, street.right + offset)[:: 1 if rng.random() < 0.5 else -1]:
        x: float = camera.project(edge, 0, z)[0]
        if not anywhere and 0.03 * camera.width < x < 0.97 * camera.width:
            return x
    if anywhere:
        return rng.uniform(0.12, 0.88) * camera.width
    u = rng.uniform(0, 1) ** 1.5 * 0.5  # rather near the picture's sides
    column: float = camera.width * (u if rng.random() < 0.5 else 1 - u)
    return column


class Item(NamedTuple):
    """Something to be painted when its turn comes, far ones first."""

    distance: float
    paint: Callable[[], None]


_TAIL_LIGHT: Ink = (255, 46, 34)
_HEADLIGHT: Ink = (255, 242, 208)
_STREET_LIGHT: Ink = (255, 208, 138)
_TREES_AT_MOST = {"city": 4, "suburb": 6, "country": 8}


def sample_props(stage: Stage) -> list[Item]:
    """Draw what else stands in the street."""
    rng = stage.rng
    items = [_tree(stage) for _ in range(int(rng.integers(1, _TREES_AT_MOST[stage.street.place] + 1)))]
    items += [_car(stage) for _ in range(int(rng.integers(0, 5)))]
    items += [_person(stage) for _ in range(int(rng.integers(0, 4)))]
    items += [_billboard(stage) for _ in range(int(rng.integers(0, 3)))]
    items += [_street_lamp(stage) for _ in range(int(rng.integers(0, 3)) + stage.weather.dark)]
    return items


def _beside_road(stage: Stage, near: float, far: float) -> float:
    """A lateral position this many metres beside the road, left or right."""
    offset = stage.rng.uniform(near, far)
    return stage.street.right + offset if stage.rng.random() < 0.5 else stage.street.left - offset


def _standing(
    stage: Stage, sprite: ScenerySprite, x: float, z: float, metres: float, footprint: float
) -> bool:
    """Paint a sprite on its shadow; footprint is the shadow's half width in metres."""
    camera, weather = stage.camera, stage.weather
    px, ground = camera.project(x, 0, z)
    half = footprint * camera.focal / z
    strength = 0.55 if weather.sunny else 0.3
    shift = -weather.sun_side * half * 0.55 if weather.sunny or weather.mood == "dusk" else 0.0
    stage.canvas.shade(
        px + shift, ground, half * 1.25, max(1.5, half * 0.2), strength * (1 - weather.haze(z))
    )
    return stage.paste(sprite, px, ground + 0.5, camera.focal * metres / z, z)


def _tree(stage: Stage) -> Item:
    z, x = stage.rng.uniform(5, 34), _beside_road(stage, 1.2, 5)
    sprite, metres = pick(stage.rng, stage.library.trees), stage.rng.uniform(3.5, 7)

    def paint() -> None:
        _standing(stage, sprite, x, z, metres, metres * 0.26)

    return Item(z, paint)


def _person(stage: Stage) -> Item:
    z, x = stage.rng.uniform(4, 18), _beside_road(stage, 0.2, 2)
    sprite, metres = pick(stage.rng, stage.library.people), stage.rng.uniform(1.55, 1.9)

    def paint() -> None:
        _standing(stage, sprite, x, z, metres, 0.35)

    return Item(z, paint)


def _car(stage: Stage) -> Item:
    rng, street = stage.rng, stage.street
    z = rng.uniform(5.5, 30)
    middle = (street.left + street.right) / 2
    sprite = pick(rng, stage.library.cars)
    if sprite.kind == "front":  # oncoming
        x = rng.uniform(min(street.left + 1.0, middle - 0.5), middle - 0.4)
    elif sprite.kind == "side":
        x = rng.uniform(street.left + 0.5, street.right - 0.5)
        z = rng.uniform(10, 30)
    else:
        x = rng.uniform(middle + 0.4, max(street.right - 1.0, middle + 0.5))
    metres = 2.15 if sprite.kind == "van" else 1.45

    def paint() -> None:
        if _standing(stage, sprite, x, z, metres, 2.0 if sprite.kind == "side" else 0.95):
            _car_lights(stage, sprite.kind, x, z, metres)

    return Item(z, paint)


def _car_lights(stage: Stage, kind: str, x: float, z: float, metres: float) -> None:
    if kind == "side" or not (stage.weather.dark or stage.weather.mood in ("rain", "fog")):
        return
    px, ground = stage.camera.project(x, 0, z)
    tall = stage.camera.focal * metres / z
    spread, height, colour = (0.46, 0.42, _TAIL_LIGHT) if kind != "front" else (0.46, 0.42, _HEADLIGHT)
    if kind == "van":
        spread, height = 0.4, 0.4
    strength = 0.9 if stage.weather.dark else 0.5
    for side in (-1, 1):
        lamp_x = px + side * spread * tall
        stage.canvas.glow(
            lamp_x, ground - tall * height, tall * (0.42 if kind == "front" else 0.24), colour, strength
        )
        if stage.weather.wet:
            stage.canvas.glow(lamp_x, ground + tall * 0.3, tall * 0.16, colour, strength * 0.6, stretch=3.0)
        if kind == "front":
            stage.canvas.glow(lamp_x, ground - tall * height, tall * 0.12, (255, 255, 250), 1.4)


def _billboard(stage: Stage) -> Item:
    rng, camera, weather = stage.rng, stage.camera, stage.weather
    z, x = rng.uniform(7, 26), _beside_road(stage, 1, 4)
    sprite, metres, bottom = pick(rng, stage.library.billboards), rng.uniform(0.7, 1.6), rng.uniform(1.4, 2.8)
    shine = rng.uniform(0.25, 0.8)

    def paint() -> None:
        px, py = camera.project(x, bottom, z)
        tall = camera.focal * metres / z
        half = max(1.0, tall * 0.035)
        post = weather.tint((84, 86, 90), z)
        if stage.canvas.bar(px - half, py - 1, px + half, camera.ground(z), post):
            stage.paste(sprite, px, py, tall, z, light=(shine, shine, shine) if weather.dark else None)

    return Item(z, paint)


def _street_lamp(stage: Stage) -> Item:
    rng, camera, weather, canvas = stage.rng, stage.camera, stage.weather, stage.canvas
    z = rng.uniform(8, 24)
    side = 1 if rng.random() < 0.5 else -1
    x = (stage.street.right if side > 0 else stage.street.left) + side * 0.5
    head_x = x - side * 1.3
    colour = weather.tint((74, 78, 84), z)

    def paint() -> None:
        px, ground = camera.project(x, 0, z)
        _, top = camera.project(x, 5.5, z)
        half = max(1.0, camera.focal * 0.05 / z)
        if not canvas.bar(px - half, top, px + half, ground, colour):
            return
        lamp = camera.project(head_x, 5.72, z)
        canvas.draw.line([(px, top + half), lamp], fill=colour, width=max(2, int(half * 1.6)))
        reach = max(2.0, camera.focal * 0.24 / z)
        bright = (255, 236, 200) if weather.dark else colour
        canvas.draw.rounded_rectangle(
            [lamp[0] - reach, lamp[1] - reach * 0.15, lamp[0] + reach, lamp[1] + reach * 0.3],
            reach * 0.2,
            fill=bright,
        )
        if weather.dark:
            scale = camera.focal / z
            canvas.glow(*lamp, 2.3 * scale, _STREET_LIGHT, 0.75)
            canvas.glow(*lamp, 0.45 * scale, (255, 240, 214), 1.3)
            foot = camera.project(head_x, 0, z)
            canvas.glow(*foot, 2.6 * scale, _STREET_LIGHT, 0.32, stretch=0.24)
            if weather.wet:
                canvas.glow(foot[0], foot[1] + scale * 0.4, 0.3 * scale, _STREET_LIGHT, 0.5, stretch=3.5)

    return Item(z, paint)
