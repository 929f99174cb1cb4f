"""What two files get wrong is computed once, and kept as it was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.analysis import compared
from edgeslim.artifacts.store import Store
from edgeslim.measurement.images import Images
from edgeslim.measurement.workload import open_images

SAMPLES = Path(__file__).parents[2] / "sample_models"


def test_a_comparison_is_made_once_and_read_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    work = open_images(Images("digits", most=60), "digits-cnn", store)
    files = (SAMPLES / "digits-cnn.onnx", SAMPLES / "digits-mlp.onnx")
    assert not compared.is_compared(work, files, 0.5, store)
    found = compared.compare_on(work, files, 0.5, store)
    assert found.mistakes is None and found.parts is not None
    assert found.parts.images == 60 and len(found.parts.classes) == 10
    right = [row.change.after for row in found.parts.classes if row.change.after is not None]
    assert 0.5 < sum(right) / len(right) < 1.0, "the smaller network errs, and not everywhere"

    assert compared.is_compared(work, files, 0.5, store)
    monkeypatch.setattr(compared, "_compare", lambda *_: pytest.fail("it is kept"))
    assert compared.compare_on(work, files, 0.5, store) == found
    assert not compared.is_compared(work, files, 0.6, store), "another score is another question"
    assert not compared.is_compared(work, files[::-1], 0.5, store)
