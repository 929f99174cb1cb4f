"""A step for tests that does what it is told to, known in this process and in those started meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import PIL.Image
import pytest

from edgeslim.registry import Registry

IN_PROCESSES = Path(__file__).parent / "jobs" / "in_processes"
T = TypeVar("T")


@contextmanager
def registered(registry: Registry[T], item: T) -> Iterator[None]:
    """`item` is known by its name meanwhile."""
    registry.add(item)
    try:
        yield
    finally:
        del registry._items[item.name]  # type: ignore[attr-defined]


@contextmanager
def acting(folder: Path) -> Iterator[Path]:
    """Recipes may have the step 'act'; yields the file in which it writes down that it ran.

    The machine's locks lie in `folder`: as if nobody else measured or computed.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(IN_PROCESSES))
        patch.setenv("PYTHONPATH", str(IN_PROCESSES))
        patch.setenv("TMPDIR", str(folder))
        patch.setattr("tempfile.tempdir", str(folder))
        from steps_for_tests import LOG, Act

        from edgeslim.steps import STEPS

        patch.setenv(LOG, str(folder / "ran.txt"))
        with registered(STEPS, Act):
            yield folder / "ran.txt"
        sys.modules.pop("steps_for_tests", None)


def pictures(folder: Path, count: int = 12) -> Path:
    """Noise of 8 × 8 pixels, without labels: opened faster than the digits."""
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), np.uint8)
    for index, pixels in enumerate(noise[:count]):
        PIL.Image.fromarray(pixels).save(folder / f"{index:02}.png")
    return folder
