"""Training and validation images of a dataset that declares neither.

An image's part follows from its file's name and the seed alone, on every machine and for good: what was validated on is
not trained on later, and images that are added do not move the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST = 20
"""With fewer images all are for validation."""
SHARE, ENOUGH = 0.2, 50
"""Share of the images for validation; more, up to half, of a dataset that would have fewer than ENOUGH of them."""
SEED = 0


@dataclass(frozen=True, slots=True)
class Division:
    """Indices of the images of each part, in their order."""

    seed: int
    taught: tuple[int, ...]
    validation: tuple[int, ...]


def division(names: Sequence[str], seed: int = SEED) -> Division | None:
    """Divide images by the names of their files, which need not differ; None if there are too few.

    The share for validation does not rise with the number of images.
    """
    if len(names) < FEWEST:
        return None
    share = max(SHARE, min(0.5, ENOUGH / len(names)))
    apart = [_uniform(name, seed) < share for name in names]
    parts = [tuple(place for place, out in enumerate(apart) if out is side) for side in (False, True)]
    return Division(seed, *parts) if all(parts) else None


def _uniform(name: str, seed: int) -> float:
    """A number in [0, 1)."""
    digest = hashlib.sha256(f"division/{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
