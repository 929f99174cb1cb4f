"""Models that nobody should trust, by the door of `import-model`: it ends with a model or with an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile_models import CHANGES, hostile_model
from watching import FIRST

SEEDS = 220


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_model(seed: int, door, tmp_path: Path) -> None:
    file = tmp_path / "given" / "unknown.onnx"
    file.write_bytes(hostile_model(seed))
    code = door("import-model", file)
    assert len(list((tmp_path / "store").rglob("*.onnx"))) == (1 if code == 0 else 0)


def test_every_change_is_made() -> None:
    assert 4 * len(CHANGES) <= SEEDS
    assert hostile_model(7) == hostile_model(7)
    assert len({hostile_model(seed) for seed in range(SEEDS)}) == SEEDS
