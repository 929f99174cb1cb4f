"""Choosing which signs a scene shows, where they hang and how large they look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.datasets.street_signs.camera import SUPERSAMPLING
from edgeslim.datasets.street_signs.classes import CLASSES, DISTRACTORS, is_traffic_light
from edgeslim.datasets.street_signs.stage import Stage, pick

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
