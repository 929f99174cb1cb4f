"""Everything drawn once per process and shared by all scenes. Fixed seed: every process draws the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgeslim.datasets.street_signs.classes import CLASSES, DISTRACTORS
from edgeslim.datasets.street_signs.scenery import (
    CAR_KINDS,
    ScenerySprite,
    draw_billboard,
    draw_car,
    draw_person,
    draw_tree,
)
from edgeslim.datasets.street_signs.sprites import SignSprite, draw_sign

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
