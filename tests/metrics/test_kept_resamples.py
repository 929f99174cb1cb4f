"""Resamples in the store come back as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.metrics import resamples
from edgeslim.metrics.bootstrap import HELD_OUT_SEED, Resampled, resample_weights, resampled_mean


def test_a_figure_is_kept_to_the_last_bit(tmp_path: Path) -> None:
    store, values = Store(tmp_path), np.random.default_rng(0).normal(0.7, 0.01, 1000)
    values[3] = np.nan
    key = resamples.key_of("mAP", "file", None)
    assert resamples.load(store, key) is None
    resamples.keep(store, key, Resampled(0.1 + 0.2, values, 300))
    found = resamples.load(store, key)
    assert found is not None
    assert (found.value, found.images) == (0.1 + 0.2, 300)
    np.testing.assert_array_equal(found.resamples, values)
    assert (tmp_path / "resamples" / f"{key}.npy").stat().st_size < 8200


def test_keys_depend_on_all_that_decides() -> None:
    keys = {resamples.key_of(*made) for made in (("a", "b"), ("a", None), ("b", "a"), (["a", "b"],))}
    assert len(keys) == 4


def test_figures_of_other_images_vary_independently() -> None:
    """The error of the difference of two independent means is the root of the sum of their squares."""
    rng = np.random.default_rng(1)
    one, two = rng.normal(0, 1, 400), rng.normal(0, 2, 400)
    chosen, held = resampled_mean(one), resampled_mean(two, HELD_OUT_SEED)
    spread = float(np.std((chosen - held).resamples))
    assert spread == pytest.approx(np.sqrt(1 / 400 + 4 / 400), rel=0.08)
    assert abs(np.corrcoef(chosen.resamples, held.resamples)[0, 1]) < 0.1
    assert (resample_weights(50, 20) != resample_weights(50, 20, seed=HELD_OUT_SEED)).any()
