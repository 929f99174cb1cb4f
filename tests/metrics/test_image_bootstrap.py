from __future__ import annotations

import numpy as np
import pytest

from compression.metrics.bootstrap import interval, resample_weights


def test_every_resample_draws_as_many_images_as_there_are() -> None:
    weights = resample_weights(30, 500)
    assert weights.shape == (30, 500)
    assert (weights.sum(axis=0) == 30).all()
    # An image is left out of a resample with probability (1 - 1/30)^30 = 0.3617.
    assert np.mean(weights == 0) == pytest.approx(0.3617, abs=0.01)


def test_equal_seeds_draw_equally_and_others_do_not() -> None:
    assert (resample_weights(20, 50) == resample_weights(20, 50)).all()
    assert (resample_weights(20, 50, seed=1) != resample_weights(20, 50, seed=2)).any()


def test_interval_is_the_central_95_percent() -> None:
    assert interval(np.arange(1001.0)) == pytest.approx([25.0, 975.0])


def test_interval_leaves_out_what_is_unknown() -> None:
    assert interval(np.array([np.nan, 2.0, 2.0])) == [2.0, 2.0]
    assert interval(np.array([np.nan])) is None


def test_interval_of_a_mean_has_the_known_width() -> None:
    """Of 400 fair coins: ± 1.96 · 0.5 / 20."""
    values = np.arange(400) % 2
    spread = interval(values @ resample_weights(400) / 400)
    assert spread == pytest.approx([0.451, 0.549], abs=0.006)


def test_no_images() -> None:
    assert resample_weights(0, 5).shape == (0, 5)
