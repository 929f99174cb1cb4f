"""Validation images held out from selection.

Selecting the best of many files on some images favours those that were lucky there; held-out images show by how much."""

from __future__ import annotations

import hashlib

from edgeslim.datasets.base import Part, Split
from edgeslim.errors import DatasetError, Notice

HELD_OUT_SHARE = 0.25
MAX_HELD_OUT_SHARE = 0.9
MIN_HELD_OUT = 50
"""With fewer images the interval is too wide to show a selection bias."""
SEED = 0


def hold_out(split: Split, share: float, seed: int = SEED) -> tuple[Part, Part]:
    """The images for selection, and the held-out images.

    Each image is assigned by its id and `seed` alone: a held-out image stays held out when images are added, when
    only the first ones are taken, and at any larger share. The held-out part is therefore `share` only approximately.
    """
    drawn = [_uniform(split.image_id(index), seed) < share for index in range(len(split))]
    parts = [[index for index, out in enumerate(drawn) if out is side] for side in (False, True)]
    choosing, held_out = (
        Part(split, part, f"{name}, {share} held out by {seed}")
        for part, name in zip(parts, ("choosing", "held out"), strict=True)
    )
    return choosing, held_out


def choosing_part(split: Split, share: float | None) -> tuple[Split, Split | None, list[Notice]]:
    """Split off a held-out part if there are enough images: (images for selection, held-out images, notices).

    `share` None means a quarter, or nothing if that is fewer than MIN_HELD_OUT; 0 means none. Raises DatasetError
    (held_out_share) for a share outside 0–0.9, (held_out_empty) if one of the parts would have no image.
    """
    check_share(share)
    if share == 0:
        return split, None, []
    choosing, held_out = hold_out(split, HELD_OUT_SHARE if share is None else share)
    images, count = len(split), len(held_out)
    if share is None and count < MIN_HELD_OUT:
        return split, None, [Notice("held_out_too_few", count=images)]
    if not len(choosing) or not count:
        raise DatasetError("held_out_empty", images=images, count=count)
    if count >= MIN_HELD_OUT:
        return choosing, held_out, []
    return choosing, held_out, [Notice("held_out_small", count=count)]


def check_share(share: float | None) -> None:
    """Raise DatasetError if that share of the images cannot be held out."""
    if share is not None and not 0 <= share <= MAX_HELD_OUT_SHARE:
        raise DatasetError("held_out_share", value=share, high=MAX_HELD_OUT_SHARE)


def _uniform(image_id: str, seed: int) -> float:
    """A number in [0, 1) that depends on the image and the seed alone."""
    digest = hashlib.sha256(f"{seed}/{image_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
