"""Drawings of what stands in a street besides signs: trees, cars, people, billboards."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from edgeslim.datasets.street_signs.signs import BLACK, BLUE, RED, WHITE, YELLOW, Colour
from edgeslim.datasets.street_signs.world import Ink, Rgb, blended, scaled

_LEVELS = 5


@dataclass(frozen=True)
class ScenerySprite:
    """A drawing at halving sizes, each as colour and opacity; `kind` names the variant."""

    levels: tuple[tuple[Image.Image, Image.Image], ...]
    kind: str

    def at_least(self, height: int) -> tuple[Image.Image, Image.Image]:
        """The smallest level that is not enlarged when drawn at this height."""
        return next((level for level in reversed(self.levels) if level[0].height >= height), self.levels[0])


def make_sprite(image: Image.Image, kind: str, levels: int = _LEVELS) -> ScenerySprite:
    """Split an RGBA drawing into colour and opacity. Colour is bled, so that scaling makes no dark rims."""
    small = np.asarray(image.resize((8, 8), Image.Resampling.BOX), np.float32).reshape(-1, 4)
    weight = small[:, 3:] + 1e-3
    mean = (small[:, :3] * weight).sum(0) / weight.sum()
    background = (int(mean[0]), int(mean[1]), int(mean[2]))
    pyramid = []
    for level in range(levels):
        size = (max(1, image.width >> level), max(1, image.height >> level))
        reduced = image if level == 0 else image.resize(size, Image.Resampling.BOX)
        colour = Image.new("RGB", size, background)
        colour.paste(reduced, (0, 0), reduced)
        pyramid.append((colour, reduced.getchannel("A")))
    return ScenerySprite(tuple(pyramid), kind)


def _ink(colour: Rgb, factor: float = 1.0) -> Ink:
    return blended(scaled(colour, factor), colour, 0.0)


_LEAF_GREENS: tuple[Rgb, ...] = ((64, 112, 44), (82, 120, 40), (52, 98, 56), (156, 110, 36), (118, 124, 44))
_NEEDLE_GREENS: tuple[Rgb, ...] = ((34, 74, 50), (44, 82, 44), (28, 66, 58))


def draw_tree(rng: np.random.Generator, kind: str) -> ScenerySprite:
    """A tree of kind "leafy", "conifer" or "bare"."""
    image = Image.new("RGBA", (384, 512), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    bark = _ink((74 + rng.uniform(-14, 18), 56 + rng.uniform(-10, 12), 42 + rng.uniform(-8, 10)))
    if kind == "leafy":
        _leafy(draw, rng, bark)
    elif kind == "conifer":
        _conifer(draw, rng, bark)
    else:
        _branch(draw, rng, bark, 192, 512, -math.pi / 2, 125, 16)
    return make_sprite(image.resize((192, 256), Image.Resampling.BOX), kind)


def _leafy(draw: ImageDraw.ImageDraw, rng: np.random.Generator, bark: Ink) -> None:
    draw.polygon([(176, 512), (208, 512), (200, 230), (184, 230)], fill=bark)
    draw.line([(192, 330), (130, 240)], fill=bark, width=9)
    draw.line([(192, 310), (250, 220)], fill=bark, width=8)
    green = _LEAF_GREENS[int(rng.integers(len(_LEAF_GREENS)))]
    clumps = [(rng.uniform(-55, 55), rng.uniform(-60, 45), rng.uniform(70, 100)) for _ in range(4)]
    count = int(rng.integers(150, 210))
    for i in range(count):
        age = i / count  # later leaves are nearer and lighter
        x, y, reach = clumps[i % 4]
        angle, radius = rng.uniform(0, 2 * math.pi), math.sqrt(rng.uniform(0, 1)) * reach
        px, py = 192 + x + radius * math.cos(angle), 165 + y + radius * math.sin(angle) * 0.9
        size = rng.uniform(11, 34) * (1.2 - 0.65 * age)
        light = 0.52 + 0.55 * age - 0.28 * (py - 165) / 150 - 0.12 * (px - 192) / 150 + rng.uniform(-0.1, 0.1)
        draw.ellipse(
            [px - size, py - size * 0.8, px + size, py + size * 0.8], fill=_ink(green, max(0.2, light))
        )


def _conifer(draw: ImageDraw.ImageDraw, rng: np.random.Generator, bark: Ink) -> None:
    draw.rectangle([182, 440, 202, 512], fill=bark)
    green = _NEEDLE_GREENS[int(rng.integers(len(_NEEDLE_GREENS)))]
    tiers = 13
    for tier in range(tiers):
        base, half = 455 - tier * 34, 160 * (1 - tier / (tiers + 0.6))
        for light, shift, spread in ((0.7, 0, 1.0), (1.08, -8, 0.68)):
            fill = _ink(green, light + rng.uniform(-0.08, 0.12))
            fringe = [
                (192 + shift - half * spread + 2 * half * spread * j / 10, base + rng.uniform(-12, 16))
                for j in range(11)
            ]
            draw.polygon([*fringe, (192.0, base - 84.0)], fill=fill)


def _branch(
    draw: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    bark: Ink,
    x: float,
    y: float,
    angle: float,
    length: float,
    width: float,
) -> None:
    end_x, end_y = x + length * math.cos(angle), y + length * math.sin(angle)
    draw.line([(x, y), (end_x, end_y)], fill=bark, width=max(1, int(width)))
    if length > 22:
        for side in (-1, 1):
            turn, shrink = rng.uniform(0.2, 0.6), rng.uniform(0.66, 0.8)
            _branch(draw, rng, bark, end_x, end_y, angle + side * turn, length * shrink, width * 0.66)


_PAINTS: tuple[Rgb, ...] = (
    (176, 28, 36), (32, 70, 142), (225, 226, 228), (44, 46, 50), (128, 134, 140),
    (222, 178, 40), (60, 104, 82), (196, 198, 200), (86, 118, 150),
)  # fmt: skip
CAR_KINDS = ("rear", "front", "side", "van")


def draw_car(rng: np.random.Generator, kind: str) -> ScenerySprite:
    """A car seen from "rear", "front" or "side", or a "van" from the rear; wheels touch the lower edge."""
    image = Image.new("RGBA", (512, 384), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    paint = _PAINTS[int(rng.integers(len(_PAINTS)))]
    if kind == "side":
        _car_side(draw, paint)
    elif kind == "van":
        _van(draw, paint)
    else:
        _car_end(draw, paint, kind == "front")
    return make_sprite(image.resize((256, 192), Image.Resampling.BOX), kind)


def _car_end(draw: ImageDraw.ImageDraw, paint: Rgb, front: bool) -> None:
    for x in (62, 386):
        draw.rounded_rectangle([x, 268, x + 64, 380], 18, fill=(20, 20, 22))
    draw.polygon([(134, 84), (156, 68), (356, 68), (378, 84), (446, 192), (66, 192)], fill=_ink(paint, 0.82))
    draw.polygon([(144, 88), (368, 88), (418, 184), (94, 184)], fill=(44, 56, 70))
    draw.polygon([(152, 88), (226, 88), (170, 184), (104, 184)], fill=(86, 106, 124))
    draw.rounded_rectangle([38, 178, 474, 344], 42, fill=_ink(paint))
    draw.rounded_rectangle([46, 182, 466, 206], 12, fill=_ink(paint, 1.18))
    draw.rounded_rectangle([38, 272, 474, 344], 30, fill=_ink(paint, 0.62))
    draw.rounded_rectangle([90, 312, 422, 344], 10, fill=(30, 30, 32))
    draw.rectangle([206, 258, 306, 290], fill=(232, 232, 222))
    for x in (52, 386):
        draw.rounded_rectangle([x, 206, x + 74, 252], 16, fill=(252, 246, 220) if front else (204, 22, 28))
        draw.rounded_rectangle(
            [x + 26, 214, x + 48, 232], 8, fill=(255, 255, 250) if front else (250, 96, 80)
        )
    if front:
        draw.rounded_rectangle([156, 212, 356, 248], 12, fill=(26, 26, 30))
        draw.line([(164, 230), (348, 230)], fill=(120, 122, 126), width=5)


def _car_side(draw: ImageDraw.ImageDraw, paint: Rgb) -> None:
    body = [
        (14, 290), (18, 236), (48, 212), (132, 200), (196, 128), (224, 118), (336, 118),
        (362, 130), (424, 204), (484, 222), (498, 250), (498, 322), (14, 322),
    ]  # fmt: skip
    draw.polygon(body, fill=_ink(paint))
    draw.polygon(
        [(30, 226), (132, 202), (424, 206), (488, 226), (490, 236), (24, 240)], fill=_ink(paint, 1.15)
    )
    draw.polygon([(152, 200), (206, 138), (262, 134), (262, 200)], fill=(54, 72, 88))
    draw.polygon([(274, 200), (274, 134), (336, 136), (396, 202)], fill=(68, 88, 104))
    draw.rectangle([14, 292, 498, 322], fill=_ink(paint, 0.58))
    draw.line([(268, 206), (268, 290)], fill=_ink(paint, 0.7), width=4)
    draw.rounded_rectangle([14, 238, 34, 258], 6, fill=(210, 30, 30))
    draw.rounded_rectangle([476, 236, 498, 256], 6, fill=(250, 240, 200))
    for x in (112, 396):
        draw.ellipse([x - 52, 272, x + 52, 380], fill=(22, 22, 24))
        draw.ellipse([x - 27, 298, x + 27, 354], fill=(158, 160, 164))
        draw.ellipse([x - 9, 316, x + 9, 336], fill=(70, 72, 76))


def _van(draw: ImageDraw.ImageDraw, paint: Rgb) -> None:
    for x in (98, 352):
        draw.rounded_rectangle([x, 290, x + 62, 382], 16, fill=(20, 20, 22))
    draw.rounded_rectangle([84, 6, 428, 346], 30, fill=_ink(paint))
    draw.rounded_rectangle([84, 292, 428, 346], 16, fill=_ink(paint, 0.55))
    draw.line([(256, 12), (256, 296)], fill=_ink(paint, 0.6), width=5)
    for x in (112, 272):
        draw.rounded_rectangle([x, 46, x + 128, 142], 14, fill=(42, 54, 68))
        draw.polygon([(x + 14, 54), (x + 52, 54), (x + 26, 134), (x + 14, 134)], fill=(84, 102, 120))
    draw.rectangle([206, 302, 306, 330], fill=(232, 232, 222))
    for x in (90, 396):
        draw.rounded_rectangle([x, 190, x + 26, 270], 8, fill=(204, 22, 28))


_SKIN: tuple[Colour, ...] = ((226, 182, 150), (150, 104, 76), (96, 66, 50))


def draw_person(rng: np.random.Generator) -> ScenerySprite:
    """A pedestrian."""
    image = Image.new("RGBA", (128, 320), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)

    def cloth(low: int, high: int) -> Ink:
        grey = float(rng.integers(low, high))
        return _ink((grey + rng.normal(0, 28), grey + rng.normal(0, 24), grey + rng.normal(0, 28)))

    skin = _SKIN[int(rng.integers(len(_SKIN)))]
    trousers, coat, stride = cloth(30, 100), cloth(60, 190), float(rng.integers(6, 22))
    dark = _ink(coat, 0.8)
    for side in (-1, 1):
        knee, foot = 64 + side * stride * 0.7, 64 + side * stride
        draw.line([(64 + side * 7, 180), (knee, 248), (foot, 308)], fill=trousers, width=21, joint="curve")
        draw.ellipse([foot - 14, 298, foot + 16, 318], fill=(28, 26, 26))
    draw.line([(90, 88), (102, 140), (98 + stride / 2, 182)], fill=dark, width=15, joint="curve")
    draw.rounded_rectangle([37, 70, 91, 202], 22, fill=coat)
    draw.rounded_rectangle([70, 74, 91, 200], 16, fill=dark)
    draw.line([(40, 88), (27, 140), (31 - stride / 2, 182)], fill=coat, width=15, joint="curve")
    draw.rectangle([57, 58, 71, 76], fill=skin)
    draw.ellipse([45, 14, 83, 66], fill=skin)
    hair = _ink((rng.uniform(15, 110), rng.uniform(12, 70), rng.uniform(10, 50)))
    draw.pieslice([42, 6, 86, 62], 175, 365, fill=hair)
    if rng.random() < 0.4:
        draw.rounded_rectangle([84, 160, 112, 206], 6, fill=cloth(40, 160))
    return make_sprite(image.resize((64, 160), Image.Resampling.BOX), "person")


_ADVERTS: tuple[Colour, ...] = (
    RED, BLUE, YELLOW, WHITE, (30, 140, 80), (230, 120, 30), BLACK, (120, 60, 150), (240, 150, 170),
)  # fmt: skip


def draw_billboard(rng: np.random.Generator) -> ScenerySprite:
    """An advertisement with bright shapes in sign colours: a trap for a detector that goes by colour."""
    image = Image.new("RGBA", (256, 160), (58, 60, 62, 255))
    draw = ImageDraw.Draw(image)
    order = rng.permutation(len(_ADVERTS))
    draw.rectangle([7, 7, 248, 152], fill=_ADVERTS[order[0]])
    for shape in range(int(rng.integers(2, 5))):
        colour = _ADVERTS[order[1 + shape]]
        x, y, size = rng.uniform(36, 218), rng.uniform(34, 126), rng.uniform(14, 40)
        box = [x - size, y - size, x + size, y + size]
        match int(rng.integers(4)):
            case 0:
                draw.ellipse(box, fill=colour)
            case 1:
                draw.polygon([(x - size, y + size), (x + size, y + size), (x, y - size)], fill=colour)
            case 2:
                draw.rectangle(
                    [x - size * 1.5, y - size * 0.35, x + size * 1.5, y + size * 0.35], fill=colour
                )
            case _:
                draw.ellipse(box, outline=colour, width=8)
    for edge in ([0, 0, 255, 6], [0, 153, 255, 159], [0, 0, 6, 159], [249, 0, 255, 159]):
        draw.rectangle(edge, fill=(58, 60, 62))
    return make_sprite(image, "billboard")
