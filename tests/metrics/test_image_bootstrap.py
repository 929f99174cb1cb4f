from __future__ import annotations

import numpy as np
import pytest
from scenes import random_scenes

from edgeslim.metrics.bootstrap import interval, resample_weights
from edgeslim.metrics.detection import resampled_map
from edgeslim.metrics.matching import match


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
    assert interval(np.array([np.nan, 2.0, 2.0])) == (2.0, 2.0)
    assert interval(np.array([np.nan])) is None


def test_interval_of_a_mean_has_the_known_width() -> None:
    """Of 400 fair coins: ± 1.96 · 0.5 / 20."""
    values = np.arange(400) % 2
    spread = interval(values @ resample_weights(400) / 400)
    assert spread == pytest.approx([0.451, 0.549], abs=0.006)


def test_no_images() -> None:
    assert resample_weights(0, 5).shape == (0, 5)


def test_bias_of_the_resamples_is_taken_out_of_the_interval() -> None:
    """Resamples one deviation above the figure: the interval moves down to one below it, and keeps its width."""
    resamples = np.random.default_rng(0).normal(0.51, 0.01, 20_000)
    assert interval(resamples) == pytest.approx([0.4904, 0.5296], abs=0.001)
    assert interval(resamples, 0.50) == pytest.approx([0.4704, 0.5096], abs=0.002)
    assert interval(resamples, 0.51) == pytest.approx([0.4904, 0.5296], abs=0.001)


def test_an_interval_holds_its_figure_even_beyond_all_resamples() -> None:
    low, high = interval(np.linspace(0.6, 0.7, 101), 0.5) or (0, 0)
    assert low == 0.5 and high <= 0.61


def test_equal_values_are_no_bias_whatever_their_rounding() -> None:
    """Half of the resamples equal the figure up to the last bit, a quarter lies on either side."""
    values = np.repeat([0.1, 0.3 - 1e-16, 0.3 + 1e-16, 0.5], 25)
    assert interval(values, 0.3) == interval(values)


def test_intervals_of_map_hold_the_truth_where_percentiles_miss_it() -> None:
    """The truth is the mAP of 240 scenes; 60 studies see 50 of them each."""
    matches = match(*random_scenes(11, 240, 3, 12, ties=False), 3)
    truth = resampled_map(matches, np.ones((240, 1), np.int64))[0]
    rng, held, missed = np.random.default_rng(0), 0, 0
    for _ in range(60):
        seen = rng.integers(0, 240, 50)
        weights = np.stack(
            [np.bincount(seen[rng.integers(0, 50, 50)], minlength=240) for _ in range(200)], axis=1
        )
        value = resampled_map(matches, np.bincount(seen, minlength=240)[:, None])[0]
        resamples = resampled_map(matches, weights)
        for bounds, corrected in ((interval(resamples, value), True), (interval(resamples), False)):
            assert bounds is not None
            inside = bounds[0] <= truth <= bounds[1]
            held, missed = held + (inside and corrected), missed + (not inside and not corrected)
    assert held >= 54
    assert missed >= 9
