"""A split for scoring."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.detections import Image, Target


class Targets:
    """A split of which only the truth is known."""

    fingerprint = "targets"

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets

    def __len__(self) -> int:
        return len(self._targets)

    def image(self, index: int) -> Image:
        raise AssertionError("scoring reads no images")

    def target(self, index: int) -> Target:
        return self._targets[index]

    def image_id(self, index: int) -> str:
        return str(index)
