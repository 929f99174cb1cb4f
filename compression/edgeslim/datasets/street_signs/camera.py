"""Where things land in the picture: a pinhole camera in the street. Metres in, supersampled pixels out."""

from __future__ import annotations

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
